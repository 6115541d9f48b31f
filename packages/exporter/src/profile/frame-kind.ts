import type { ProfileFrame } from './types.js';

/** How other tools spell a missing name; in a {@link ProfileFrame} it is the empty string, and only that. */
export const ANONYMOUS = '(anonymous)';

/**
 * Whether a frame belongs to the runtime and not to anybody's program: Node's
 * own `node:` modules, and what has a name but no file: native functions such as
 * `split`, and the names in parentheses that V8 gives where there is no
 * JavaScript, such as `(V8 API)` or `(GC)`.
 */
export function isRuntimeFrame(frame: ProfileFrame): boolean {
  if (frame.file !== '') return frame.file.startsWith('node:');
  return frame.functionName !== '';
}

/**
 * The call site of a stack: its innermost frame that has a file and is not of
 * the runtime; where there is none, its innermost one without name and file,
 * which is evaluated code, else its leaf. Undefined for an empty stack.
 * @param frames leaf first, as {@link Profile.frames} gives them
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

/** A name to show: an anonymous function is called by where it starts, `(anonymous server.js:12:5)`. */
export function displayName(frame: ProfileFrame): string {
  if (frame.functionName !== '') return frame.functionName;
  const name = frame.file.slice(Math.max(frame.file.lastIndexOf('/'), frame.file.lastIndexOf('\\')) + 1);
  const place = [name, frame.line || '', frame.column || ''].filter((part) => part !== '').join(':');
  return place === '' ? ANONYMOUS : `(anonymous ${place})`;
}
