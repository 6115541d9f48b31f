/** The source map comment at the end of a program. */
export type MapComment =
  /** The `sourceMappingURL` as written. */
  | { readonly url: string }
  /** The text starts inside what may be a long `data:` URL: more of the program is needed. */
  | 'cut'
  | 'none';

const KEY = 'sourceMappingURL=';
/** Matches a line from the comment on. V8 accepts no URL with quotes or spaces. */
const COMMENT = /^\/[/*][#@][ \t]+sourceMappingURL=([^\s'"`]+?)[ \t]*(?:\*\/)?[ \t]*$/;
/**
 * Matches the data in a `data:` URL, in base64 or percent-encoded. A program also has spaces, commas and the
 * like.
 */
const URL_DATA = /^[\w+/=%.~!*'()-]*$/;
/**
 * Maximum length of the comment before its URL's data, in characters. A cut text may start inside that part,
 * so this much of it is not checked.
 */
const MAX_COMMENT_HEAD = 160;
const MAX_TRIES = 20;

/**
 * Finds the comment that names a program's source map in the program's last characters. Only a comment at the
 * very end counts, with nothing but comments after it. An earlier one is left over by a bundler, or is part
 * of a string.
 *
 * @param whole true if the text is the whole program
 */
export function findMapComment(text: string, whole: boolean): MapComment {
  let before = text.length;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const at = before <= 0 ? -1 : text.lastIndexOf(KEY, before - 1);
    if (at < 0) break;
    const url = urlAt(text, at);
    if (url !== undefined) return onlyComments(text.slice(lineEnd(text, at))) ? { url } : 'none';
    before = at;
  }
  return !whole && mayBeCut(text) ? 'cut' : 'none';
}

function urlAt(text: string, key: number): string | undefined {
  const start = Math.max(text.lastIndexOf('//', key), text.lastIndexOf('/*', key));
  // Allow `//# ` with some additional blanks.
  if (start < 0 || key - start > 32) return undefined;
  return COMMENT.exec(text.slice(start, lineEnd(text, key)))?.[1];
}

function lineEnd(text: string, from: number): number {
  const match = /[\n\r\u2028\u2029]/g;
  match.lastIndex = from;
  return match.exec(text)?.index ?? text.length;
}

function onlyComments(rest: string): boolean {
  return rest.split(/[\n\r\u2028\u2029]/).every((line) => {
    const code = line.trim();
    return (
      code === '' ||
      code.startsWith('//') ||
      (code.startsWith('/*') && code.indexOf('*/') === code.length - 2)
    );
  });
}

function mayBeCut(text: string): boolean {
  const end = text.trimEnd();
  return end.length > MAX_COMMENT_HEAD && URL_DATA.test(end.slice(MAX_COMMENT_HEAD));
}
