import { markdownCode, markdownText } from '../text/markdown.js';
import { printable } from '../text/printable.js';
import { pseudoFrames } from './pseudo-frame-notes.js';

/** How a column is shown: text aligned to a side, or code, for names from a file. */
export type MarkdownColumn = 'right' | 'left' | 'code';

export interface MarkdownTable {
  /** A heading above the table, one level below that of the report. */
  readonly title?: string;
  readonly head: readonly string[];
  readonly columns: readonly MarkdownColumn[];
  readonly rows: readonly (readonly string[])[];
}

export interface MarkdownReport {
  /** Markdown of the heading. */
  readonly title: string;
  readonly tables: readonly MarkdownTable[];
  /** Markdown of each note. */
  readonly notes: readonly string[];
}

/** Formats a report for issues and chats: a heading, tables, and notes as a list. */
export function* markdownReport({ title, tables, notes }: MarkdownReport): Generator<string> {
  yield `### ${title}\n`;
  for (const table of tables) yield* tableText(table);
  if (notes.length > 0) yield `\n${notes.map((note) => `- ${note}\n`).join('')}`;
}

function* tableText({ title, head, columns, rows }: MarkdownTable): Generator<string> {
  if (title !== undefined) yield `\n#### ${markdownText(title)}\n`;
  const rule = columns.map((column) => (column === 'right' ? '---:' : '---'));
  yield `\n${line(head.map(markdownText))}${line(rule)}`;
  for (const row of rows) {
    yield line(
      row.map((cell, at) => (columns[at] === 'code' ? markdownCode : markdownText)(printable(cell))),
    );
  }
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

/** Returns a note with the names of the files that were read. */
export function filesNote(
  files: readonly string[],
  label: string = files.length > 1 ? 'Files' : 'File',
): string[] {
  return [`${label}: ${files.map((file) => markdownCode(printable(file))).join(', ')}`];
}

/** Returns a note for each row that is not a function, such as `(V8 API)`. */
export function pseudoFrameItems(rows: Parameters<typeof pseudoFrames>[0]): string[] {
  return pseudoFrames(rows).map(({ name, meaning }) => `${markdownCode(name)}: ${markdownText(meaning)}`);
}
