import path from 'node:path';
import type { MemrayHeader } from '@heapray/exporter/memray';
import { UsageError } from '../errors.js';
import { note } from '../io/note.js';
import { isStdin } from '../io/stdin-names.js';
import { nameOf } from './read-bytes.js';

/** An input that is merged with others. */
export interface ProcessInput {
  readonly file: string;
  /** Header of a capture; undefined for other formats. */
  readonly header?: MemrayHeader | undefined;
}

/**
 * Checks that standard input is read at most once.
 *
 * @throws UsageError when it is given twice
 */
export function assertReadOnce(files: readonly string[]): void {
  const [, second] = files.filter(isStdin);
  if (second !== undefined) throw new UsageError(`${second}: standard input can be read once only`);
}

/**
 * Returns a unique name for each merged input: the process ID if the file contains it, else the file name. If two would
 * be equal, as for containers, the file name is added, else the path.
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

/**
 * Reports on stderr when two captures are of the same run, such as a file and its compressed copy. Both are counted.
 */
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
