import { meaningOfPseudoFrame } from '@heapray/exporter/profile';
import { wrapLine } from './table.js';

/**
 * Returns explanations for names of rows that are not functions, such as `(V8 API)`: one sentence each, after an empty
 * line.
 */
export function pseudoFrameNotes(rows: readonly NamedRow[]): string[] {
  const lines = pseudoFrames(rows).map(({ name, meaning }) => `${wrapLine(`${name}: ${meaning}`)}\n`);
  return lines.length === 0 ? [] : ['\n', ...lines];
}

/** Returns the names of rows that are not functions, with their meanings. */
export function pseudoFrames(
  rows: readonly NamedRow[],
): readonly { readonly name: string; readonly meaning: string }[] {
  return rows.flatMap(({ name, file }) => {
    const meaning = file === '' ? meaningOfPseudoFrame(name) : undefined;
    return meaning === undefined ? [] : [{ name, meaning }];
  });
}

interface NamedRow {
  readonly name: string;
  readonly file: string;
}
