/*
 * Text as Python sees it. Airflow's rules are Python's, and Python's white space is not JavaScript's: strip() takes
 * U+001C to U+001F and U+0085 but leaves U+FEFF alone, and trim() does the reverse.
 */

/** Maximum length of a value in a message, in characters. */
const MAX_SHOWN = 200;

const SPACES = new Set([0x20, 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000]);
for (let code = 0x09; code <= 0x0d; code++) SPACES.add(code);
for (let code = 0x1c; code <= 0x1f; code++) SPACES.add(code);
for (let code = 0x2000; code <= 0x200a; code++) SPACES.add(code);

/** Returns the number of white space characters at the start of `text`. */
export function indentOf(text: string): number {
  let start = 0;
  while (start < text.length && SPACES.has(text.charCodeAt(start))) start++;
  return start;
}

/** Returns `text` without trailing white space. */
export function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && SPACES.has(text.charCodeAt(end - 1))) end--;
  return text.slice(0, end);
}

/** Returns `text` without leading and trailing white space. */
export function strip(text: string): string {
  return stripEnd(text.slice(indentOf(text)));
}

/** Returns true for a character that would break or garble a log line. */
function isUnprintable(code: number): boolean {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029;
}

/** Formats a value for a message: on one line, cut when long; printable characters stay as written. */
export function printable(value: unknown): string {
  let shown = '';
  for (const char of describe(value)) {
    if (shown.length >= MAX_SHOWN) return `${shown}…`;
    const code = char.charCodeAt(0);
    shown += isUnprintable(code) ? `\\u${code.toString(16).padStart(4, '0')}` : char;
  }
  return shown;
}

/** Matches a value whose lines below the first may be other keys, indented by mistake, such as a token. */
const SWALLOWS_KEYS = /\n[^=:\n]*[=:]/;

/** Formats a value like `printable`, in single quotes. Leaves out values that may contain other settings. */
export function quote(value: unknown): string {
  const isSecret = typeof value === 'string' && SWALLOWS_KEYS.test(value);
  return isSecret ? "'(several lines)'" : `'${printable(value)}'`;
}

/** Converts any value to text; never throws. */
function describe(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    return JSON.stringify(value) ?? typeof value;
  } catch {
    return typeof value;
  }
}
