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
