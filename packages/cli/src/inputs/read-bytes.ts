import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { CommandError, fileError } from '../errors.js';

/** What stands for standard input in place of a path. */
export const STDIN = '-';

const CHUNK_BYTES = 2 ** 20;

export interface ReadLimits {
  readonly maxBytes: number;
  /** Called once, when the first bytes are there (up to `headBytes`); may throw to refuse the rest. */
  readonly onHead: (head: Uint8Array) => void;
  readonly headBytes: number;
}

/**
 * Reads a regular file, or standard input for `-`, to its end, however its size changes meanwhile. Never waits
 * for a pipe that nobody writes to.
 * @throws CommandError when it cannot be read or is too large, and whatever `onHead` throws
 */
export async function readBytes(input: string, limits: ReadLimits): Promise<Uint8Array> {
  if (input === STDIN) return collect('standard input', process.stdin, limits);
  // Without NONBLOCK, opening a pipe would wait for a writer.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const file = await open(input, flags).catch((cause: unknown) => {
    throw fileError(input, cause);
  });
  try {
    await assertRegular(input, file);
    return await collect(
      input,
      file.createReadStream({ highWaterMark: CHUNK_BYTES, autoClose: false }),
      limits,
    );
  } finally {
    await file.close();
  }
}

async function assertRegular(input: string, file: FileHandle): Promise<void> {
  const stats = await file.stat();
  if (stats.isDirectory()) throw new CommandError(`${input}: is a directory`);
  if (stats.isFIFO() || stats.isSocket()) {
    throw new CommandError(`${input}: is a pipe; give it as standard input and write - for the file`);
  }
  if (!stats.isFile()) throw new CommandError(`${input}: is not a regular file`);
}

async function collect(
  name: string,
  stream: AsyncIterable<Uint8Array>,
  { maxBytes, onHead, headBytes }: ReadLimits,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let headSeen = false;
  const showHead = (): void => {
    if (headSeen) return;
    headSeen = true;
    onHead(Buffer.concat(chunks).subarray(0, headBytes));
  };
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= headBytes) showHead();
      if (length > maxBytes) throw new CommandError(`${name}: larger than the limit of ${maxBytes} bytes`);
    }
  } catch (cause) {
    throw cause instanceof CommandError ? cause : fileError(name, cause);
  }
  if (length === 0) throw new CommandError(`${name}: the input is empty`);
  showHead();
  return Buffer.concat(chunks, length);
}
