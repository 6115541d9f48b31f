import type { ByteWriter } from '../../wire/byte-writer.js';
import { isSimpleDeallocator } from '../format/allocators.js';
import { beyond, type MemrayLimits } from '../format/limits.js';
import type { MemrayFormat } from '../format/memray-format.js';
import { RecordDamage } from '../format/record-handler.js';
import {
  allocationTag,
  ENTRY_FRAME_BIT,
  POINTER_NOT_CACHED,
  TAG_FRAME_POP,
  TAG_FRAME_PUSH,
  TOKEN,
  TOKEN_AGGREGATED,
  trailerOf,
} from '../format/records.js';
import { writeString } from '../write/write-header.js';
import { delta, popRuns, RESERVE, varint, type Wide } from '../write/write-numbers.js';
import { RecordConverter } from './convert-base.js';

/** One frame of format 11. It becomes a separate function, because format 11 has no line table. */
interface Frame {
  readonly code: number;
  readonly entry: boolean;
}

/** Converts format 11 to formats 12 and 13. Addresses are rounded down to multiples of 8. */
export class ConverterTo12 extends RecordConverter {
  readonly #limits: MemrayLimits;
  readonly #cache: WidePointerCache = new WidePointerCache();
  readonly #lastPointer: Wide = { high: 0, low: 0 };
  readonly #frames: Map<number, Frame> = new Map();
  #lastFirstLine = 0;
  readonly frameCount = 0;

  constructor(out: ByteWriter, format: Exclude<MemrayFormat, 11>, limits: MemrayLimits) {
    super(out, format, limits);
    this.#limits = limits;
  }

  // 02, varint resident bytes, varint milliseconds since the start
  memoryRecord(residentBytes: number, millis: number): void {
    this.token(TOKEN.MEMORY_RECORD);
    varint(this.out, residentBytes);
    varint(this.out, millis);
  }

  codeObject(): void {}

  // 0e, varint id, function, 00, file, 00, svarint first line - last first line, 02 e8 00: see write-records.ts
  frame11(id: number, functionName: string, file: string, line: number, entry: boolean): void {
    this.model.frame11(id, functionName, file, line, entry);
    const code = this.#addFrame(id, entry);
    this.token(TOKEN.CODE_OBJECT);
    this.out.varint(code);
    writeString(this.out, functionName);
    writeString(this.out, file);
    this.out.reserve(RESERVE);
    this.out.svarint(line - this.#lastFirstLine);
    this.#lastFirstLine = line;
    this.out.u8(2);
    this.out.u8(0xe8);
    this.out.u8(0x00);
    if (this.aggregated) this.#aggregatedFrame(code, entry);
  }

  // 01 00000 e, varint code object, svarint 0
  push(id: number): void {
    const frame = this.#frames.get(id);
    if (frame === undefined) throw new RecordDamage(`frame ${id} is not known`);
    this.model.push(id, 0, true);
    this.token(TAG_FRAME_PUSH | (frame.entry ? ENTRY_FRAME_BIT : 0));
    this.out.varint(frame.code);
    this.out.u8(0);
  }

  // 0001 nnnn, n + 1 frames
  pop(count: number): void {
    this.model.pop(count);
    for (const run of popRuns(count)) this.token(TAG_FRAME_POP | (run - 1));
  }

  // 1 pppp aaa, [svarint pointer - last missed pointer], [u8 allocator], [svarint native], [varint size]
  allocation(high: number, low: number, size: number, allocator: number, native: number): void {
    const { out } = this;
    const pointerLow = ((low >>> 3) | (high << 29)) >>> 0;
    const pointerHigh = high >>> 3;
    this.model.allocation(high, low, size, allocator, native);
    const cacheIndex = this.#cache.indexOf(pointerHigh, pointerLow);
    this.token(allocationTag({ cacheIndex, allocator }));
    if (cacheIndex === POINTER_NOT_CACHED) delta(out, this.#lastPointer, pointerHigh, pointerLow);
    if (allocator > 7) out.u8(allocator);
    if (isSimpleDeallocator(allocator)) return;
    if (this.source.nativeTraces) this.native(Math.max(native, 0));
    out.varint(size);
  }

  object(): void {}

  trailer(): void {
    this.token(trailerOf(12, this.source.fileFormat));
  }

  // 03, varint frame, varint parent
  stackNode(frame: number, parent: number): void {
    const known = this.#frames.get(frame);
    if (known === undefined) throw new RecordDamage(`frame ${frame} is not known`);
    this.model.stackNode(frame, parent);
    this.token(TOKEN_AGGREGATED.STACK_NODE);
    this.out.varint(known.code);
    this.out.varint(parent);
  }

  frame(): void {}

  survivingObject(): void {}

  protected allocatorNumber(allocator: number): number {
    return allocator;
  }

  // 04, varint frame, varint code object, svarint instruction offset, bool entry
  #aggregatedFrame(code: number, entry: boolean): void {
    this.token(TOKEN_AGGREGATED.FRAME);
    this.out.varint(code);
    this.out.varint(code);
    this.out.u8(0);
    this.out.u8(entry ? 1 : 0);
  }

  /** Adds a frame. Its function is numbered from 0, as the frames of an aggregated file must be. */
  #addFrame(id: number, entry: boolean): number {
    if (this.#frames.has(id)) throw new RecordDamage(`frame ${id} is there twice`);
    const code = this.#frames.size;
    if (code >= this.#limits.maxFrames) throw beyond('frames', this.#limits.maxFrames, 'maxFrames');
    this.#frames.set(id, { code, entry });
    return code;
  }
}

const CACHE_SIZE = 15;

/** The pointer cache (see pointer-cache.ts) for 64-bit pointers. */
class WidePointerCache {
  readonly #highs: Uint32Array = new Uint32Array(CACHE_SIZE);
  readonly #lows: Uint32Array = new Uint32Array(CACHE_SIZE);
  #newest = 0;

  indexOf(high: number, low: number): number {
    for (let index = 0; index < CACHE_SIZE; index += 1) {
      const slot = (this.#newest + index) % CACHE_SIZE;
      if (this.#lows[slot] === low && this.#highs[slot] === high) return index;
    }
    this.#newest = (this.#newest + CACHE_SIZE - 1) % CACHE_SIZE;
    this.#highs[this.#newest] = high;
    this.#lows[this.#newest] = low;
    return POINTER_NOT_CACHED;
  }
}
