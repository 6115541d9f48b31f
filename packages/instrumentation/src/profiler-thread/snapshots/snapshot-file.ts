import fs from 'node:fs';
import path from 'node:path';
import { makeFolder } from '@heapray/exporter/sinks';

const NAME = /^\.heapray-snapshot-\d+\.tmp$/;
/** A snapshot has all texts of the program, secrets too. */
const OWNER_ONLY = 0o600;

/**
 * Disk space for one snapshot. It has no name, so that the system frees it however the process ends, and no other process can
 * open it.
 */
export class SnapshotFile {
  readonly #limitBytes: number;
  readonly #onClosed: () => void;
  #descriptor: number | undefined;
  #bytes = 0;
  #failure: Error | undefined;

  /**
   * Creates it.
   *
   * @param folder folder on the disk to use; made if it is missing
   * @param limitBytes longest content; a longer one is discarded
   * @param onClosed called once, when the space is freed
   * @throws the system's error
   */
  constructor(folder: string, limitBytes: number, onClosed: () => void) {
    this.#limitBytes = limitBytes;
    this.#onClosed = onClosed;
    makeFolder(fs, folder);
    removeLeftBehind(folder);
    const file = path.join(folder, `.heapray-snapshot-${process.pid}.tmp`);
    const descriptor = fs.openSync(file, 'wx+', OWNER_ONLY);
    try {
      fs.unlinkSync(file);
    } catch (error) {
      // Another process has removed what it took for left behind.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        fs.closeSync(descriptor);
        throw error;
      }
    }
    this.#descriptor = descriptor;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Reason why the content is not complete; undefined as long as it is. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Appends text. Never throws: after a failure, nothing more is written, and the space is freed. */
  write(text: string): void {
    if (this.#failure !== undefined || this.#descriptor === undefined) return;
    try {
      const bytes = Buffer.from(text);
      if (this.#bytes + bytes.length > this.#limitBytes)
        throw new Error('the disk has too little space for it');
      for (let done = 0; done < bytes.length; ) {
        done += fs.writeSync(this.#descriptor, bytes, done, bytes.length - done, this.#bytes + done);
      }
      this.#bytes += bytes.length;
    } catch (error) {
      this.#failure = error as Error;
      this.#empty();
    }
  }

  /**
   * Returns bytes of the content from an offset on, at most `length`.
   *
   * @throws Error when it is closed, or the system's error
   */
  read(from: number, length: number): Uint8Array {
    if (this.#descriptor === undefined) throw new Error('the snapshot has been discarded');
    const piece = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.#bytes - from)));
    let done = 0;
    while (done < piece.length) {
      const count = fs.readSync(this.#descriptor, piece, done, piece.length - done, from + done);
      if (count === 0) throw new Error('the snapshot cannot be read');
      done += count;
    }
    return piece;
  }

  /** Frees the space. */
  close(): void {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) return;
    this.#descriptor = undefined;
    try {
      fs.closeSync(descriptor);
    } catch {
      // Ignore: there is nothing else to free.
    }
    this.#onClosed();
  }

  #empty(): void {
    try {
      fs.ftruncateSync(this.#descriptor!, 0);
    } catch {
      // Ignore: closing frees the space as well.
    }
  }
}

/** Removes files of processes that were killed in the moment between making a file and removing its name. */
function removeLeftBehind(folder: string): void {
  for (const name of fs.readdirSync(folder)) {
    if (!NAME.test(name)) continue;
    try {
      fs.unlinkSync(path.join(folder, name));
    } catch {
      // Ignore: it is gone, or it belongs to another user.
    }
  }
}

/** Returns the free disk space for a folder, which need not exist yet; infinite if it is unknown. */
export function freeBytesFor(folder: string): number {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    try {
      const { bavail, bsize } = fs.statfsSync(at);
      return bavail * bsize;
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isMissing || at === path.dirname(at)) return Number.POSITIVE_INFINITY;
    }
  }
}
