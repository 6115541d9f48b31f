import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { CommandError, fileError } from '../errors.js';
import { commandIo } from '../io/command-io.js';
import { isStdin } from '../io/stdin-names.js';
import { type Compression, CompressionError, compressionOf, foreignCompression } from './compression.js';
import { decompressed } from './decompressor.js';
import { pipeChunks } from './pipe.js';

const CHUNK_BYTES = 2 ** 20;
/** A capture in LZ4, a download that was compressed on its way, and one more. */
const MAX_LAYERS = 3;

/** What an input is called in messages. */
export function nameOf(input: string): string {
  return isStdin(input) ? 'standard input' : input;
}

/**
 * The bytes of a regular file, a pipe, or of standard input for `-`, to the end, however its size changes meanwhile. Does
 * not wait long for a pipe that nobody writes to. Whoever has seen enough may stop. A piece is valid until the next is
 * asked for.
 * @throws CommandError when it cannot be read
 */
export async function* readChunks(input: string): AsyncGenerator<Uint8Array, void, undefined> {
  if (isStdin(input)) return yield* chunksOf(nameOf(input), commandIo().stdin());
  if (await isPipe(input)) return yield* chunksOf(input, pipeChunks(input));
  // Without NONBLOCK, opening a pipe that has just been made there would wait for a writer.
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
  if (!stats.isFile()) throw new CommandError(`${input}: is not a regular file`);
}

/**
 * Whether it is a pipe. Asked before it is opened: one that is opened twice, the second time when its writer has gone,
 * never tells its end.
 */
async function isPipe(input: string): Promise<boolean> {
  const stats = await stat(input).catch(() => undefined);
  return stats?.isFIFO() === true;
}

/** An input whose first bytes are known and whose rest is still to be read. */
export interface OpenInput {
  readonly name: string;
  /** The first bytes, `headBytes` or all there are; not compressed. */
  readonly head: Uint8Array;
  /** All of it, the first bytes included; not compressed. Throws CompressionError when it is damaged in its middle. */
  readonly chunks: AsyncGenerator<Uint8Array, void, undefined>;
  /** The outermost compression; undefined for none. */
  readonly compression?: Compression | undefined;
  /** Closes an input of which no chunk is asked for. */
  close(): Promise<void>;
}

/**
 * Opens an input and undoes its compression, also where it was compressed several times over.
 * @throws CommandError when it cannot be read or is empty
 */
export async function openInput(input: string, headBytes: number): Promise<OpenInput> {
  const name = nameOf(input);
  commandIo().reading(name);
  let opened = await openChunks(name, readChunks(input), headBytes);
  let compression: Compression | undefined;
  for (let layer = 0; ; layer += 1) {
    const foreign = foreignCompression(opened.head);
    const next = compressionOf(opened.head);
    if (foreign === undefined && next === undefined) return { name, compression, ...opened };
    if (next === undefined || layer === MAX_LAYERS) {
      await opened.close();
      throw new CommandError(`${name}: ${foreign ?? `is compressed more than ${MAX_LAYERS} times over`}`);
    }
    compression ??= next;
    opened = await openChunks(name, decompressed(opened.chunks, next), headBytes);
  }
}

/** Reads the first bytes. Throws as {@link openInput} does. */
async function openChunks(
  name: string,
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
  headBytes: number,
): Promise<Pick<OpenInput, 'head' | 'chunks' | 'close'>> {
  const first: Uint8Array[] = [];
  let length = 0;
  let failure: Error | undefined;
  while (length < headBytes) {
    const next = await chunks.next().catch((cause: unknown) => {
      if (!(cause instanceof CompressionError)) throw cause;
      // What came before it counts, as in a capture that is damaged.
      failure = cause;
      return { done: true as const };
    });
    if (next.done) break;
    first.push(new Uint8Array(next.value));
    length += next.value.length;
  }
  if (length === 0) throw new CommandError(`${name}: ${failure?.message ?? 'the input is empty'}`);
  const start = Buffer.concat(first);
  return {
    head: start.subarray(0, headBytes),
    chunks: joined(start, chunks, failure),
    // A generator that was never begun would not return another one.
    close: async () => void (await chunks.return()),
  };
}

async function* joined(
  start: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void, undefined>,
  failure: Error | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield start;
    if (failure !== undefined) throw failure;
    yield* rest;
  } finally {
    // Also when it is left in `start`.
    await rest.return();
  }
}
