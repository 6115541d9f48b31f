import nodeFs from 'node:fs';
import { CaptureError } from './capture-error.js';
import { CaptureFile, type CaptureFileOptions } from './capture-file.js';
import type { CaptureFs } from './capture-fs.js';
import { findCapture, type KnownCapture } from './find-capture.js';
import { TemporaryCapture } from './temporary-capture.js';

/**
 * A capture that is written as a whole, again and again: each time beside its place and then renamed into it, so
 * that what is there is always whole.
 */
export class ReplacedCapture {
  /** Where it was begun. */
  readonly path: string;
  readonly #begun: CaptureFile;
  readonly #fs: CaptureFs;
  #known: KnownCapture;
  #isEmpty = true;

  private constructor(begun: CaptureFile, fs: CaptureFs) {
    this.path = begun.path;
    this.#begun = begun;
    this.#known = begun.known;
    this.#fs = fs;
  }

  /** Begins with an empty file, as {@link CaptureFile.open} does and with the same errors. */
  static open(options: CaptureFileOptions): ReplacedCapture {
    const file = CaptureFile.open(options);
    file.close();
    return new ReplacedCapture(file, options.fs ?? nodeFs);
  }

  /** What it is recognized by as it was written last. */
  get known(): KnownCapture {
    return this.#known;
  }

  /** As {@link CaptureFile.prune}. */
  prune(): readonly CaptureError[] {
    return this.#begun.prune();
  }

  /** After an error: removes it if nothing was ever written. Never throws. */
  abandon(): void {
    try {
      const place = this.#isEmpty ? findCapture(this.#fs, this.#known) : undefined;
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
    let temporary: TemporaryCapture | undefined;
    try {
      temporary = TemporaryCapture.beside(this.path, this.#fs);
      for (const piece of pieces) temporary.write(piece);
      const replaced = temporary.replace(this.#known);
      if (replaced !== undefined) this.#known = replaced.known;
      this.#isEmpty = false;
      return replaced?.place;
    } catch (cause) {
      temporary?.discard();
      throw CaptureError.from(this.path, 'replace', cause);
    }
  }
}
