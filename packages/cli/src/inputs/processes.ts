import path from 'node:path';
import type { MemrayHeader } from '@heapray/exporter/memray';
import { UsageError } from '../errors.js';
import { isStdin } from '../io/stdin-names.js';
import { note } from '../outputs/note.js';
import { nameOf } from './read-bytes.js';

/** An input that is merged with others. */
export interface ProcessInput {
  readonly file: string;
  /** Of a capture. */
  readonly header?: MemrayHeader | undefined;
}

/** @throws UsageError when standard input is to be read twice, which is only possible once */
export function assertReadOnce(files: readonly string[]): void {
  const [, second] = files.filter(isStdin);
  if (second !== undefined) throw new UsageError(`${second}: standard input can be read once only`);
}

/**
 * Returns names for processes whose files are merged, one for each: the pid where the file tells it, else the name of the
 * file. Where two would be the same, as of containers, the file's name is added, else its path.
 */
export function processNames(inputs: readonly ProcessInput[]): readonly string[] {
  const plain = inputs.map(({ file, header }) => (header === undefined ? baseOf(file) : `${header.pid}`));
  const withName = inputs.map(({ file, header }, at) =>
    header === undefined ? plain[at]! : `${plain[at]} ${baseOf(file)}`,
  );
  return inputs.map(({ file }, at) => {
    if (isOnce(plain, at)) return plain[at]!;
    if (isOnce(withName, at)) return withName[at]!;
    return inputs[at]!.header === undefined ? file : `${plain[at]} ${file}`;
  });
}

/** Says on stderr that two captures are of the same run, as a file and its compressed copy are: both count. */
export function noteSameRuns(inputs: readonly ProcessInput[]): void {
  const runs = new Map<string, string>();
  for (const { file, header } of inputs) {
    if (header === undefined) continue;
    const { pid, startTimeMillis, mainThreadId, commandLine } = header;
    const run = JSON.stringify([pid, startTimeMillis, `${mainThreadId}`, commandLine]);
    const other = runs.get(run);
    if (other === undefined) runs.set(run, file);
    else note(`${nameOf(file)}: the same run as ${nameOf(other)} (process ${pid}); both are counted`);
  }
}

function baseOf(file: string): string {
  return isStdin(file) ? nameOf(file) : path.basename(file);
}

function isOnce(names: readonly string[], at: number): boolean {
  return names.filter((name) => name === names[at]).length === 1;
}
