/** Code points that take two columns: East Asian Wide and Fullwidth of Unicode 16, except emoji. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6b],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff],
  [0x1aff0, 0x1b2fb],
  [0x1d300, 0x1d376],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd],
];
const PLAIN = /^[\u0020-\u007e]*$/;
const EMOJI = /\p{Emoji_Presentation}|\ufe0f/u;
const MARK = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u;
const ELLIPSIS = '…';
/**
 * Maximum length of a text to measure: no terminal is that wide, and measuring takes a thousand times as long as
 * printing.
 */
const MAX_MEASURED = 2 ** 12;
/** Maximum number of code units of a character that is kept whole. */
const MAX_UNITS = 32;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Returns the number of columns that a text takes on a terminal; approximate for very long texts. */
export function textWidth(text: string): number {
  if (text.length > MAX_MEASURED || PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** Cuts the text at its end to at most `columns`, between characters. */
export function clip(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  return `${start(text, columns - 1)}${columns > 0 ? ELLIPSIS : ''}`;
}

/** Shortens the text in its middle to at most `columns`: both ends of names and paths are informative. */
export function shorten(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  if (columns < 4) return clip(text, columns);
  const head = start(text, Math.floor((columns - 1) / 2));
  return `${head}${ELLIPSIS}${end(text, columns - 1 - textWidth(head))}`;
}

/** Pads the text with spaces to this width. */
export function pad(text: string, columns: number, side: 'before' | 'behind'): string {
  const blanks = ' '.repeat(Math.max(0, columns - textWidth(text)));
  return side === 'before' ? blanks + text : text + blanks;
}

/** Returns the longest start that fits. Examines no more of the text than that. */
function start(text: string, columns: number): string {
  let left = columns;
  let taken = '';
  for (const { segment } of graphemes.segment(text)) {
    left -= graphemeWidth(segment);
    if (left < 0) break;
    taken += segment;
  }
  return taken;
}

function end(text: string, columns: number): string {
  let left = columns;
  let taken = '';
  const tail = text.slice(-MAX_UNITS * (columns + 1));
  for (const { segment } of [...graphemes.segment(tail)].reverse()) {
    left -= graphemeWidth(segment);
    if (left < 0) break;
    taken = segment + taken;
  }
  return taken;
}

function graphemeWidth(grapheme: string): number {
  if (EMOJI.test(grapheme)) return 2;
  if (MARK.test(grapheme)) return 0;
  const point = grapheme.codePointAt(0)!;
  return WIDE.some(([first, last]) => point >= first && point <= last) ? 2 : 1;
}
