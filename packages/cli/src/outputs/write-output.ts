import { closeSync, openSync, realpathSync, type Stats, statSync, writeSync } from 'node:fs';
import { CommandError, codeOf, fileError } from '../errors.js';
import { batched, type Chunk } from './chunks.js';
import { writeStdout } from './stdout.js';
import { TemporaryFile } from './temporary-file.js';

/** Name for standard output instead of a path. */
export const STDOUT = '-';

/**
 * Writes all of `chunks` to a file, or to standard output for `-`. The file is written beside its target and then
 * renamed, so that there is always either the old file or the complete new one. A pipe or device is written directly.
 *
 * @throws CommandError when the system refuses
 */
export async function writeOutput(output: string, chunks: Iterable<Chunk>): Promise<void> {
  if (output === STDOUT) {
    await writeStdout(chunks);
    return;
  }
  try {
    const existing = statSync(output, { throwIfNoEntry: false });
    if (existing?.isDirectory()) throw new CommandError(`${output}: is a directory`);
    if (existing && !existing.isFile()) writeAll(openSync(output, 'w'), chunks);
    else replaceFile(existing ? realpathSync(output) : output, existing, chunks);
  } catch (cause) {
    // Encoders throw other errors, which are not about the file.
    throw codeOf(cause) === undefined ? cause : fileError(output, cause);
  }
}

/** Bytes that overwrite those at `offset`, after all others are written. */
export interface Patch {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * Writes as {@link writeOutput} does, for data that arrives in pieces and is too large for memory. Patches apply to
 * files only.
 *
 * @throws CommandError when the system refuses, and the errors of `chunks`; no new file is left then
 */
export async function writeStream(
  output: string,
  chunks: AsyncIterable<Uint8Array>,
  patches: () => readonly Patch[],
): Promise<void> {
  if (output === STDOUT) {
    for await (const chunk of chunks) {
      if (!(await writeStdout([chunk]))) return;
    }
    return;
  }
  try {
    const existing = statSync(output, { throwIfNoEntry: false });
    if (existing?.isDirectory()) throw new CommandError(`${output}: is a directory`);
    if (existing && !existing.isFile()) await appendAll(openSync(output, 'w'), chunks, () => []);
    else await replaceByStream(existing ? realpathSync(output) : output, existing, chunks, patches);
  } catch (cause) {
    throw codeOf(cause) === undefined ? cause : fileError(output, cause);
  }
}

async function replaceByStream(
  target: string,
  existing: Stats | undefined,
  chunks: AsyncIterable<Uint8Array>,
  patches: () => readonly Patch[],
): Promise<void> {
  const temporary = new TemporaryFile(target, modeLike(existing));
  try {
    await appendAll(temporary.descriptor, chunks, patches);
    temporary.moveTo(target);
  } catch (error) {
    temporary.remove();
    throw error;
  }
}

/** Writes all data and closes the descriptor. */
async function appendAll(
  descriptor: number,
  chunks: AsyncIterable<Uint8Array>,
  patches: () => readonly Patch[],
): Promise<void> {
  try {
    for await (const chunk of chunks) writeWhole(descriptor, chunk);
    for (const { bytes, offset } of patches()) writeSync(descriptor, bytes, 0, bytes.length, offset);
  } finally {
    closeSync(descriptor);
  }
}

function modeLike(existing: Stats | undefined): number {
  return existing ? existing.mode & 0o777 : 0o666;
}

function writeWhole(descriptor: number, chunk: Uint8Array): void {
  for (let done = 0; done < chunk.length; ) done += writeSync(descriptor, chunk, done);
}

function replaceFile(target: string, existing: Stats | undefined, chunks: Iterable<Chunk>): void {
  const temporary = new TemporaryFile(target, modeLike(existing));
  try {
    writeAll(temporary.descriptor, chunks);
    temporary.moveTo(target);
  } catch (error) {
    temporary.remove();
    throw error;
  }
}

/** Writes all data and closes the descriptor. */
function writeAll(descriptor: number, chunks: Iterable<Chunk>): void {
  try {
    for (const chunk of batched(chunks)) writeWhole(descriptor, chunk);
  } finally {
    closeSync(descriptor);
  }
}
