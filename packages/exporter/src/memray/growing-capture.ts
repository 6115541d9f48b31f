import { type OwnPackage, StackPackages } from '../call-sites/index.js';
import type { ProfileBuilder, StackHandle } from '../profile/index.js';
import { ALLOCATORS, type AllocatorName } from './allocators.js';
import { CaptureModel } from './capture-model.js';
import { capturedProgram, plainPlace } from './captured-program.js';
import type { MemrayLocation } from './code-table.js';
import type { MemrayHeader } from './header.js';
import type { HeapListener } from './heap-listener.js';
import { HighWaterMark } from './high-water-mark.js';
import { LastMemoryRecord, type ResidentMemory } from './last-memory-record.js';
import { limitsWith, type MemrayLimits } from './limits.js';
import { ProfileStacks } from './profile-stacks.js';
import { profileTimes } from './profile-times.js';
import { type CaptureDamage, type CaptureEnd, RecordStream } from './record-stream.js';
import type { Amount } from './site-amounts.js';
import type { MemrayThread } from './thread-table.js';

export interface GrowingCaptureOptions {
  /** Names the packages of a Node program's own files. */
  readonly ownPackage?: OwnPackage | undefined;
  /** Length of the part at the start that {@link GrowingCapture.early} is about, in milliseconds. */
  readonly earlyMillis?: number;
}

/** Where and by what something was allocated. Sites are numbered from 1 and never change. */
export interface AllocationSite {
  readonly thread: MemrayThread;
  readonly allocator: AllocatorName;
  /** Number of the stack, 0 for none. */
  readonly stack: number;
}

/**
 * Follows a capture while it is written: amounts by site at any moment, nothing kept of the past but its sums.
 *
 * The bytes at the end of a growing file may be half written. {@link rewind} gives up what could not be read
 * yet; records that were read whole are never taken back.
 */
export class GrowingCapture {
  readonly #model: CaptureModel;
  readonly #stream: RecordStream;
  readonly #heap: HighWaterMark;
  readonly #memory: LastMemoryRecord = new LastMemoryRecord();
  readonly #ownPackage: OwnPackage | undefined;
  readonly #earlyMillis: number;
  #early: Amount | undefined;
  #packages: StackPackages | undefined;

  constructor(
    limits?: Partial<MemrayLimits>,
    { ownPackage, earlyMillis = Infinity }: GrowingCaptureOptions = {},
  ) {
    this.#ownPackage = ownPackage;
    this.#earlyMillis = earlyMillis;
    const all = limitsWith(limits);
    this.#heap = new HighWaterMark(all);
    const time: HeapListener = { memoryRecord: (millis) => this.#noteTime(millis) };
    this.#model = new CaptureModel(all, [this.#heap, this.#memory, time]);
    this.#stream = new RecordStream(this.#model, all);
  }

  /** @throws FormatError when this is no capture we can read, or goes beyond a limit */
  push(bytes: Uint8Array): void {
    this.#stream.push(bytes);
  }

  /**
   * Gives up what is not read as whole records, damage included, and says from which byte on it must be pushed
   * again. Only for a raw capture, pushed without the zeros at its end.
   */
  rewind(): number {
    return this.#stream.rewind();
  }

  /** @throws FormatError when not even the header is there */
  end(): CaptureEnd {
    return this.#stream.end();
  }

  /** Known as soon as it was read. */
  get header(): MemrayHeader | undefined {
    return this.#stream.header;
  }

  /** Where the next record begins, in bytes from the start of the (uncompressed) capture. */
  get offset(): number {
    return this.#stream.offset;
  }

  /** Whether the trailer was read. */
  get complete(): boolean {
    return this.#stream.complete;
  }

  get damage(): CaptureDamage | undefined {
    return this.#stream.damage;
  }

  /** Allocations and deallocations so far. */
  get events(): number {
    return this.#heap.amounts.events;
  }

  get liveBytes(): number {
    return this.#heap.amounts.liveBytes;
  }

  get peakBytes(): number {
    return this.#heap.amounts.peakBytes;
  }

  /** Undefined before the first memory record. */
  get resident(): ResidentMemory | undefined {
    return this.#memory.last;
  }

  /**
   * Returns what makes stacks of a profile from those of sites: without the frames that the header says to hide, and with
   * native ones, as in {@link MemrayProfiler}. For what was read so far.
   */
  stacksIn(builder: ProfileBuilder): (site: number) => StackHandle | undefined {
    const model = this.#model;
    const stacks = new ProfileStacks(builder, model, this.header?.skippedFrames ?? 0);
    return (site) => {
      const isMain = model.thread(model.sites.thread(site)).id === this.header?.mainThreadId;
      const callers = stacks.ofCode(model.sites.stack(site), isMain);
      return stacks.withNative(callers, model.sites.native(site), model.sites.generation(site));
    };
  }

  /** Time of collection and length of a profile of what was read so far; there must be a header. */
  get times(): { readonly timeNanos: bigint; readonly durationNanos: bigint } {
    if (this.header === undefined) throw new Error('there is no header yet');
    return profileTimes(this.header, this.resident?.millis);
  }

  /** What was allocated in the first `earlyMillis` of the run; undefined as long as it is not that old. */
  get early(): Amount | undefined {
    return this.#early;
  }

  /** What was allocated in all, freed or not. */
  get totalAllocated(): Amount {
    let bytes = 0;
    let count = 0;
    for (let site = 1; site <= this.siteCount; site += 1) {
      const allocated = this.allocated(site);
      bytes += allocated.bytes;
      count += allocated.count;
    }
    return { bytes, count };
  }

  /** Whether it says what was ever allocated; an aggregated file does not. */
  get knowsAllocated(): boolean {
    return this.header?.fileFormat === 'ALL_ALLOCATIONS';
  }

  get siteCount(): number {
    return this.#model.sites.size;
  }

  site(site: number): AllocationSite {
    const { sites } = this.#model;
    return {
      thread: this.#model.thread(sites.thread(site)),
      allocator: ALLOCATORS[sites.allocator(site) - 1]!.name,
      stack: sites.stack(site),
    };
  }

  /** All that was ever allocated there. */
  allocated(site: number): Amount {
    return this.#heap.amounts.total(site);
  }

  /** What was alive at the high-water mark. */
  atPeak(site: number): Amount {
    return this.#heap.amounts.atPeak(site);
  }

  /** What is alive now. */
  live(site: number): Amount {
    return this.#heap.amounts.live(site);
  }

  /** The places of a stack from the innermost outwards, none hidden. */
  *wholeStack(stack: number): Generator<MemrayLocation> {
    for (const location of this.#model.wholeStack(stack)) yield plainPlace(location);
  }

  /** The frame that is charged with what a stack allocated, see `StackPackages`; undefined for the empty stack. */
  callSite(stack: number): MemrayLocation | undefined {
    return this.#stackPackages().callSite(this.wholeStack(stack));
  }

  /** The package that a stack belongs to, see `StackPackages`. */
  packageOf(stack: number): string {
    return this.#stackPackages().packageOf(this.wholeStack(stack));
  }

  #noteTime(millis: number): void {
    if (this.#early !== undefined || this.header === undefined) return;
    if (millis - this.header.startTimeMillis >= this.#earlyMillis) this.#early = this.totalAllocated;
  }

  #stackPackages(): StackPackages {
    if (this.header === undefined) throw new Error('there is no header yet');
    this.#packages ??= new StackPackages(capturedProgram(this.header), this.#ownPackage);
    return this.#packages;
  }
}
