import type { ByteWriter } from '../../wire/byte-writer.js';
import { ID_TO_11, isDeallocator, isSimpleDeallocator } from '../format/allocators.js';
import type { MemrayHeader } from '../format/header.js';
import type { MemrayLimits } from '../format/limits.js';
import { TOKEN_11, TOKEN_AGGREGATED, tag11, trailerOf } from '../format/records.js';
import { CodeTable } from '../model/code-table.js';
import { writeString } from '../write/write-header.js';
import { delta, popRuns, RESERVE, varint, type Wide } from '../write/write-numbers.js';
import { RecordConverter } from './convert-base.js';

/**
 * Converts formats 12 and 13 to format 11: frames have their line instead of an offset in a function, allocators have
 * different numbers, and object records are omitted, because format 11 has none.
 */
export class ConverterTo11 extends RecordConverter {
  readonly #codes: CodeTable;
  readonly #lastAddress: Wide = { high: 0, low: 0 };
  #lastFrame = 0;
  #lastLine = 0;
  /** Highest declared frame. Frames are numbered from 1 in the order of their first use. */
  #declared = 0;

  constructor(out: ByteWriter, limits: MemrayLimits) {
    super(out, 11, limits);
    this.#codes = new CodeTable(limits);
  }

  get frameCount(): number {
    return this.#declared;
  }

  override header(header: MemrayHeader): void {
    super.header(header);
    this.#codes.pythonVersion = header.pythonVersion;
  }

  // 0000 1011, varint resident bytes, varint milliseconds since the start
  memoryRecord(residentBytes: number, millis: number): void {
    this.token(TOKEN_11.MEMORY_RECORD);
    varint(this.out, residentBytes);
    varint(this.out, millis);
  }

  codeObject(id: number, functionName: string, file: string, line: number, table: Uint8Array): void {
    this.model.codeObject(id, functionName, file, line, table);
    this.#codes.declare(id, functionName, file, line, table);
  }

  frame11(): void {}

  // 0000 0100, svarint frame - last frame
  push(id: number, instructionOffset: number, entry: boolean): void {
    this.model.push(id, instructionOffset, entry);
    const frame = this.#codes.frame(id, instructionOffset, entry);
    if (frame > this.#declared) this.#declare(frame, entry);
    this.token(TOKEN_11.FRAME_PUSH);
    this.#frameId(frame);
  }

  // nnnn 1001, n + 1 frames
  pop(count: number): void {
    this.model.pop(count);
    for (const run of popRuns(count)) this.token(tag11({ kind: TOKEN_11.FRAME_POP, flags: run - 1 }));
  }

  // aaaa 000w, svarint address - last address, [varint size], [svarint native if w is for "with native"]
  allocation(high: number, low: number, size: number, allocator: number, native: number): void {
    const withNative = native >= 0 && !isDeallocator(allocator);
    const kind = withNative ? TOKEN_11.ALLOCATION_WITH_NATIVE : TOKEN_11.ALLOCATION;
    this.model.allocation(high, low, size, allocator, native);
    this.token(tag11({ kind, flags: this.allocatorNumber(allocator) }));
    delta(this.out, this.#lastAddress, high, low);
    if (!isSimpleDeallocator(allocator)) this.out.varint(size);
    if (withNative) this.native(native);
  }

  object(): void {}

  trailer(): void {
    this.token(trailerOf(11, this.source.fileFormat));
  }

  // 03, u64 frame, u32 parent
  stackNode(frame: number, parent: number): void {
    this.model.stackNode(frame, parent);
    this.token(TOKEN_AGGREGATED.STACK_NODE);
    this.out.u64(frame);
    this.out.u32(parent);
  }

  // 04, u64 frame, function, 00, file, 00, i32 line, bool entry
  frame(id: number, code: number, instructionOffset: number, entry: boolean): void {
    this.model.frame(id, code, instructionOffset, entry);
    const place = this.#codes.location(this.#codes.frame(code, instructionOffset, entry));
    this.#declared += 1;
    this.token(TOKEN_AGGREGATED.FRAME);
    this.out.u64(id);
    writeString(this.out, place.functionName);
    writeString(this.out, place.file);
    this.out.reserve(RESERVE);
    this.out.u32(place.line);
    this.out.u8(entry ? 1 : 0);
  }

  survivingObject(): void {}

  protected allocatorNumber(allocator: number): number {
    return ID_TO_11[allocator]!;
  }

  // 000n 0011, svarint frame - last frame, function, 00, file, 00, svarint line - last line; n = not an entry frame
  #declare(frame: number, entry: boolean): void {
    const { functionName, file, line } = this.#codes.location(frame);
    this.#declared = frame;
    this.token(tag11({ kind: TOKEN_11.FRAME, flags: entry ? 0 : 1 }));
    this.#frameId(frame);
    writeString(this.out, functionName);
    writeString(this.out, file);
    this.out.reserve(RESERVE);
    this.out.svarint(line - this.#lastLine);
    this.#lastLine = line;
  }

  #frameId(frame: number): void {
    this.out.svarint(frame - this.#lastFrame);
    this.#lastFrame = frame;
  }
}
