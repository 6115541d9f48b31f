import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { CommandError, fileError } from '../errors.js';
import { commandIo } from '../io/current-io.js';
import { isStdin } from '../io/stdin-names.js';
import {
  type Compression,
  CompressionError,
  compressionOf,
  foreignCompression,
} from './compression/compression.js';
import { decompressed } from './compression/decompressor.js';
import { pipeChunks } from './pipe.js';

const CHUNK_BYTES = 2 ** 20;
/** Maximum number of nested compressions: a capture in LZ4, a compressed download, and one more. */
const MAX_LAYERS = 3;

/** Returns the name of an input for messages. */
export function nameOf(input: string): string {
  return isStdin(input) ? 'standard input' : input;
}

/**
 * Reads a regular file, a pipe, or standard input for `-`, to its end, even if its size changes meanwhile. Waits only
 * briefly for a pipe without a writer. The caller may stop early. A piece is valid until the next is requested.
 *
 * @throws CommandError when the input cannot be read
 */
async function* readChunks(input: string): AsyncGenerator<Uint8Array, void, undefined> {
  if (isStdin(input)) return yield* chunksOf(nameOf(input), commandIo().stdin());
  if (await isPipe(input)) return yield* chunksOf(input, pipeChunks(input));
  // Without O_NONBLOCK, opening a pipe created there in the meantime would wait for a writer.
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

/**
 * Reads a file with two alternating buffers, so that the next piece is read while the current one is processed, and
 * memory stays small.
 */
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
    // Wait, because the file must not be closed during a read. Ignore the result of the read.
    await reading;
  }
}

/** Reads without rejecting, because no caller may be waiting yet when a read fails. */
function readSettled(file: FileHandle, buffer: Uint8Array): Promise<{ count: number; cause?: unknown }> {
  return file.read(buffer, 0, buffer.length, null).then(
    ({ bytesRead }) => ({ count: bytesRead }),
    (cause: unknown) => ({ count: 0, cause }),
  );
}

async function* chunksOf(name: string, stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // Do not use `for await`: an error of the consumer is not an error of this stream.
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
 * Returns whether the input is a pipe. Checked before opening it: a pipe opened a second time, after its writer has
 * closed it, never ends.
 */
async function isPipe(input: string): Promise<boolean> {
  const stats = await stat(input).catch(() => undefined);
  return stats?.isFIFO() === true;
}

/** An input whose first bytes are known and whose rest has not been read yet. */
export interface OpenInput {
  readonly name: string;
  /** The first `headBytes` bytes, or all of a shorter input; decompressed. */
  readonly head: Uint8Array;
  /**
   * The whole input, including the first bytes; decompressed. Throws CompressionError when it is damaged further on.
   */
  readonly chunks: AsyncGenerator<Uint8Array, void, undefined>;
  /** The outermost compression; undefined for none. */
  readonly compression?: Compression | undefined;
  /** Closes an input whose chunks are not read. */
  close(): Promise<void>;
}

/**
 * Opens an input and decompresses it, even if it was compressed several times.
 *
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
      // The data before counts, as in a damaged capture.
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
    // Call `return` on `chunks`: `joined` was never started and would not do it.
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
    // Also when the consumer stops at `start`.
    await rest.return();
  }
}
