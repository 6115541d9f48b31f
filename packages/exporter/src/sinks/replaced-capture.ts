import nodeFs from 'node:fs';
import { CaptureError } from './capture-error.js';
import { CaptureFile, type CaptureFileOptions } from './capture-file.js';
import type { CaptureFs } from './capture-fs.js';
import type { KnownCapture } from './find-capture.js';
import { noteOwnFile } from './judge-capture.js';
import { TemporaryCapture } from './temporary-capture.js';

export interface ReplacedCaptureOptions extends Omit<CaptureFileOptions, 'head'> {
  /** Bytes that no version may exceed. */
  readonly maxBytes: number;
}

/**
 * A capture that is written as a whole, again and again: each time beside its place and then renamed into it, so
 * that what is there is always whole.
 */
export class ReplacedCapture {
  /** Where it was begun. */
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
    // The file itself says that it is written, for as long as versions may come.
    begun.closeAsIs();
  }

  /**
   * Begins with a first version, as {@link CaptureFile.open} does and with the same errors.
   *
   * @throws CaptureError also when the version is too large
   */
  static open(options: ReplacedCaptureOptions, pieces: Iterable<Uint8Array>): ReplacedCapture {
    const head = collected(pieces, options);
    return new ReplacedCapture(CaptureFile.open({ ...options, head }), options);
  }

  /** What it is recognized by as it was written last. */
  get known(): KnownCapture {
    return this.#known;
  }

  /** As {@link CaptureFile.prune}. */
  prune(): readonly CaptureError[] {
    return this.#begun.prune();
  }

  /** No version will follow: the file is left to others. */
  release(): void {
    this.#release();
  }

  /** Keeps the file open, so that its number cannot go to another, and others see that this process writes it. */
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
   * Writes it anew. One that another capture has moved out of its way is replaced where it is; one that was deleted stays
   * deleted. Returns where it is.
   *
   * @throws CaptureError when the file system refuses, or the version is too large; what was there stays
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

/** Nothing was written through it. */
function closeQuietly(fs: CaptureFs, fd: number): void {
  try {
    fs.closeSync(fd);
  } catch {
    // It is of no use any more.
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
