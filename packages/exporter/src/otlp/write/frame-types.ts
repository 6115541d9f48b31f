import type { ProfileFrame } from '../../profile/index.js';
import { meaningOfPseudoFrame } from '../../profile/model/pseudo-frames.js';

/** Values of `profile.frame.type`. */
export type FrameType = 'v8js' | 'cpython' | 'native';

const PYTHON = /\.py[cwix]?$|^<frozen /;
const JAVASCRIPT = /\.[cm]?[jt]sx?$|^node:/;

/**
 * Returns the kind of each frame of a profile; undefined if it is unknown, or the frame is not a function. Functions
 * whose file does not show the language have that of the others.
 */
export function frameTypes(frames: readonly ProfileFrame[]): readonly (FrameType | undefined)[] {
  const byFile = new Map<string, FrameType | undefined>([['', undefined]]);
  const types = frames.map(({ file, native }) => {
    if (native !== undefined) return 'native';
    if (!byFile.has(file)) byFile.set(file, typeOfFile(file));
    return byFile.get(file);
  });
  const language = types.find((type) => type !== undefined && type !== 'native');
  return types.map((type, at) => type ?? (isFunction(frames[at]!) ? language : undefined));
}

function typeOfFile(file: string): FrameType | undefined {
  if (PYTHON.test(file)) return 'cpython';
  return JAVASCRIPT.test(file) ? 'v8js' : undefined;
}

function isFunction({ file, functionName }: ProfileFrame): boolean {
  return file !== '' || !(meaningOfPseudoFrame(functionName) !== undefined || functionName.startsWith('0x'));
}
