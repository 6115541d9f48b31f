import type { ByteWriter } from '../../wire/byte-writer.js';
import type { MemrayHeader } from '../format/header.js';
import type { MemrayLimits } from '../format/limits.js';
import type { MemrayFormat } from '../format/memray-format.js';
import type { AggregatedAllocation, RecordHandler } from '../format/record-handler.js';
import { TOKEN, TOKEN_AGGREGATED } from '../format/records.js';
import { CaptureModel } from '../model/capture-model.js';
import { writeSite, writeSnapshot } from '../write/write-aggregated.js';
import { writeHeader, writeString } from '../write/write-header.js';
import { NativeRecordWriter } from '../write/write-native.js';
import { RESERVE, wideWord } from '../write/write-numbers.js';

/** Python version whose decoder reads the line tables of a single line that are written here. */
export const PYTHON_3_11 = 0x030b00f0;

/**
 * Writes the records it receives in another format. This base class has the parts that all formats share: the tokens of
 * these records are the same, in aggregated files too.
 */
export abstract class RecordConverter implements RecordHandler {
  protected readonly out: ByteWriter;
  readonly #format: MemrayFormat;
  readonly #natives: NativeRecordWriter;
  #header: MemrayHeader | undefined;
  /** Validates each record before it is written. */
  protected readonly model: CaptureModel;
  /** Number of declared frames, for the header of format 11. */
  abstract readonly frameCount: number;

  constructor(out: ByteWriter, format: MemrayFormat, limits: MemrayLimits) {
    this.out = out;
    this.#natives = new NativeRecordWriter(out);
    this.model = new CaptureModel(limits, []);
    this.#format = format;
  }

  protected get source(): MemrayHeader {
    return this.#header!;
  }

  protected get aggregated(): boolean {
    return this.source.fileFormat === 'AGGREGATED_ALLOCATIONS';
  }

  header(header: MemrayHeader): void {
    this.#header = header;
    this.model.header(header);
    writeConvertedHeader(this.out, header, this.#format);
  }

  // 0c, u64 tid
  contextSwitch(high: number, low: number): void {
    this.model.contextSwitch(high, low);
    this.token(TOKEN.CONTEXT_SWITCH);
    wideWord(this.out, high, low);
  }

  // 0a, name, 00
  threadName(name: string): void {
    this.model.threadName(name);
    this.token(TOKEN.THREAD_NAME);
    writeString(this.out, name);
  }

  nativeFrame(ipHigh: number, ipLow: number, parent: number): void {
    this.model.nativeFrame(ipHigh, ipLow, parent);
    this.#natives.frame(ipHigh, ipLow, parent);
  }

  memoryMapStart(): void {
    this.model.memoryMapStart();
    this.#natives.memoryMapStart();
  }

  image(path: string, segments: number, loadHigh: number, loadLow: number): void {
    this.model.image(path, segments, loadHigh, loadLow);
    this.#natives.image(path, segments, loadHigh, loadLow);
  }

  segment(addressHigh: number, addressLow: number, size: number): void {
    this.model.segment(addressHigh, addressLow, size);
    this.#natives.segment(addressHigh, addressLow, size);
  }

  memorySnapshot(millis: number, residentBytes: number, heapBytes: number): void {
    writeSnapshot(this.out, millis, residentBytes, heapBytes);
  }

  // 02, u64 tid, u8 allocator, 7 bytes of padding, seven u64
  aggregatedAllocation(row: AggregatedAllocation): void {
    this.model.aggregatedAllocation(row);
    this.token(TOKEN_AGGREGATED.ALLOCATION);
    wideWord(this.out, row.threadHigh, row.threadLow);
    writeSite(this.out, row, this.allocatorNumber(row.allocator));
  }

  abstract memoryRecord(residentBytes: number, millis: number): void;
  abstract codeObject(id: number, functionName: string, file: string, line: number, table: Uint8Array): void;
  abstract frame11(id: number, functionName: string, file: string, line: number, entry: boolean): void;
  abstract push(id: number, instructionOffset: number, entry: boolean): void;
  abstract pop(count: number): void;
  abstract allocation(high: number, low: number, size: number, allocator: number, native: number): void;
  abstract object(high: number, low: number, created: boolean, native: number): void;
  abstract trailer(): void;
  abstract stackNode(frame: number, parent: number): void;
  abstract frame(id: number, code: number, instructionOffset: number, entry: boolean): void;
  abstract survivingObject(high: number, low: number, native: number): void;
  /** Returns the number of an allocator (of formats 12 and 13) in the output format. */
  protected abstract allocatorNumber(allocator: number): number;

  /** Writes a token, and reserves room for the whole record except its strings and byte runs. */
  protected token(token: number): void {
    this.out.reserve(RESERVE);
    this.out.u8(token);
  }

  /** Writes `svarint native - last native`. */
  protected native(native: number): void {
    this.#natives.native(native);
  }
}

/** Writes the header of a capture in another format. Fields that the format does not have are omitted. */
export function writeConvertedHeader(out: ByteWriter, header: MemrayHeader, format: MemrayFormat): void {
  const pythonVersion = header.format === 11 ? PYTHON_3_11 : header.pythonVersion;
  writeHeader(out, { ...header, format, pythonVersion });
}
