import nodeFs from 'node:fs';
import { CaptureError } from './capture-error.js';
import { CaptureFile, type CaptureFileOptions } from './capture-file.js';
import type { CaptureFs } from './capture-fs.js';
import type { KnownCapture } from './find-capture.js';
import { noteOwnFile } from './judge-capture.js';
import { TemporaryCapture } from './temporary-capture.js';

export interface ReplacedCaptureOptions extends Omit<CaptureFileOptions, 'head'> {
  /** Maximum size of a version, in bytes. */
  readonly maxBytes: number;
}

/**
 * A capture that is rewritten as a whole, again and again. Each version is written beside its path and then renamed, so
 * that the file at the path is always whole.
 */
export class ReplacedCapture {
  /** Path at which the capture began. */
  readonly path: string;
  readonly #begun: CaptureFile;
  readonly #fs: CaptureFs;
  readonly #maxBytes: number;
  #known: KnownCapture;
  #release: () => void = () => {};

  private constructor(begun: CaptureFile, { fs = nodeFs, maxBytes }: ReplacedCaptureOptions) {
    this.path = begun.path;
    this.#begun = begun;
    this.#known = begun.known;
    this.#fs = fs;
    this.#maxBytes = maxBytes;
    this.#hold(begun.path, begun.known);
    // Leave the mark "writing" in the file for as long as new versions may follow.
    begun.closeAsIs();
  }

  /**
   * Writes the first version, as {@link CaptureFile.open} does and with the same errors.
   *
   * @throws CaptureError also when the version is too large
   */
  static open(options: ReplacedCaptureOptions, pieces: Iterable<Uint8Array>): ReplacedCapture {
    const head = collected(pieces, options);
    return new ReplacedCapture(CaptureFile.open({ ...options, head }), options);
  }

  /** Identity and size of the latest version. */
  get known(): KnownCapture {
    return this.#known;
  }

  /** Removes old captures, as {@link CaptureFile.prune} does. */
  prune(): readonly CaptureError[] {
    return this.#begun.prune();
  }

  /** Call when no version will follow. Other processes may then move or delete the file. */
  release(): void {
    this.#release();
  }

  /** Keeps the file open so that its inode cannot be reused and other processes see that it is being written. */
  #hold(place: string, known: KnownCapture): void {
    const fd = opened(this.#fs, place);
    const forget = noteOwnFile(known);
    this.#release = () => {
      this.#release = () => {};
      forget();
      if (fd !== undefined) closeQuietly(this.#fs, fd);
    };
  }

  /**
   * Writes a new version. If another capture has moved this one, it is replaced at its new path. If it was deleted, it
   * stays deleted. Returns its path, or undefined if it was deleted.
   *
   * @throws CaptureError when the file system refuses, or the version is too large; the previous version stays
   */
  replace(pieces: Iterable<Uint8Array>): string | undefined {
    let temporary: TemporaryCapture | undefined;
    try {
      temporary = TemporaryCapture.beside(this.path, this.#fs);
      let length = 0;
      for (const piece of pieces) {
        length += piece.length;
        if (length > this.#maxBytes) throw tooLarge(this.path, this.#maxBytes);
        temporary.write(piece);
      }
      const replaced = temporary.replace(this.#known);
      if (replaced === undefined) return undefined;
      this.#release();
      this.#known = replaced.known;
      this.#hold(replaced.place, replaced.known);
      return replaced.place;
    } catch (cause) {
      temporary?.discard();
      if (cause instanceof CaptureError) throw cause;
      throw CaptureError.from(this.path, 'replace', cause);
    }
  }
}

/** Closes a descriptor. */
function closeQuietly(fs: CaptureFs, fd: number): void {
  try {
    fs.closeSync(fd);
  } catch {
    // Ignore: nothing was written through this descriptor.
  }
}

function opened(fs: CaptureFs, place: string): number | undefined {
  try {
    return fs.openSync(place, 'r+');
  } catch {
    return undefined;
  }
}

function collected(pieces: Iterable<Uint8Array>, { folder, maxBytes }: ReplacedCaptureOptions): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const piece of pieces) {
    length += piece.length;
    if (length > maxBytes) throw tooLarge(folder, maxBytes);
    parts.push(piece);
  }
  return Buffer.concat(parts);
}

function tooLarge(place: string, maxBytes: number): CaptureError {
  return new CaptureError(place, 'replace', `summed up it takes more than ${maxBytes} bytes`);
}
