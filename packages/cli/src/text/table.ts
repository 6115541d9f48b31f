import { commandIo } from '../io/command-io.js';
import { clip, pad, shorten, textWidth } from './width.js';

const GAP = '  ';
/** Texts are not cut to less: the end of the line is. */
const LEAST_COLUMNS = 8;

/**
 * Lines of cells in columns, two blanks between them. Texts that do not fit the width are cut in their middle, the
 * longest ones first; numbers are not.
 * @param rightAligned how many columns, from the left, hold numbers
 * @param width most columns of a line; by default those of the terminal, and no bound where standard output is none
 */
export function formatTable(
  rows: readonly (readonly string[])[],
  rightAligned: number,
  width: number = terminalColumns(),
): string {
  const widths = fitted(columnWidths(rows), rightAligned, width);
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) => {
      const columns = widths[column]!;
      return pad(shorten(cell, columns), columns, column < rightAligned ? 'before' : 'behind');
    });
    return clip(cells.join(GAP).trimEnd(), width);
  });
  return `${lines.join('\n')}\n`;
}

/** A line of text as it fits the terminal; as it is where standard output is none. */
export function fitLine(text: string): string {
  return clip(text, terminalColumns());
}

/** A sentence in lines that fit the terminal, broken between words; one line where standard output is none. */
export function wrapLine(text: string): string {
  const columns = terminalColumns();
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer) > columns) {
      lines.push(clip(line, columns));
      line = word;
    } else line = longer;
  }
  return [...lines, clip(line, columns)].join('\n');
}

function terminalColumns(): number {
  return commandIo().columns || Number.POSITIVE_INFINITY;
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, textWidth(cell));
    });
  }
  return widths;
}

/** The widths, those of texts cut to one bound so that all fit. */
function fitted(widths: readonly number[], rightAligned: number, width: number): readonly number[] {
  const numbers = widths.slice(0, rightAligned);
  const texts = widths.slice(rightAligned);
  const gaps = GAP.length * (widths.length - 1);
  let left = width - gaps - numbers.reduce((sum, each) => sum + each, 0);
  if (texts.reduce((sum, each) => sum + each, 0) <= left) return widths;
  // The shortest ones keep what they need; the others share the rest.
  let bound = 0;
  const ascending = texts.toSorted((a, b) => a - b);
  ascending.forEach((each, at) => {
    bound = Math.max(LEAST_COLUMNS, Math.floor(left / (ascending.length - at)));
    left -= Math.min(each, bound);
  });
  return [...numbers, ...texts.map((each) => Math.min(each, bound))];
}
