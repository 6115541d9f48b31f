import type { ByteWriter } from '../../wire/byte-writer.js';
import { FREE, ID_TO_11 } from '../format/allocators.js';
import { MAX_POP, TOKEN_11, trailerOf } from '../format/records.js';
import { writeString } from './write-header.js';
import { MAX_RECORD_BYTES, type RecordEncoder } from './write-records.js';

/**
 * Encodes format 11. The first byte is `ffff kkkk`: flags and kind. It has no pointer cache: addresses are whole,
 * frames have their line, and the declaration and the push of frames share one delta state.
 */
export class RecordEncoder11 implements RecordEncoder {
  readonly #out: ByteWriter;
  #lastAddress = 0;
  #lastFrame = 0;
  #lastLine = 0;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  // 0000 1100, u64 thread id
  contextSwitch(threadId: number): void {
    const out = this.#out;
    out.reserve(MAX_RECORD_BYTES);
    out.u8(TOKEN_11.CONTEXT_SWITCH);
    out.u64(threadId);
  }

  // 0000 1010, name, 00
  threadName(name: string): void {
    const out = this.#out;
    out.reserve(1);
    out.u8(TOKEN_11.THREAD_NAME);
    writeString(out, name);
  }

  // 0000 1011, varint resident bytes, varint milliseconds since the start
  memoryRecord(residentBytes: number, millisSinceStart: number): void {
    const out = this.#out;
    out.reserve(MAX_RECORD_BYTES);
    out.u8(TOKEN_11.MEMORY_RECORD);
    out.varint(residentBytes);
    out.varint(millisSinceStart);
  }

  // 000n 0011, svarint id - last frame, function, 00, file, 00, svarint line - last line; n = not an entry frame
  frame(id: number, functionName: string, file: string, line: number): void {
    const out = this.#out;
    out.reserve(MAX_RECORD_BYTES);
    out.u8(TOKEN_11.FRAME);
    this.#frameId(id);
    writeString(out, functionName);
    writeString(out, file);
    out.reserve(MAX_RECORD_BYTES);
    out.svarint(line - this.#lastLine);
    this.#lastLine = line;
  }

  // 0000 0100, svarint id - last frame
  push(frameId: number): void {
    const out = this.#out;
    out.reserve(MAX_RECORD_BYTES);
    out.u8(TOKEN_11.FRAME_PUSH);
    this.#frameId(frameId);
  }

  // nnnn 1001, n + 1 frames; repeated for more than 16
  pop(count: number): void {
    const out = this.#out;
    for (let left = count; left > 0; left -= MAX_POP) {
      out.reserve(1);
      out.u8(((Math.min(left, MAX_POP) - 1) << 4) | TOKEN_11.FRAME_POP);
    }
  }

  // aaaa 0001, svarint address - last address, varint size
  allocation(address: number, size: number, allocator: number): void {
    this.free(address, allocator);
    this.#out.varint(size);
  }

  // aaaa 0001, svarint address - last address
  free(address: number, allocator: number = FREE): void {
    const out = this.#out;
    out.reserve(MAX_RECORD_BYTES);
    out.u8((ID_TO_11[allocator]! << 4) | TOKEN_11.ALLOCATION);
    out.svarint(address - this.#lastAddress);
    this.#lastAddress = address;
  }

  // 0001 0000
  trailer(): void {
    this.#out.reserve(1);
    this.#out.u8(trailerOf(11, 'ALL_ALLOCATIONS'));
  }

  #frameId(id: number): void {
    this.#out.svarint(id - this.#lastFrame);
    this.#lastFrame = id;
  }
}
