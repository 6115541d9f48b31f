import { meaningOfPseudoFrame } from '@heapray/exporter/profile';

/** Explains the names of rows that stand for no function, such as `(V8 API)`: a line each, below a blank one. */
export function pseudoFrameNotes(
  rows: readonly { readonly name: string; readonly file: string }[],
): string[] {
  const lines = rows.flatMap(({ name, file }) => {
    const meaning = file === '' ? meaningOfPseudoFrame(name) : undefined;
    return meaning === undefined ? [] : [`${name}: ${meaning}\n`];
  });
  return lines.length === 0 ? [] : ['\n', ...lines];
}
