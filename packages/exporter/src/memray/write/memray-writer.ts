import { PairTable } from '../../tables/pair-table.js';
import { doubled } from '../../tables/typed-arrays.js';
import { ByteWriter } from '../../wire/byte-writer.js';
import {
  type AllocatorName,
  allocatorId,
  isDeallocator,
  isSimpleDeallocator,
  MALLOC,
} from '../format/allocators.js';
import { cleanAddress, cleanCount, cleanMillis, cleanThreadId } from '../format/clean-number.js';
import { cleanName, cleanText } from '../format/clean-text.js';
import { headerOffsets } from '../format/header.js';
import { DEFAULT_MEMRAY_FORMAT, type MemrayFormat } from '../format/memray-format.js';
import { trailerOf } from '../format/records.js';
import { FrameTable } from './frame-table.js';
import { writeHeader } from './write-header.js';
import { MAX_RECORD_BYTES, type RecordEncoder, RecordEncoder12 } from './write-records.js';
import { RecordEncoder11 } from './write-records-11.js';

declare const brand: unique symbol;

/** A frame of one {@link MemrayWriter}. Not valid for another one. */
export type FrameHandle = number & { readonly [brand]: 'frame' };

/** A call stack of one {@link MemrayWriter}. Not valid for another one. */
export type StackHandle = number & { readonly [brand]: 'stack' };

export interface MemrayWriterOptions {
  /** Capture format. Default 13. */
  readonly format?: MemrayFormat;
  /** The command line as one string, arguments joined by spaces. */
  readonly commandLine: string;
  readonly pid: number;
  /** Start of the capture in ms since the Unix epoch. All later times are stored relative to it. */
  readonly startTimeMillis: number;
  /** ID of the main thread. Default 1. */
  readonly mainThreadId?: number;
  /** Folder of the standard library for `memray stats`. Used in format 13 only, like the next two. */
  readonly libdest?: string;
  /** Folders of packages, the deepest first. */
  readonly sitePackages?: readonly string[];
  /** Folders of the program itself. */
  readonly sysPath?: readonly string[];
}

/** Bytes to overwrite at `offset` in the finished capture. */
export interface HeaderPatch {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

const DEFAULT_MAIN_THREAD = 1;
/**
 * Python version in the header: line tables of kind 13 entries, which `frame()` writes, follow the rules of CPython
 * 3.11.
 */
const PYTHON_VERSION = 0x030b00f0;
/**
 * "malloc": each object is allocated and freed separately. For any other allocator, memray warns that leaks are
 * misleading, because an arena allocator would keep freed memory. With 0, every report fails.
 */
const PYTHON_ALLOCATOR = 3;
/** An address that no allocator returns, so that freeing it changes nothing. */
const HARMLESS_ADDRESS = 8;
/** Maximum size of a push: a token, a frame's number and one more byte. */
const MAX_PUSH_BYTES = 12;
const MAX_THREAD_SWITCH_BYTES = 9;

/** State of a thread: its name, and the stack according to the records written so far. */
interface ThreadState {
  stack: number;
  name: string;
}

/**
 * Writes a memray capture (ALL_ALLOCATIONS) into memory, event by event; {@link take} returns the bytes.
 *
 * No method does I/O, and none throws because of an argument. Strings are cleaned (see `cleanName`), sizes and times
 * become non-negative integers, addresses lose their low three bits, and an invalid thread ID (not a positive integer)
 * means the main thread. Calls after {@link finish} are ignored.
 *
 * Frame pushes and pops are written only when an allocation needs them, starting at the nearest common caller, so that
 * interning stacks costs no bytes. Memory depends on distinct frames and stacks, not on events.
 */
export class MemrayWriter {
  readonly #out: ByteWriter = new ByteWriter();
  readonly #encoder: RecordEncoder;
  readonly #format: MemrayFormat;
  readonly #startTimeMillis: number;
  readonly #mainThreadId: number;
  readonly #headerBytes: number;
  readonly #commandLineBytes: number;

  readonly #frames: FrameTable = new FrameTable();
  readonly #stacks: PairTable = new PairTable();
  #depths: Int32Array = new Int32Array(1024);

  readonly #threads: Map<number, ThreadState> = new Map();
  #thread: ThreadState = { stack: 0, name: '' };
  /** Undefined at first, so that the first event writes a thread switch, even with an invalid ID. */
  #threadId: number | undefined;

  #takenBytes = 0;
  #allocations = 0;
  #deallocations = 0;
  #finished = false;

  constructor(options: MemrayWriterOptions) {
    this.#format = options.format ?? DEFAULT_MEMRAY_FORMAT;
    this.#startTimeMillis = cleanMillis(options.startTimeMillis);
    this.#mainThreadId = cleanThreadId(options.mainThreadId) ?? DEFAULT_MAIN_THREAD;
    writeHeader(this.#out, {
      format: this.#format,
      pythonVersion: PYTHON_VERSION,
      nativeTraces: false,
      fileFormat: 'ALL_ALLOCATIONS',
      allocationCount: 0,
      frameCount: 0,
      startTimeMillis: this.#startTimeMillis,
      endTimeMillis: this.#startTimeMillis,
      commandLine: cleanText(options.commandLine),
      pid: options.pid,
      mainThreadId: BigInt(this.#mainThreadId),
      skippedFrames: 0,
      pythonAllocator: PYTHON_ALLOCATOR,
      pythonAllocatorsTraced: false,
      objectLifetimes: false,
      libdest: cleanText(options.libdest ?? ''),
      sitePackages: cleanPaths(options.sitePackages),
      sysPath: cleanPaths(options.sysPath),
    });
    this.#headerBytes = this.#out.length;
    this.#commandLineBytes = encodedText(options.commandLine).length;
    this.#encoder = this.#format === 11 ? new RecordEncoder11(this.#out) : new RecordEncoder12(this.#out);
  }

  /** Size of the capture so far in bytes, including the header, whether taken or not. */
  get bytesEncoded(): number {
    return this.#takenBytes + this.#out.length;
  }

  /** Number of allocation records so far. */
  get allocations(): number {
    return this.#allocations;
  }

  /** Number of deallocation records so far, including MUNMAPs and the harmless one of {@link finish}. */
  get deallocations(): number {
    return this.#deallocations;
  }

  /** Returns the frame of this function, file and line (from 1; 0 = unknown). Equal arguments give equal handles. */
  frame(functionName: string, file: string, line: number): FrameHandle {
    return this.#frames.intern(functionName, file, line) as FrameHandle;
  }

  /** Returns the stack of `frame` called by `parent` (`undefined` for none). Equal arguments give equal handles. */
  stack(parent: StackHandle | undefined, frame: FrameHandle): StackHandle {
    const caller = this.#known(parent);
    const stack = this.#stacks.intern(caller, frame);
    if (stack >= this.#depths.length) this.#depths = doubled(this.#depths);
    this.#depths[stack] = this.#depths[caller]! + 1;
    return stack as StackHandle;
  }

  /** Names a thread. The last name counts, also for events before it. */
  threadName(threadId: number, name: string): void {
    if (this.#finished || name === '') return;
    this.#switchTo(threadId);
    if (this.#thread.name === name) return;
    this.#thread.name = name;
    this.#encoder.threadName(cleanName(name));
  }

  /**
   * Writes the resident memory of the process at `timeMillis` (ms since the Unix epoch; a time before the start counts
   * as the start). A capture has no other times: write one record at the start, then one every 10 to 100 ms.
   */
  memoryRecord(residentBytes: number, timeMillis: number): void {
    if (this.#finished) return;
    this.#encoder.memoryRecord(cleanCount(residentBytes), cleanCount(timeMillis - this.#startTimeMillis));
  }

  /**
   * Writes an allocation of `size` bytes at `address`, a multiple of 8 below 2^53. With a simple deallocator, writes a
   * {@link free}.
   */
  allocation(
    threadId: number,
    address: number,
    size: number,
    stack: StackHandle | undefined,
    allocator: AllocatorName = 'MALLOC',
  ): void {
    if (this.#finished) return;
    const id = allocator === 'MALLOC' ? MALLOC : (allocatorId(allocator) ?? MALLOC);
    if (threadId !== this.#threadId) this.#switchTo(threadId);
    if (isSimpleDeallocator(id)) {
      this.#deallocations += 1;
      this.#encoder.free(cleanAddress(address), id);
      return;
    }
    const wanted = stack ?? 0;
    if (wanted !== this.#thread.stack) this.#moveTo(wanted);
    if (isDeallocator(id)) this.#deallocations += 1;
    else this.#allocations += 1;
    this.#encoder.allocation(cleanAddress(address), cleanCount(size), id);
  }

  /** Writes the deallocation of an earlier {@link allocation} at `address`. Reports ignore an unknown address. */
  free(threadId: number, address: number): void {
    if (this.#finished) return;
    if (threadId !== this.#threadId) this.#switchTo(threadId);
    this.#deallocations += 1;
    this.#encoder.free(cleanAddress(address));
  }

  /**
   * Returns the bytes encoded since the last call. They end with a whole record, so that a file of all results is
   * readable at any time. Empty until there is a record after the header: a header alone is not a valid capture,
   * because readers drop the zeros at its end.
   */
  take(): Uint8Array {
    if (this.bytesEncoded === this.#headerBytes) return new Uint8Array();
    const bytes = this.#out.take();
    this.#takenBytes += bytes.length;
    return bytes;
  }

  /**
   * Ends the capture: writes a last memory record, a harmless free, and the trailer. The free is needed because memray
   * stops reading at the last record of an allocation or deallocation. Without it, the last memory record would be
   * ignored, and temporal reports would show the peak of a growing heap too early.
   */
  finish(residentBytes: number, timeMillis: number): void {
    if (this.#finished) return;
    this.checkpoint(residentBytes, timeMillis);
    this.#encoder.trailer();
    this.#finished = true;
  }

  /**
   * Writes the end of a capture except the trailer, which is returned. All bytes taken so far followed by the trailer
   * are a finished capture, while this one continues. Empty after {@link finish}.
   */
  checkpoint(residentBytes: number, timeMillis: number): Uint8Array {
    if (this.#finished) return new Uint8Array();
    this.memoryRecord(residentBytes, timeMillis);
    this.free(this.#threadId ?? this.#mainThreadId, HARMLESS_ADDRESS);
    return Uint8Array.of(trailerOf(this.#format, 'ALL_ALLOCATIONS'));
  }

  /**
   * Returns the header fields to overwrite, now or after {@link finish}: the end time (ms since the Unix epoch) and the
   * counts. Without them the capture is readable, but reports show its start as its end, and counts of 0. The same
   * holds when only some are written, so they may be updated repeatedly.
   */
  headerPatches(endTimeMillis: number): readonly HeaderPatch[] {
    const offsets = headerOffsets(this.#format);
    return [
      { offset: offsets.allocationCount, bytes: word(this.#allocations + this.#deallocations) },
      { offset: offsets.endTime, bytes: word(cleanMillis(endTimeMillis)) },
      { offset: offsets.frameCount, bytes: word(this.#frames.declared) },
    ];
  }

  /**
   * Returns the header field to overwrite for another command line, now or after {@link finish}. It must have as many bytes as
   * the first one; otherwise undefined.
   */
  commandLinePatch(commandLine: string): HeaderPatch | undefined {
    const bytes = encodedText(commandLine);
    if (bytes.length !== this.#commandLineBytes) return undefined;
    return { offset: headerOffsets(this.#format).commandLine, bytes };
  }

  /** Returns a stack of this writer; the empty one for the handle of another writer. */
  #known(stack: StackHandle | undefined): number {
    return stack !== undefined && stack <= this.#stacks.size ? stack : 0;
  }

  #switchTo(threadId: number): void {
    const id = cleanThreadId(threadId) ?? this.#mainThreadId;
    if (id === this.#threadId) return;
    let thread = this.#threads.get(id);
    if (thread === undefined) {
      thread = { stack: 0, name: '' };
      this.#threads.set(id, thread);
    }
    this.#thread = thread;
    this.#threadId = id;
    this.#encoder.contextSwitch(id);
  }

  /**
   * Returns the maximum size of an {@link allocation} with this stack now, including the declarations of its frames.
   */
  maxAllocationBytes(stack: StackHandle | undefined): number {
    const wanted = stack ?? 0;
    if (wanted > this.#stacks.size) return MAX_RECORD_BYTES;
    const { pops, missing } = this.#pathTo(wanted);
    let bytes = MAX_THREAD_SWITCH_BYTES + MAX_RECORD_BYTES + pops + missing.length * MAX_PUSH_BYTES;
    for (const frame of missing) bytes += this.#frames.maxDeclarationBytes(frame);
    return bytes;
  }

  /** Pops to the nearest common caller of the thread's stack and `wanted`, then pushes the missing frames. */
  #moveTo(wanted: number): void {
    if (wanted > this.#stacks.size) return; // handle of another writer: do not move
    const { pops, missing } = this.#pathTo(wanted);
    if (pops > 0) this.#encoder.pop(pops);
    this.#push(missing);
    this.#thread.stack = wanted;
  }

  /**
   * Returns the path from the thread's stack to another: the number of frames to pop, and the frames to push, innermost
   * first.
   */
  #pathTo(wanted: number): { readonly pops: number; readonly missing: readonly number[] } {
    const stacks = this.#stacks;
    const depths = this.#depths;
    let from = this.#thread.stack;
    let to = wanted;
    const missing: number[] = [];
    while (depths[to]! > depths[from]!) {
      missing.push(stacks.frame(to));
      to = stacks.parent(to);
    }
    while (depths[from]! > depths[to]!) from = stacks.parent(from);
    while (from !== to) {
      missing.push(stacks.frame(to));
      to = stacks.parent(to);
      from = stacks.parent(from);
    }
    return { pops: depths[this.#thread.stack]! - depths[to]!, missing };
  }

  /** Pushes frames, the innermost first in `frames`. Declares new ones before. */
  #push(frames: readonly number[]): void {
    for (let at = frames.length - 1; at >= 0; at -= 1) this.#frames.declare(frames[at]!, this.#encoder);
    for (let at = frames.length - 1; at >= 0; at -= 1) this.#encoder.push(frames[at]!);
  }
}

function cleanPaths(paths: readonly string[] = []): readonly string[] {
  return paths.filter((path) => path !== '').map(cleanText); // an empty string would end the list
}

function word(value: number): Uint8Array {
  const out = new ByteWriter();
  out.u64(value);
  return out.take();
}

function encodedText(text: string): Uint8Array {
  return new TextEncoder().encode(cleanText(text));
}
