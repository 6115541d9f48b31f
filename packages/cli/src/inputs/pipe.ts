import { closeSync, constants, openSync, readlinkSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../errors.js';

/** With O_NONBLOCK, opening never waits for a writer, and reading fails while the pipe is empty. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;
/** Time in which a writer started together with this command has opened the pipe, in ms. */
const WAIT_MILLIS = 2_000;
const LOOK_MILLIS = 20;
const CHUNK_BYTES = 2 ** 16;

/**
 * Reads a named pipe: a FIFO, or one of the shell, as in `<(zcat app.bin.gz)`. Waits two seconds for a writer, then as
 * long as there is one.
 *
 * @throws Error without the name of the pipe when no writer comes, and the system's error when it cannot be read
 */
export async function* pipeChunks(name: string): AsyncGenerator<Uint8Array, void, undefined> {
  const descriptor = openSync(name, FLAGS);
  let socket: Socket | undefined;
  try {
    let bytes = await firstBytes(descriptor);
    for (; bytes !== undefined; bytes = readNow(descriptor)) {
      if (bytes.length === 0) return;
      yield bytes;
    }
    socket = new Socket({ fd: descriptor, readable: true, writable: false });
    yield* socket as AsyncIterable<Uint8Array>;
  } finally {
    if (socket === undefined) closeSync(descriptor);
    else socket.destroy();
  }
}

/** Waits until there is a writer, then reads as {@link readNow} does. */
async function firstBytes(descriptor: number): Promise<Uint8Array | undefined> {
  for (let waited = 0; ; waited += LOOK_MILLIS) {
    const bytes = readNow(descriptor);
    // An unnamed pipe had a writer from the start.
    if (bytes === undefined || bytes.length > 0 || isUnnamed(descriptor)) return bytes;
    if (waited >= WAIT_MILLIS) {
      throw new Error('is a pipe; give it as standard input and write - for the file');
    }
    await delay(LOOK_MILLIS);
  }
}

/** Returns the available data. Undefined when there is none but a writer; empty at the end, or without a writer. */
function readNow(descriptor: number): Uint8Array | undefined {
  const buffer = new Uint8Array(CHUNK_BYTES);
  try {
    return buffer.subarray(0, readSync(descriptor, buffer));
  } catch (cause) {
    if (codeOf(cause) === 'EAGAIN') return undefined;
    throw cause;
  }
}

/** Returns whether this is a pipe between two processes, without a name in the file system. */
function isUnnamed(descriptor: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('pipe:');
  } catch {
    return false;
  }
}
