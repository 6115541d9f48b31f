import { fileError } from '../errors.js';
import { commandIo } from '../io/command-io.js';
import { batched, type Chunk } from './chunks.js';

/**
 * Writes data to standard output. A reader that has seen enough, as `head` has, ends it quietly.
 * @throws CommandError when the system refuses
 */
export async function writeStdout(chunks: Iterable<Chunk>): Promise<void> {
  for (const chunk of batched(chunks)) {
    if (!(await write(chunk))) return;
  }
}

/** A value as JSON, on standard output. */
export async function writeJson(value: unknown): Promise<void> {
  await writeStdout([`${JSON.stringify(value, (_, part: unknown) => part ?? null, 2)}\n`]);
}

/** False when nobody reads any more. */
async function write(chunk: Uint8Array): Promise<boolean> {
  try {
    return await commandIo().write(chunk);
  } catch (cause) {
    throw fileError('standard output', cause);
  }
}
