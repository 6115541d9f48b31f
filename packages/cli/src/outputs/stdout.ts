import { fileError } from '../errors.js';
import { commandIo } from '../io/current-io.js';
import { batched, type Chunk } from './chunks.js';

/**
 * Writes data to standard output. Resolves to false when the reader, such as `head`, has closed it: the caller should
 * stop, quietly.
 *
 * @throws CommandError when the system refuses
 */
export async function writeStdout(chunks: Iterable<Chunk>): Promise<boolean> {
  for (const chunk of batched(chunks)) {
    if (!(await write(chunk))) return false;
  }
  return true;
}

/** Writes a value as JSON to standard output. */
export async function writeJson(value: unknown): Promise<void> {
  await writeStdout([`${JSON.stringify(value, (_, part: unknown) => part ?? null, 2)}\n`]);
}

/** Returns false when the reader has closed standard output. */
async function write(chunk: Uint8Array): Promise<boolean> {
  try {
    return await commandIo().write(chunk);
  } catch (cause) {
    throw fileError('standard output', cause);
  }
}
