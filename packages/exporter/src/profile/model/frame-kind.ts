import type { ProfileFrame } from './types.js';

/** Name of an anonymous function in other tools. A {@link ProfileFrame} has the empty string instead. */
export const ANONYMOUS = '(anonymous)';

/**
 * Returns whether a frame belongs to the runtime and not to the program. These are Node's own `node:` modules, and
 * frames with a name but no file: native functions such as `split`, and V8's names for states without JavaScript, such
 * as `(V8 API)` or `(GC)`.
 */
export function isRuntimeFrame(frame: ProfileFrame): boolean {
  if (frame.file !== '') return frame.file.startsWith('node:');
  return frame.functionName !== '';
}

/**
 * Returns the call site of a stack: its innermost frame that has a file and is not of the runtime. Without such a
 * frame, it is the innermost one without name and file, which is evaluated code. Otherwise it is the leaf. Undefined
 * for an empty stack.
 *
 * @param frames leaf first, as {@link Profile.frames} returns them
 */
export function callSite(frames: Iterable<ProfileFrame>): ProfileFrame | undefined {
  let leaf: ProfileFrame | undefined;
  let evaluated: ProfileFrame | undefined;
  for (const frame of frames) {
    leaf ??= frame;
    if (isRuntimeFrame(frame)) continue;
    if (frame.file !== '') return frame;
    evaluated ??= frame;
  }
  return evaluated ?? leaf;
}

/** Returns the name to display. An anonymous function is named by where it starts: `(anonymous server.js:12:5)`. */
export function displayName(frame: ProfileFrame): string {
  if (frame.functionName !== '') return frame.functionName;
  const name = frame.file.slice(Math.max(frame.file.lastIndexOf('/'), frame.file.lastIndexOf('\\')) + 1);
  const place = [name, frame.line || '', frame.column || ''].filter((part) => part !== '').join(':');
  return place === '' ? ANONYMOUS : `(anonymous ${place})`;
}
