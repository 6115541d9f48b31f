import { ByteReader } from '../../wire/byte-reader.js';
import { LZ4_MAGIC, Lz4FrameDecoder } from '../../wire/lz4-frame.js';

const ZEROS: Uint8Array = new Uint8Array(64 * 1024);

/**
 * Unwraps a capture: decodes LZ4 frames, or removes the zeros at the end of a raw file. memray preallocates these
 * zeros, and they belong to no record. Zeros are held back until other data follows.
 */
export class CaptureContainer {
  readonly #onData: (bytes: Uint8Array) => void;
  readonly #onRest: (bytes: Uint8Array) => void;
  #start: Uint8Array = new Uint8Array();
  #lz4: Lz4FrameDecoder | undefined;
  #raw = false;
  #zeros = 0;

  /**
   * Creates a container. A piece of data is valid only during the call.
   *
   * @param onData receives the capture piece by piece
   * @param onRest receives data after the LZ4 frames that is not a frame
   */
  constructor(onData: (bytes: Uint8Array) => void, onRest: (bytes: Uint8Array) => void) {
    this.#onData = onData;
    this.#onRest = onRest;
  }

  /** Offset of the data given to `onRest`, in bytes from the start of the file. */
  get restOffset(): number {
    return this.#lz4?.restOffset ?? 0;
  }

  /** True if the capture is compressed. False until four bytes were pushed. */
  get compressed(): boolean {
    return this.#lz4 !== undefined;
  }

  /**
   * Unwraps the next bytes.
   *
   * @throws FormatError when compressed data is damaged; `onData` has received everything before
   */
  push(bytes: Uint8Array): void {
    if (this.#lz4) this.#lz4.push(bytes);
    else if (this.#raw) this.#pushRaw(bytes);
    else this.#begin(bytes);
  }

  /**
   * Ends the input.
   *
   * @throws FormatError when compressed data is truncated; `onData` has received everything before
   */
  end(): void {
    if (!this.#lz4 && !this.#raw) this.#pushRaw(this.#start);
    this.#lz4?.end();
  }

  #begin(bytes: Uint8Array): void {
    const start = new Uint8Array(this.#start.length + bytes.length);
    start.set(this.#start);
    start.set(bytes, this.#start.length);
    this.#start = start;
    if (start.length < 4) return;
    this.#start = new Uint8Array();
    const magic = new ByteReader();
    magic.push(start.subarray(0, 4));
    if (magic.u32() === LZ4_MAGIC) this.#lz4 = new Lz4FrameDecoder(this.#onData, this.#onRest);
    else this.#raw = true;
    this.push(start);
  }

  #pushRaw(bytes: Uint8Array): void {
    let end = bytes.length;
    while (end > 0 && bytes[end - 1] === 0) end -= 1;
    if (end > 0) {
      this.#releaseZeros();
      this.#onData(end === bytes.length ? bytes : bytes.subarray(0, end));
    }
    this.#zeros += bytes.length - end;
  }

  #releaseZeros(): void {
    for (; this.#zeros > 0; this.#zeros -= ZEROS.length) {
      this.#onData(ZEROS.subarray(0, Math.min(this.#zeros, ZEROS.length)));
    }
    this.#zeros = 0;
  }
}
