import { meaningOfPseudoFrame } from '@heapray/exporter/profile';
import { wrapLine } from '../text/table.js';

/** Explains the names of rows that stand for no function, such as `(V8 API)`: a sentence each, below a blank line. */
export function pseudoFrameNotes(
  rows: readonly { readonly name: string; readonly file: string }[],
): string[] {
  const lines = rows.flatMap(({ name, file }) => {
    const meaning = file === '' ? meaningOfPseudoFrame(name) : undefined;
    return meaning === undefined ? [] : [`${wrapLine(`${name}: ${meaning}`)}\n`];
  });
  return lines.length === 0 ? [] : ['\n', ...lines];
}
