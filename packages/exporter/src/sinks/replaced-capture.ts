import nodeFs from 'node:fs';
import { CaptureError, codeOf } from './capture-error.js';
import { CaptureFile, type CaptureFileOptions } from './capture-file.js';
import { CAPTURE_MODE, type CaptureFs } from './capture-fs.js';
import { type FileIdentity, findCapture } from './find-capture.js';

/**
 * A capture that is written as a whole, again and again: each time beside its place and then renamed into it, so
 * that what is there is always whole.
 */
export class ReplacedCapture {
  /** Where it was begun. */
  readonly path: string;
  readonly #begun: CaptureFile;
  readonly #fs: CaptureFs;
  #identity: FileIdentity;
  #isEmpty = true;

  private constructor(begun: CaptureFile, fs: CaptureFs, identity: FileIdentity) {
    this.path = begun.path;
    this.#begun = begun;
    this.#fs = fs;
    this.#identity = identity;
  }

  /** Begins with an empty file, as {@link CaptureFile.open} does and with the same errors. */
  static open(options: CaptureFileOptions): ReplacedCapture {
    const { fs = nodeFs } = options;
    const file = CaptureFile.open(options);
    file.close();
    try {
      return new ReplacedCapture(file, fs, fs.lstatSync(file.path));
    } catch (cause) {
      throw CaptureError.from(file.path, 'open', cause);
    }
  }

  /** As {@link CaptureFile.prune}. */
  prune(): readonly CaptureError[] {
    return this.#begun.prune();
  }

  /** After an error: removes it if nothing was ever written. Never throws. */
  abandon(): void {
    try {
      const place = this.#isEmpty ? findCapture(this.#fs, this.path, this.#identity) : undefined;
      if (place !== undefined) this.#fs.unlinkSync(place);
    } catch {
      // An empty capture is left.
    }
  }

  /**
   * Writes it anew. One that another capture has moved out of its way is replaced where it is; one that was deleted stays
   * deleted. Returns where it is.
   *
   * @throws CaptureError when the file system refuses; what was there stays
   */
  replace(pieces: Iterable<Uint8Array>): string | undefined {
    const temporary = `${this.path}.tmp`;
    try {
      const identity = this.#write(temporary, pieces);
      const place = findCapture(this.#fs, this.path, this.#identity);
      if (place === undefined) this.#fs.unlinkSync(temporary);
      else this.#fs.renameSync(temporary, place);
      if (place !== undefined) this.#identity = identity;
      this.#isEmpty = false;
      return place;
    } catch (cause) {
      this.#remove(temporary);
      throw CaptureError.from(this.path, 'append', cause);
    }
  }

  #write(temporary: string, pieces: Iterable<Uint8Array>): FileIdentity {
    const fd = this.#create(temporary);
    try {
      for (const piece of pieces) {
        for (let done = 0; done < piece.length; ) {
          const written = this.#fs.writeSync(fd, piece, done, piece.length - done);
          if (written === 0) throw new Error('the system wrote nothing');
          done += written;
        }
      }
      return this.#fs.fstatSync(fd);
    } finally {
      this.#fs.closeSync(fd);
    }
  }

  /** Exclusive, so that it is no link of somebody else's. One that a killed process left behind is in the way. */
  #create(temporary: string): number {
    try {
      return this.#fs.openSync(temporary, 'wx', CAPTURE_MODE);
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST') throw cause;
      this.#fs.unlinkSync(temporary);
      return this.#fs.openSync(temporary, 'wx', CAPTURE_MODE);
    }
  }

  #remove(temporary: string): void {
    try {
      this.#fs.unlinkSync(temporary);
    } catch {
      // It was never there, or is out of reach: the capture itself is whole.
    }
  }
}
