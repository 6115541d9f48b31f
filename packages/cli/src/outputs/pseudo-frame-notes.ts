import { meaningOfPseudoFrame } from '@heapray/exporter/profile';
import { wrapLine } from './table.js';

/**
 * Returns explanations for names of rows that are not functions, such as `(V8 API)`: one sentence each, after an empty
 * line.
 */
export function pseudoFrameNotes(
  rows: readonly { readonly name: string; readonly file: string }[],
): string[] {
  const lines = rows.flatMap(({ name, file }) => {
    const meaning = file === '' ? meaningOfPseudoFrame(name) : undefined;
    return meaning === undefined ? [] : [`${wrapLine(`${name}: ${meaning}`)}\n`];
  });
  return lines.length === 0 ? [] : ['\n', ...lines];
}
