import { randomUUID } from 'node:crypto';
import {
  closeSync,
  openSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { CommandError, codeOf, fileError } from '../errors.js';
import { batched, type Chunk } from './chunks.js';
import { withSignalsHeld } from './held-signals.js';
import { writeStdout } from './stdout.js';

/** What stands for standard output in place of a path. */
export const STDOUT = '-';

/**
 * Writes all of `chunks` to a file, or to standard output for `-`. The file is written beside its place and
 * renamed, so that whatever happens it is either the old one or the whole new one; a pipe or a device is
 * written to as it is.
 * @throws CommandError when the system refuses
 */
export async function writeOutput(output: string, chunks: Iterable<Chunk>): Promise<void> {
  if (output === STDOUT) return writeStdout(chunks);
  try {
    const existing = statSync(output, { throwIfNoEntry: false });
    if (existing?.isDirectory()) throw new CommandError(`${output}: is a directory`);
    if (existing && !existing.isFile()) writeAll(openSync(output, 'w'), chunks);
    else withSignalsHeld(() => replaceFile(existing ? realpathSync(output) : output, existing, chunks));
  } catch (cause) {
    // Encoders fail with other errors, which are not about the file.
    throw codeOf(cause) === undefined ? cause : fileError(output, cause);
  }
}

function replaceFile(target: string, existing: Stats | undefined, chunks: Iterable<Chunk>): void {
  const temporary = path.join(path.dirname(target), `.heapray-${randomUUID()}.tmp`);
  const descriptor = openSync(temporary, 'wx', existing ? existing.mode & 0o777 : 0o666);
  try {
    writeAll(descriptor, chunks);
    renameSync(temporary, target);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  }
}

/** Writes and closes. */
function writeAll(descriptor: number, chunks: Iterable<Chunk>): void {
  try {
    for (const chunk of batched(chunks)) {
      for (let done = 0; done < chunk.length; ) done += writeSync(descriptor, chunk, done);
    }
  } finally {
    closeSync(descriptor);
  }
}
