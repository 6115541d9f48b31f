import path from 'node:path';
import type { Frame } from '../ledger/state/call-tree.js';

/**
 * Kind of code that a frame belongs to:
 * - `file`: a function in a file
 * - `runtime`: a function of Node's own modules
 * - `native`: a built-in function such as `Array.prototype.push`
 * - `pseudo`: V8's stand-in for a stack without JavaScript, e.g. `(GC)`
 * - `evaluated`: from `eval`, `new Function`, `vm` without a file name, or a `data:` URL
 * - `wasm`: WebAssembly
 */
export type FrameKind = 'file' | 'runtime' | 'native' | 'pseudo' | 'evaluated' | 'wasm';

/** Name shown for a function without a name. */
export const ANONYMOUS = '(anonymous)';
/** Shown as the file of evaluated code, which has none. */
const EVALUATED = '(eval)';
/** Node's names for code without a file: `[eval]` of `node -e`, `evalmachine.<anonymous>` of `vm`. */
const EVALUATED_FILE = /^(?:data:|blob:|\[[\w .-]+\]|evalmachine\.<anonymous>)/;

/** Returns the kind of code that a frame belongs to. */
export function frameKind({ functionName, file, line, scriptId }: Frame): FrameKind {
  if (file === '') {
    // Built-in functions have a name, no position, and script 0. For `new Function`, Node 22 and 24 give no
    // position either.
    const ofScript = scriptId !== '' && scriptId !== '0';
    if (functionName === ANONYMOUS || line > 0 || ofScript) return 'evaluated';
    return functionName.startsWith('(') ? 'pseudo' : 'native';
  }
  if (file.startsWith('node:')) return 'runtime';
  if (file.startsWith('wasm:')) return 'wasm';
  return EVALUATED_FILE.test(file) ? 'evaluated' : 'file';
}

/**
 * Returns a display name for a function: V8's name if it has one, else `(anonymous) file:line:column` with
 * the start of the function; `(module) file` for code outside all functions. Evaluated functions are `name
 * (eval)` or `(anonymous) (eval):line:column`.
 *
 * @param baseFolder files in it are named relative to it, e.g. the working folder
 */
export function displayName(frame: Frame, baseFolder?: string): string {
  const kind = frameKind(frame);
  const { functionName } = frame;
  if (kind === 'evaluated') {
    return functionName === ANONYMOUS
      ? `${ANONYMOUS} ${EVALUATED}${positionOf(frame)}`
      : `${functionName} ${EVALUATED}`;
  }
  if (functionName !== ANONYMOUS) return functionName;
  const file = shortPath(frame.file, baseFolder);
  return isModuleCode(frame) ? `(module) ${file}` : `${ANONYMOUS} ${file}${positionOf(frame)}`;
}

/** Returns true for a file's code outside all functions, which V8 reports at the start of the file. */
export function isModuleCode({ functionName, line, column }: Frame): boolean {
  return functionName === ANONYMOUS && line === 1 && column === 1;
}

/**
 * Shortens a file's path for display: from the innermost package folder on, or relative to the base folder,
 * or unchanged.
 */
export function shortPath(file: string, baseFolder?: string): string {
  const installed = /.*[\\/]node_modules[\\/](?!\.)(.+)$/.exec(file);
  if (installed?.[1]) return installed[1];
  if (!baseFolder || !path.isAbsolute(file)) return file;
  const relative = path.relative(baseFolder, file);
  const isBelow = relative !== '' && !/^\.\.(?:[\\/]|$)/.test(relative) && !path.isAbsolute(relative);
  return isBelow ? relative : file;
}

function positionOf({ line, column }: Frame): string {
  return line > 0 ? `:${line}:${column}` : '';
}
