import { DirectCache } from '../../tables/direct-cache.js';
import { PairTable } from '../../tables/pair-table.js';
import { FREE, MMAP, MUNMAP, PYMALLOC_FREE } from '../format/allocators.js';
import type { MemrayHeader } from '../format/header.js';
import { beyond, type MemrayLimits } from '../format/limits.js';
import { type AggregatedAllocation, RecordDamage, type RecordHandler } from '../format/record-handler.js';
import { CodeTable, type CodeTableState, type MemrayLocation } from './code-table.js';
import type { HeapListener } from './heap-listener.js';
import { type NativeFrame, NativeTable, type NativeTableState } from './native-table.js';
import { SiteTable, type SiteTableState } from './site-table.js';
import { type MemrayThread, ThreadTable, type ThreadTableState } from './thread-table.js';

/** Enough for the pushes of a large program. At 16 bytes each they fill the second-level cache. */
const MAX_PUSHES = 1 << 16;
/** Upper limits of what fits into the 32 bits of a cached number. */
const MAX_CACHED_ID = 2 ** 31;
const MAX_CACHED_OFFSET = 2 ** 29;

/**
 * The listeners that implement one kind of event. Calls of empty functions would also cost time, at millions per
 * second.
 */
type Hearing<E extends keyof HeapListener> = readonly Required<Pick<HeapListener, E>>[];

function hearing<E extends keyof HeapListener>(listeners: readonly HeapListener[], event: E): Hearing<E> {
  return listeners.filter((listener) => listener[event] !== undefined) as unknown as Hearing<E>;
}

/** Maximum index in the tables of stacks, frames and so on. */
const MAX_INDEX = 2 ** 31 - 1;

/** The data of a {@link CaptureModel}, for another thread. */
export interface CaptureModelState {
  readonly header: MemrayHeader | undefined;
  readonly codes: CodeTableState;
  readonly threads: ThreadTableState;
  readonly natives: NativeTableState;
  readonly stacks: Int32Array<ArrayBuffer>;
  readonly sites: SiteTableState;
}

/**
 * The functions, threads, stacks and sites of a capture, built from its records. Reports heap events to its listeners.
 */
export class CaptureModel implements RecordHandler {
  readonly #limits: MemrayLimits;
  readonly #whenAllocated: Hearing<'allocated'>;
  readonly #whenFreed: Hearing<'freed'>;
  readonly #whenMapped: Hearing<'mapped'>;
  readonly #whenUnmapped: Hearing<'unmapped'>;
  readonly #listeners: readonly HeapListener[];
  readonly #codes: CodeTable;
  readonly #threads: ThreadTable;
  readonly #natives: NativeTable;
  readonly #stacks: PairTable;
  readonly #sites: SiteTable;
  /**
   * The stack that a push led to, by parent, ID and place: programs push the same few frames again and again, and a full
   * look-up takes a Map and two tables.
   */
  readonly #pushes: DirectCache;
  /** Current stack of each thread. */
  readonly #current: number[] = [];
  #thread = -1;
  #header: MemrayHeader | undefined;
  /** Frames of an aggregated file, by their ID in it. */
  readonly #aggregatedFrames: Map<number, number> = new Map();

  /**
   * Creates a model.
   *
   * @param options.pushSlots maximum number of cached pushes, a power of 4 from 1,024. Default 65,536
   * @param options.state data of another model; the new one is for look-ups only and accepts no records
   */
  constructor(
    limits: MemrayLimits,
    listeners: readonly HeapListener[],
    {
      pushSlots = MAX_PUSHES,
      state,
    }: { readonly pushSlots?: number; readonly state?: CaptureModelState } = {},
  ) {
    this.#limits = limits;
    this.#listeners = listeners;
    this.#whenAllocated = hearing(listeners, 'allocated');
    this.#whenFreed = hearing(listeners, 'freed');
    this.#whenMapped = hearing(listeners, 'mapped');
    this.#whenUnmapped = hearing(listeners, 'unmapped');
    this.#codes = state ? CodeTable.of(limits, state.codes) : new CodeTable(limits);
    this.#threads = new ThreadTable(limits, state?.threads);
    this.#pushes = new DirectCache(pushSlots);
    this.#natives = state ? NativeTable.of(limits, state.natives) : new NativeTable(limits);
    this.#stacks = state ? PairTable.of(state.stacks) : new PairTable();
    this.#sites = new SiteTable(limits, state?.sites);
    this.#header = state?.header;
  }

  /** Releases the tables that only further records would need. No record may follow. */
  seal(): void {
    this.#codes.seal();
    this.#stacks.seal();
    this.#sites.seal();
    this.#pushes.clear();
    this.#current.length = 0;
  }

  /** Copy of all data. */
  get state(): CaptureModelState {
    return {
      header: this.#header,
      codes: this.#codes.state,
      threads: this.#threads.state,
      natives: this.#natives.state,
      stacks: this.#stacks.state,
      sites: this.#sites.state,
    };
  }

  /** Undefined until the header was read. */
  get knownHeader(): MemrayHeader | undefined {
    return this.#header;
  }

  get sites(): SiteTable {
    return this.#sites;
  }

  get threadCount(): number {
    return this.#threads.size;
  }

  thread(index: number): MemrayThread {
    return this.#threads.thread(index);
  }

  /** Returns the innermost frame of a stack; 0 for the empty stack. */
  innermostFrame(stack: number): number {
    return stack === 0 ? 0 : this.#stacks.frame(stack);
  }

  /** Returns the stack of the caller of the innermost frame; 0 for none. */
  caller(stack: number): number {
    return stack === 0 ? 0 : this.#stacks.parent(stack);
  }

  get stackCount(): number {
    return this.#stacks.size;
  }

  isEntryFrame(frame: number): boolean {
    return this.#codes.isEntry(frame);
  }

  location(frame: number): MemrayLocation {
    return this.#codes.location(frame);
  }

  /** Iterates the locations of a stack from the innermost outwards, including hidden ones, up to `atMost` of them. */
  *wholeStack(stack: number, atMost: number = Number.POSITIVE_INFINITY): Generator<MemrayLocation> {
    let left = atMost;
    for (let at = stack; at !== 0 && left > 0; at = this.#stacks.parent(at)) {
      left -= 1;
      yield this.#codes.location(this.#stacks.frame(at));
    }
  }

  /**
   * Returns the locations of a stack from the innermost outwards. For stacks of the main thread, the outermost frames
   * that the header hides are omitted.
   */
  locations(stack: number, thread: number): readonly MemrayLocation[] {
    const locations = [...this.wholeStack(stack)];
    const { skippedFrames = 0, mainThreadId } = this.#header ?? {};
    const hidden = this.#threads.thread(thread).id === mainThreadId ? skippedFrames : 0;
    return hidden === 0 ? locations : locations.slice(0, Math.max(0, locations.length - hidden));
  }

  get natives(): NativeTable {
    return this.#natives;
  }

  nativeFrames(native: number, generation: number): readonly NativeFrame[] {
    return this.#natives.frames(native, generation);
  }

  header(header: MemrayHeader): void {
    this.#header = header;
    this.#codes.pythonVersion = header.pythonVersion;
    for (const listener of this.#listeners) listener.header?.(header);
  }

  contextSwitch(high: number, low: number): void {
    this.#thread = this.#threads.index(high, low);
    this.#current[this.#thread] ??= 0;
  }

  threadName(name: string): void {
    this.#requireThread('a thread name');
    this.#threads.name(this.#thread, name);
  }

  memoryRecord(residentBytes: number, millis: number): void {
    const time = this.#header!.startTimeMillis + millis;
    for (const listener of this.#listeners) listener.memoryRecord?.(time, residentBytes);
  }

  codeObject(id: number, functionName: string, file: string, firstLine: number, lineTable: Uint8Array): void {
    this.#codes.declare(id, functionName, file, firstLine, lineTable);
  }

  frame11(id: number, functionName: string, file: string, line: number, entry: boolean): void {
    this.#codes.declare(id, functionName, file, line);
    if (this.#isAggregated) this.#addAggregatedFrame(id, this.#codes.frame(id, 0, entry));
  }

  push(id: number, instructionOffset: number, entry: boolean): void {
    this.#requireThread('a frame');
    const parent = this.#current[this.#thread]!;
    this.#current[this.#thread] =
      this.#pushes.find(parent, id, placeOf(instructionOffset, entry)) ||
      this.#newPush(parent, id, instructionOffset, entry);
  }

  pop(count: number): void {
    this.#requireThread('a frame');
    let stack = this.#current[this.#thread]!;
    for (let left = count; left > 0; left -= 1) {
      if (stack === 0) throw new RecordDamage('more frames are popped than were pushed');
      stack = this.#stacks.parent(stack);
    }
    this.#current[this.#thread] = stack;
  }

  allocation(high: number, low: number, size: number, allocator: number, native: number): void {
    const thread = this.#thread;
    if (thread < 0) this.#requireThread('an allocation');
    if (allocator === FREE || allocator === PYMALLOC_FREE) {
      for (const listener of this.#whenFreed) listener.freed(thread, high, low);
      return;
    }
    if (size > Number.MAX_SAFE_INTEGER) throw new RecordDamage(`an impossible size ${size}`);
    if (allocator === MUNMAP) {
      for (const listener of this.#whenUnmapped) listener.unmapped(thread, high, low, size);
      return;
    }
    const stack = this.#current[thread]!;
    const site = this.#sites.intern(
      thread,
      allocator,
      stack,
      native > 0 ? native : 0,
      this.#natives.generation,
    );
    if (allocator === MMAP) {
      for (const listener of this.#whenMapped) listener.mapped(site, high, low, size);
    } else {
      for (const listener of this.#whenAllocated) listener.allocated(site, high, low, size);
    }
  }

  object(): void {
    this.#requireThread('an object');
  }

  nativeFrame(ipHigh: number, ipLow: number, parent: number): void {
    this.#natives.add(ipHigh, ipLow, parent);
  }

  memoryMapStart(): void {
    this.#natives.startGeneration();
  }

  image(path: string, _segments: number, loadHigh: number, loadLow: number): void {
    this.#natives.startImage(path, wide(loadHigh, loadLow));
  }

  segment(addressHigh: number, addressLow: number, size: number): void {
    this.#natives.addSegment(wide(addressHigh, addressLow), size);
  }

  trailer(): void {}

  memorySnapshot(millis: number, residentBytes: number, heapBytes: number): void {
    for (const listener of this.#listeners) listener.memorySnapshot?.(millis, residentBytes, heapBytes);
  }

  aggregatedAllocation(row: AggregatedAllocation): void {
    const { native, stack, generation } = row;
    if (stack > this.#stacks.size) throw new RecordDamage(`stack ${stack} is not known`);
    if (native > MAX_INDEX || generation > MAX_INDEX) throw new RecordDamage('an impossible native stack');
    const thread = this.#threads.index(row.threadHigh, row.threadLow);
    const site = this.#sites.intern(thread, row.allocator, stack, native, generation);
    for (const listener of this.#listeners) listener.aggregated?.(site, row);
  }

  stackNode(frame: number, parent: number): void {
    const known = this.#aggregatedFrames.get(frame);
    if (known === undefined) throw new RecordDamage(`frame ${frame} is not known`);
    const number = this.#stacks.size + 1;
    if (parent >= number) throw new RecordDamage(`stack ${parent} is not known`);
    if (this.#stack(parent, known) !== number) throw new RecordDamage('a stack is there twice');
  }

  frame(id: number, code: number, instructionOffset: number, entry: boolean): void {
    this.#addAggregatedFrame(id, this.#codes.frame(code, instructionOffset, entry));
  }

  survivingObject(): void {}

  get #isAggregated(): boolean {
    return this.#header?.fileFormat === 'AGGREGATED_ALLOCATIONS';
  }

  #addAggregatedFrame(id: number, frame: number): void {
    this.#aggregatedFrames.set(id, frame);
    const { maxFrames } = this.#limits;
    if (this.#aggregatedFrames.size > maxFrames) throw beyond('frames', maxFrames, 'maxFrames');
  }

  #newPush(parent: number, id: number, instructionOffset: number, entry: boolean): number {
    const stack = this.#stack(parent, this.#codes.frame(id, instructionOffset, entry));
    if (id >= 0 && id < MAX_CACHED_ID && Math.abs(instructionOffset) < MAX_CACHED_OFFSET)
      this.#pushes.store(parent, id, placeOf(instructionOffset, entry), stack);
    return stack;
  }

  #stack(parent: number, frame: number): number {
    const stack = this.#stacks.intern(parent, frame);
    if (stack > this.#limits.maxFrames) throw beyond('stacks', this.#limits.maxFrames, 'maxFrames');
    return stack;
  }

  #requireThread(what: string): void {
    if (this.#thread < 0) throw new RecordDamage(`${what} before any context switch`);
  }
}

function wide(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Returns the key of an offset. It is no 32-bit integer for an offset that is too large to be cached. */
function placeOf(offset: number, entry: boolean): number {
  return offset * 2 + (entry ? 1 : 0);
}
