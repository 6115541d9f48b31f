import path from 'node:path';
import type { Frame } from '../ledger/call-tree.js';

/**
 * What kind of code a frame is:
 * - `file`: a function in a file
 * - `runtime`: a function of Node's own modules
 * - `native`: a built-in function such as `Array.prototype.push`
 * - `pseudo`: V8's stand-in for a stack without JavaScript, e.g. `(GC)`
 * - `evaluated`: from `eval`, `new Function`, `vm` without a file name, or a `data:` URL
 * - `wasm`: WebAssembly
 */
export type FrameKind = 'file' | 'runtime' | 'native' | 'pseudo' | 'evaluated' | 'wasm';

/** The name of a function that has none. */
export const ANONYMOUS = '(anonymous)';
/** Stands for the file of evaluated code, which has none. */
const EVALUATED = '(eval)';
/** Node's own names for code without a file: `[eval]` of `node -e`, `evalmachine.<anonymous>` of `vm`. */
const EVALUATED_FILE = /^(?:data:|blob:|\[[\w .-]+\]|evalmachine\.<anonymous>)/;

/** Which kind of code a frame is. */
export function frameKind({ functionName, file, line, scriptId }: Frame): FrameKind {
  if (file === '') {
    // Built-in functions have a name, no position, and 0 for a script. Of `new Function` Node 22 and 24 do not
    // tell a position either.
    const ofScript = scriptId !== '' && scriptId !== '0';
    if (functionName === ANONYMOUS || line > 0 || ofScript) return 'evaluated';
    return functionName.startsWith('(') ? 'pseudo' : 'native';
  }
  if (file.startsWith('node:')) return 'runtime';
  if (file.startsWith('wasm:')) return 'wasm';
  return EVALUATED_FILE.test(file) ? 'evaluated' : 'file';
}

/**
 * A name by which people find a function: V8's own where there is one, else `(anonymous) file:line:column`
 * with the position where the function starts; `(module) file` for code outside of all functions. Evaluated
 * functions are `name (eval)` or `(anonymous) (eval):line:column`.
 *
 * @param baseFolder files below it are named relative to it, e.g. the working folder
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

/** Whether a frame is the code of a file outside of all functions. V8 says that it starts where the file does. */
export function isModuleCode({ functionName, line, column }: Frame): boolean {
  return functionName === ANONYMOUS && line === 1 && column === 1;
}

/**
 * A file's path as far as people need it: from the innermost package folder on, or relative to the base
 * folder, or as it is.
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
