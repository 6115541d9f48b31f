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

/** Words of heapray's comments on a profile whose stacks lack inlined functions. */
const LACKS_INLINED = /functions inlined by the optimizer are charged|functions may include inlined ones/;

/** Returns that functions include those inlined into them, if a profile's comments say so. */
export function inlinedText(comments: readonly string[]): string | undefined {
  if (!comments.some((comment) => LACKS_INLINED.test(comment))) return undefined;
  return 'A function includes those that V8 has inlined into it; accurateStacks tells them apart.';
}

/** Returns that text as lines after an empty one. */
export function inlinedNotes(comments: readonly string[]): string[] {
  const text = inlinedText(comments);
  return text === undefined ? [] : [`\n${wrapLine(text)}\n`];
}

interface NamedRow {
  readonly name: string;
  readonly file: string;
}
