import { commandIo } from '../io/current-io.js';
import { clip, pad, shorten, textWidth } from '../text/width.js';

const GAP = '  ';
/** Minimum width to which text columns are shortened. Beyond that, the line is cut at its end. */
const LEAST_COLUMNS = 8;

/**
 * Formats rows as a table, with two spaces between columns. Text that does not fit is shortened in its middle, the
 * longest columns first; numbers are not.
 *
 * @param rightAligned number of columns, from the left, that contain numbers
 * @param width maximum width of a line. Default: that of the terminal, or no limit if standard output is not a terminal
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

/** Cuts a line to the width of the terminal. Unchanged if standard output is not a terminal. */
export function fitLine(text: string): string {
  return clip(text, terminalColumns());
}

/** Wraps a sentence to the width of the terminal. One line if standard output is not a terminal. */
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

/** Returns the widths, with text columns limited to one maximum so that all fit. */
function fitted(widths: readonly number[], rightAligned: number, width: number): readonly number[] {
  const numbers = widths.slice(0, rightAligned);
  const texts = widths.slice(rightAligned);
  const gaps = GAP.length * (widths.length - 1);
  let left = width - gaps - numbers.reduce((sum, each) => sum + each, 0);
  if (texts.reduce((sum, each) => sum + each, 0) <= left) return widths;
  // The narrowest columns keep their width; the others share the rest.
  let bound = 0;
  const ascending = texts.toSorted((a, b) => a - b);
  ascending.forEach((each, at) => {
    bound = Math.max(LEAST_COLUMNS, Math.floor(left / (ascending.length - at)));
    left -= Math.min(each, bound);
  });
  return [...numbers, ...texts.map((each) => Math.min(each, bound))];
}
