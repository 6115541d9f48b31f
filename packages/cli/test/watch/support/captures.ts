// Captures as memray writes them: bytes that grow into preallocated space.
import { createHash } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { GrowingCapture } from '@heapray/exporter/memray';
import { atEnd } from '../../../../../test/support/cleanup.js';
import { LZ4_MAGIC } from '../../../../../test/support/lz4-file.js';
import { Lz4FrameDecoder } from '../../../../exporter/src/wire/lz4-frame.js';
import { formatProfile } from '../../../../exporter/test/profile/format-profile.js';
import { CaptureFollower } from '../../../src/watch/follow/capture-follower.js';
import type { CaptureWriter } from '../../../src/watch/follow/capture-writer.js';
import type { FollowerOptions } from '../../../src/watch/follow/follower-options.js';
import { readBuffer } from '../../../src/watch/follow/growing-file.js';
import { captureProfile } from '../../../src/watch/profiles/capture-profile.js';

const GOLDEN = fileURLToPath(new URL('../../../../../test/golden', import.meta.url));

/** A finished and compressed capture of Airflow. */
export const AIRFLOW = path.join(GOLDEN, 'airflow', 'dag_processor_memory.bin');

/** Returns the path of a component's capture. */
export function captureIn(folder: string, name = 'scheduler'): string {
  return path.join(folder, `${name}_memory.bin`);
}

export function goldenFile(name: string): string {
  return path.join(GOLDEN, 'memray', name);
}

/** Returns the stream in a capture, as its program wrote it: with a few zeros at its end. */
export function rawCapture(file: string): Buffer {
  const bytes = readFileSync(file);
  if (bytes.readUInt32LE() !== LZ4_MAGIC) return bytes;
  const parts: Uint8Array[] = [];
  const decoder = new Lz4FrameDecoder((part) => parts.push(part.slice()));
  decoder.push(bytes);
  decoder.end();
  return Buffer.concat(parts);
}

export function withoutZeros(bytes: Buffer): Buffer {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length -= 1;
  return bytes.subarray(0, length);
}

/** Returns the same capture of another process. */
export function withStart(bytes: Buffer, startMillis: bigint): Buffer {
  const other = Buffer.from(bytes);
  other.writeBigInt64LE(startMillis, 33);
  return other;
}

/** A file that grows as memray's do: by a tenth, with zeros that are then overwritten. */
export class GrowingFixture {
  readonly path: string;
  readonly #file: number;
  #size = 0;
  #end = 0;

  constructor(file: string) {
    this.path = file;
    this.#file = openSync(file, 'wx+');
    atEnd(() => closeSync(this.#file));
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.writeAt(this.#end, bytes);
    this.#end += bytes.length;
  }

  /** Writes the second half first. `between` sees a hole in place of the first half. */
  async appendTorn(bytes: Uint8Array, between: () => Promise<void>): Promise<void> {
    const middle = bytes.length >> 1;
    this.reserve(bytes.length);
    this.writeAt(this.#end + middle, bytes.subarray(middle));
    await between();
    this.writeAt(this.#end, bytes.subarray(0, middle));
    this.#end += bytes.length;
  }

  writeAt(position: number, bytes: Uint8Array): void {
    writeSync(this.#file, bytes, 0, bytes.length, position);
  }

  truncate(size: number): void {
    ftruncateSync(this.#file, size);
    this.#size = size;
    this.#end = Math.min(this.#end, size);
  }

  reserve(more: number): void {
    while (this.#end + more > this.#size) {
      this.#size = Math.ceil((this.#size * 1.1 + 4096) / 4096) * 4096;
      ftruncateSync(this.#file, this.#size);
    }
  }
}

/** A clock that a test sets. */
export class Clock {
  now: number = Date.now();
}

/** Follows a capture. By default, no time passes: a busy machine does not make a capture look silent. */
export function follow(
  file: string,
  options: Partial<FollowerOptions> & { readonly clock?: () => number } = {},
): CaptureFollower {
  const now = Date.now();
  const follower = new CaptureFollower(file, {
    limits: {},
    maxCallSites: 50,
    buffer: readBuffer(),
    clock: () => now,
    writer: writer(() => false),
    stallMillis: 10_000,
    ...options,
  });
  atEnd(() => follower.close());
  return follower;
}

/** Returns a writer that is alive when the test says so. */
export function writer(lives: () => boolean): CaptureWriter {
  return { find: lives, children: undefined };
}

/** Returns the contents of a capture as a line short enough to display. */
export function contents(capture: GrowingCapture | undefined): string {
  if (capture === undefined) return 'nothing';
  const { events, liveBytes, peakBytes, offset, complete } = capture;
  const sums = JSON.stringify({ events, liveBytes, peakBytes, offset, complete });
  const profile = formatProfile(captureProfile(capture, 'it', 'inuse_space'));
  return `${sums} ${createHash('sha256').update(profile).digest('hex')}`;
}

/** Returns the contents of a capture that is read all at once. */
export function contentsOf(bytes: Uint8Array): string {
  const capture = new GrowingCapture();
  capture.push(bytes);
  return contents(capture);
}

/**
 * Writes the first part of a compressed capture, as a copy in progress has it. Its time is in the future, so that the copy
 * does not count as stalled, however slow the machine is.
 */
export function beginCopy(file: string, bytes: Buffer): void {
  writeFileSync(file, bytes.subarray(0, bytes.length / 2));
  const later = new Date(Date.now() + 3_600_000);
  utimesSync(file, later, later);
}

/** Replaces the file as memray does on exit. */
export function replaceBy(file: string, bytes: Uint8Array): void {
  writeFileSync(`${file}.lz4.tmp`, bytes);
  renameSync(`${file}.lz4.tmp`, file);
}
