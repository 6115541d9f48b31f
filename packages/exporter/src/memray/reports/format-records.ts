import { ALLOCATORS } from '../format/allocators.js';
import type { MemrayHeader } from '../format/header.js';
import type { AggregatedAllocation, RecordHandler } from '../format/record-handler.js';
import type { TimeWindow } from '../heap/time-window.js';

const PYTHON_ALLOCATORS = ['', 'pymalloc', 'pymalloc_debug', 'malloc', 'other', 'mimalloc', 'mimalloc_debug'];

/** Prints a capture in the format of `memray parse`: one line for the header, then one for each record. */
export class RecordPrinter implements RecordHandler {
  readonly #print: (line: string) => void;
  readonly #window: TimeWindow | undefined;
  #header: MemrayHeader | undefined;
  /** True within the window, its first and last memory record included. */
  #isShown = true;

  /**
   * Creates a printer.
   *
   * @param print receives one line at a time, without a line break
   * @param window the part of the time whose records are printed after the header. Default: all
   */
  constructor(print: (line: string) => void, window?: TimeWindow) {
    this.#print = (line) => {
      if (this.#isShown) print(line);
    };
    this.#window = window;
  }

  header(header: MemrayHeader): void {
    this.#header = header;
    this.#window?.header(header);
    this.#print(headerLine(header));
    this.#isShown = this.#window?.isOpen ?? true;
  }

  contextSwitch(high: number, low: number): void {
    this.#print(`CONTEXT_SWITCH tid=${wide(high, low)}`);
  }

  threadName(name: string): void {
    this.#print(`${this.#aggregated ? 'THREAD_RECORD' : 'THREAD'} ${name}`);
  }

  memoryRecord(residentBytes: number, millis: number): void {
    const time = this.#header!.startTimeMillis + millis;
    const memory = this.#old ? residentBytes.toString(16) : residentBytes;
    this.#window?.memoryRecord(time);
    const isShown = this.#window?.isOpen ?? true;
    this.#isShown ||= isShown;
    this.#print(`MEMORY_RECORD time=${time} memory=${memory}`);
    this.#isShown = isShown;
  }

  codeObject(id: number, functionName: string, file: string, firstLine: number, lineTable: Uint8Array): void {
    const code = `code_id=${id} function_name=${functionName} filename=${file}`;
    this.#print(`CODE_OBJECT ${code} firstlineno=${firstLine} linetable_size=${lineTable.length}`);
  }

  frame11(id: number, functionName: string, file: string, line: number, entry: boolean): void {
    const place = `frame_id=${id} function_name=${functionName} filename=${file} lineno=${line}`;
    this.#print(
      `${this.#aggregated ? 'PYTHON_FRAME_INDEX' : 'FRAME_ID'} ${place} is_entry_frame=${Number(entry)}`,
    );
  }

  push(id: number, instructionOffset: number, entry: boolean): void {
    if (this.#old) this.#print(`FRAME_PUSH frame_id=${id}`);
    else this.#print(`FRAME_PUSH ${frameFields(id, instructionOffset, entry)}`);
  }

  pop(count: number): void {
    this.#print(`FRAME_POP count=${count}`);
  }

  allocation(high: number, low: number, size: number, allocator: number, native: number): void {
    const name = ALLOCATORS[allocator - 1]!.name.toLowerCase();
    const line = `address=${pointer(high, low)} size=${size} allocator=${name}`;
    if (!this.#old) this.#print(`ALLOCATION ${line} native_frame_id=${Math.max(native, 0)}`);
    else if (native < 0) this.#print(`ALLOCATION ${line}`);
    else this.#print(`ALLOCATION_WITH_NATIVE ${line} native_frame_id=${native}`);
  }

  object(high: number, low: number, _created: boolean, native: number): void {
    this.#print(`OBJECT_RECORD address=${pointer(high, low)} native_frame_id=${Math.max(native, 0)}`);
  }

  nativeFrame(ipHigh: number, ipLow: number, parent: number): void {
    const kind = this.#aggregated ? 'NATIVE_TRACE_INDEX' : 'NATIVE_FRAME_ID';
    this.#print(`${kind} ip=${pointer(ipHigh, ipLow)} index=${parent}`);
  }

  memoryMapStart(): void {
    this.#print('MEMORY_MAP_START');
  }

  image(path: string, segments: number, loadHigh: number, loadLow: number): void {
    const load = pointer(loadHigh, loadLow);
    this.#print(`SEGMENT_HEADER filename=${path} num_segments=${segments} addr=${load}`);
  }

  segment(addressHigh: number, addressLow: number, size: number): void {
    this.#print(`SEGMENT ${pointer(addressHigh, addressLow)} ${size.toString(16)}`);
  }

  trailer(): void {
    this.#print(this.#aggregated ? 'AGGREGATED_TRAILER' : 'TRAILER');
  }

  memorySnapshot(millis: number, residentBytes: number, heapBytes: number): void {
    this.#print(`MEMORY_SNAPSHOT time=${millis} rss=${residentBytes} heap=${heapBytes}`);
  }

  aggregatedAllocation(row: AggregatedAllocation): void {
    const fields = [
      `tid=${wide(row.threadHigh, row.threadLow)}`,
      `allocator=${ALLOCATORS[row.allocator - 1]!.name.toLowerCase()}`,
      `native_frame_id=${row.native}`,
      `python_frame_id=${row.stack}`,
      `native_segment_generation=${row.generation}`,
      `n_allocations_in_high_water_mark=${row.peakCount}`,
      `n_allocations_leaked=${row.leakedCount}`,
      `bytes_in_high_water_mark=${row.peakBytes}`,
      `bytes_leaked=${row.leakedBytes}`,
    ];
    this.#print(`AGGREGATED_ALLOCATION ${fields.join(' ')}`);
  }

  stackNode(frame: number, parent: number): void {
    this.#print(`PYTHON_TRACE_INDEX frame_id=${frame} parent_index=${parent}`);
  }

  frame(id: number, code: number, instructionOffset: number, entry: boolean): void {
    this.#print(`PYTHON_FRAME_INDEX frame_id=${id} ${frameFields(code, instructionOffset, entry)}`);
  }

  survivingObject(high: number, low: number, native: number): void {
    this.#print(`SURVIVING_OBJECT address=${pointer(high, low)} native_frame_id=${Math.max(native, 0)}`);
  }

  get #old(): boolean {
    return this.#header?.format === 11;
  }

  get #aggregated(): boolean {
    return this.#header?.fileFormat === 'AGGREGATED_ALLOCATIONS';
  }
}

function headerLine(header: MemrayHeader): string {
  const { format } = header;
  const fields = [
    'magic=memray',
    `version=${format}`,
    ...(format === 11 ? [] : [`python_version=${header.pythonVersion.toString(16).padStart(8, '0')}`]),
    `native_traces=${header.nativeTraces}`,
    `file_format=${header.fileFormat}`,
    `n_allocations=${header.allocationCount}`,
    `n_frames=${header.frameCount}`,
    `start_time=${header.startTimeMillis}`,
    `end_time=${header.endTimeMillis}`,
    `pid=${header.pid}`,
    `main_tid=${header.mainThreadId}`,
    `skipped_frames_on_main_tid=${header.skippedFrames}`,
    `command_line=${header.commandLine}`,
    `python_allocator=${PYTHON_ALLOCATORS[header.pythonAllocator] ?? ''}`,
    `trace_python_allocators=${header.pythonAllocatorsTraced}`,
    ...(format === 11 ? [] : [`track_object_lifetimes=${header.objectLifetimes}`]),
    ...(format === 13 ? searchPaths(header) : []),
  ];
  return `HEADER ${fields.join(' ')}`;
}

function searchPaths({ libdest, sitePackages, sysPath }: MemrayHeader): readonly string[] {
  const list = (paths: readonly string[]) => `[${paths.join(', ')}]`;
  return [`libdest=${libdest}`, `site_packages=${list(sitePackages)}`, `sys.path=${list(sysPath)}`];
}

function frameFields(code: number, instructionOffset: number, entry: boolean): string {
  return `code_object_id=${code} instruction_offset=${instructionOffset} is_entry_frame=${Number(entry)}`;
}

/** Formats a pointer as C does. */
function pointer(high: number, low: number): string {
  return high === 0 && low === 0 ? '(nil)' : `0x${wide(high, low).toString(16)}`;
}

function wide(high: number, low: number): number | bigint {
  return high < 2 ** 21 ? high * 2 ** 32 + low : (BigInt(high) << 32n) | BigInt(low);
}
