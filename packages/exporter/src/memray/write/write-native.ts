import type { ByteWriter } from '../../wire/byte-writer.js';
import { TOKEN } from '../format/records.js';
import { writeString } from './write-header.js';
import { delta, RESERVE, type Wide, wideWord } from './write-numbers.js';

/** Writes the records of native stacks, which are equal in every format, including aggregated files. */
export class NativeRecordWriter {
  readonly #out: ByteWriter;
  readonly #lastIp: Wide = { high: 0, low: 0 };
  #lastNative = 0;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  // 05, svarint ip - last ip, svarint parent - last native
  frame(ipHigh: number, ipLow: number, parent: number): void {
    this.#token(TOKEN.NATIVE_FRAME);
    delta(this.#out, this.#lastIp, ipHigh, ipLow);
    this.native(parent);
  }

  // 06
  memoryMapStart(): void {
    this.#token(TOKEN.MEMORY_MAP_START);
  }

  // 07, path, 00, varint segments, u64 load address
  image(path: string, segments: number, loadHigh: number, loadLow: number): void {
    this.#token(TOKEN.SEGMENT_HEADER);
    writeString(this.#out, path);
    this.#out.reserve(RESERVE);
    this.#out.varint(segments);
    wideWord(this.#out, loadHigh, loadLow);
  }

  // 08, u64 address, varint size
  segment(addressHigh: number, addressLow: number, size: number): void {
    this.#token(TOKEN.SEGMENT);
    wideWord(this.#out, addressHigh, addressLow);
    this.#out.varint(size);
  }

  /** Writes `svarint native - last native`, also within allocations. The caller has reserved the room. */
  native(native: number): void {
    this.#out.svarint(native - this.#lastNative);
    this.#lastNative = native;
  }

  #token(token: number): void {
    this.#out.reserve(RESERVE);
    this.#out.u8(token);
  }
}
