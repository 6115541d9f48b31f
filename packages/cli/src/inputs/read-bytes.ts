import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { CommandError, fileError } from '../errors.js';
import { commandIo } from '../io/command-io.js';

/** What stands for standard input in place of a path. */
export const STDIN = '-';

const CHUNK_BYTES = 2 ** 20;

/** What an input is called in messages. */
export function nameOf(input: string): string {
  return input === STDIN ? 'standard input' : input;
}

/**
 * The bytes of a regular file, or of standard input for `-`, to the end, however its size changes meanwhile. Never
 * waits for a pipe that nobody writes to. Whoever has seen enough may stop. A piece is valid until the next is asked
 * for.
 * @throws CommandError when it cannot be read
 */
export async function* readChunks(input: string): AsyncGenerator<Uint8Array, void, undefined> {
  if (input === STDIN) return yield* chunksOf(nameOf(input), commandIo().stdin());
  // Without NONBLOCK, opening a pipe would wait for a writer.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const file = await open(input, flags).catch((cause: unknown) => {
    throw fileError(input, cause);
  });
  try {
    await assertRegular(input, file);
    yield* piecesOf(input, file);
  } finally {
    await file.close();
  }
}

/** In two buffers that take turns, so that the next piece is read while this one is worked on, and memory stays small. */
async function* piecesOf(name: string, file: FileHandle): AsyncGenerator<Uint8Array> {
  let buffer = new Uint8Array(CHUNK_BYTES);
  let spare = new Uint8Array(CHUNK_BYTES);
  let reading = readSettled(file, buffer);
  try {
    for (;;) {
      const { count, cause } = await reading;
      if (cause !== undefined) throw fileError(name, cause);
      if (count === 0) return;
      commandIo().read(count);
      const piece = buffer.subarray(0, count);
      [buffer, spare] = [spare, buffer];
      reading = readSettled(file, buffer);
      yield piece;
    }
  } finally {
    // The file must not be closed below a read; what became of it matters to nobody now.
    await reading;
  }
}

/** Never rejects: nobody may be waiting yet when a read fails. */
function readSettled(file: FileHandle, buffer: Uint8Array): Promise<{ count: number; cause?: unknown }> {
  return file.read(buffer, 0, buffer.length, null).then(
    ({ bytesRead }) => ({ count: bytesRead }),
    (cause: unknown) => ({ count: 0, cause }),
  );
}

async function* chunksOf(name: string, stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // Not `for await`: what the consumer throws is no error of this stream.
  const chunks = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((cause: unknown) => {
        throw fileError(name, cause);
      });
      if (next.done) return;
      commandIo().read(next.value.length);
      yield next.value;
    }
  } finally {
    await chunks.return?.();
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

/** An input whose first bytes are known and whose rest is still to be read. */
export interface OpenInput {
  readonly name: string;
  /** The first bytes, `headBytes` or all there are. */
  readonly head: Uint8Array;
  /** All of it, the first bytes included. */
  readonly chunks: AsyncGenerator<Uint8Array, void, undefined>;
  /** Closes an input of which no chunk is asked for. */
  close(): Promise<void>;
}

/** @throws CommandError when it cannot be read or is empty */
export async function openInput(input: string, headBytes: number): Promise<OpenInput> {
  const name = nameOf(input);
  commandIo().reading(name);
  const rest = readChunks(input);
  const first: Uint8Array[] = [];
  let length = 0;
  while (length < headBytes) {
    const next = await rest.next();
    if (next.done) break;
    first.push(new Uint8Array(next.value));
    length += next.value.length;
  }
  if (length === 0) throw new CommandError(`${name}: the input is empty`);
  const start = Buffer.concat(first);
  return {
    name,
    head: start.subarray(0, headBytes),
    chunks: joined(start, rest),
    // A generator that was never begun would not return another one.
    close: async () => void (await rest.return()),
  };
}

async function* joined(
  start: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield start;
    yield* rest;
  } finally {
    // Also when it is left in `start`.
    await rest.return();
  }
}
