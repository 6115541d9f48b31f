/** What the end of a program says about its source map. */
export type MapComment =
  /** The `sourceMappingURL`, as it is written. */
  | { readonly url: string }
  /** The text begins within what may be a long `data:` URL: more of the program is needed. */
  | 'cut'
  | 'none';

const KEY = 'sourceMappingURL=';
/** The whole of a line from the comment on. V8 takes no URL with quotes or spaces in it. */
const COMMENT = /^\/[/*][#@][ \t]+sourceMappingURL=([^\s'"`]+?)[ \t]*(?:\*\/)?[ \t]*$/;
/** All that the data in a `data:` URL is made of, in base64 or percent-encoded. A program also has spaces, commas … */
const URL_DATA = /^[\w+/=%.~!*'()-]*$/;
/** The comment up to the data of its URL is shorter. It may be cut, too, so so much of a text is not looked at. */
const MAX_COMMENT_HEAD = 160;
const MAX_TRIES = 20;

/**
 * Finds the comment that names a program's source map, in the program's last characters. Only comments at
 * its very end count, with nothing but comments after them: an earlier one was left over by a bundler, or is
 * part of a string.
 *
 * @param whole whether the text is the whole program
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
  // `//# ` and as many blanks as anybody may have put there.
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
