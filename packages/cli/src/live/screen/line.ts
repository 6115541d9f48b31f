import { printable } from '../../text/printable.js';
import { clip, textWidth } from '../../text/width.js';

/** How text is shown. Colours are left out if they are not wanted, so no style may be the only sign of anything. */
export type Style = 'bold' | 'dim' | 'reverse' | 'red' | 'green' | 'yellow' | 'cyan';

export interface Segment {
  readonly text: string;
  readonly style?: Style | undefined;
}

/** A line of the screen. */
export interface Line {
  readonly segments: readonly Segment[];
  /** Style of the whole line, up to the end of the screen. */
  readonly style?: Style | undefined;
}

/** Codes of ECMA-48 that start and end a style. */
const CODES: Readonly<Record<Style, readonly [start: number, end: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  reverse: [7, 27],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};
const COLOURS: ReadonlySet<Style> = new Set(['red', 'green', 'yellow', 'cyan']);

export function line(...segments: readonly (string | Segment)[]): Line {
  return { segments: segments.map((each) => (typeof each === 'string' ? { text: each } : each)) };
}

export function styled(text: string, style: Style | undefined): Segment {
  return { text, style };
}

/** Returns the text of a line, without styles, of at most this width. */
export function textOf({ segments }: Line, columns: number): string {
  return clip(segments.map(({ text }) => printable(text)).join(''), columns);
}

/** Returns a line for a terminal, of at most this width. Control characters in its text are escaped. */
export function paint({ segments, style }: Line, columns: number, hasColours: boolean): string {
  let left = columns;
  let painted = '';
  for (const segment of segments) {
    const text = clip(printable(segment.text), left);
    left -= textWidth(text);
    painted += withStyle(text, segment.style, hasColours);
    if (left <= 0) break;
  }
  if (style === undefined) return painted;
  return withStyle(painted + ' '.repeat(Math.max(0, left)), style, hasColours);
}

function withStyle(text: string, style: Style | undefined, hasColours: boolean): string {
  if (style === undefined || text === '' || (COLOURS.has(style) && !hasColours)) return text;
  const [start, end] = CODES[style];
  return `\u001b[${start}m${text}\u001b[${end}m`;
}
