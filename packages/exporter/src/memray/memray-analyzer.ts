import { CaptureModel } from './capture-model.js';
import { type CaptureStats, type CaptureSums, captureSums } from './capture-stats.js';
import type { MemrayLocation } from './code-table.js';
import { type FollowedHeap, followHeap, readFollowing } from './followed-heap.js';
import type { MemrayHeader } from './header.js';
import type { HeapListener } from './heap-listener.js';
import { type GroupOptions, groupSites, type HeapRecord } from './heap-records.js';
import { limitsWith, type MemrayLimits } from './limits.js';
import { type MemorySnapshot, MemorySnapshots } from './memory-snapshots.js';
import type { NativeFrame } from './native-table.js';
import { type CaptureDamage, type CaptureEnd, RecordStream } from './record-stream.js';
import { SizeHistogram } from './size-histogram.js';
import { TemporalHighWaterMark } from './temporal-high-water-mark.js';
import { type TemporalInterval, TemporalLeaks } from './temporal-leaks.js';
import { TemporaryAllocations } from './temporary-allocations.js';
import type { MemrayThread } from './thread-table.js';

export interface MemrayAnalyzerOptions {
  /** See {@link MemrayLimits}; what is not given has its default. */
  readonly limits?: Partial<MemrayLimits>;
  /**
   * Follow the heap on a thread of its own, when the capture is long: faster by the clock where there are two
   * processors. What is alive or allocated is known after {@link MemrayAnalyzer.end} then, which must be called; there
   * are no {@link MemrayAnalyzer.snapshots}; and this thread blocks while it is ahead too far.
   */
  readonly ownThread?: boolean;
  /** Follow sizes for {@link MemrayAnalyzer.stats}. */
  readonly stats?: boolean;
  /** Count temporary allocations with this threshold; 1 is memray's usual one. */
  readonly temporaryThreshold?: number;
  /** Follow when allocations live, for {@link MemrayAnalyzer.temporalLeaks} and its companion. */
  readonly temporal?: boolean;
}

/** The intervals of one thread, allocator and stack. */
export interface TemporalRecord {
  readonly thread: number;
  /** A number of memray's allocator table, as in formats 12 and 13. */
  readonly allocator: number;
  readonly stack: number;
  readonly native: number;
  readonly intervals: readonly TemporalInterval[];
}

/**
 * Reads a capture as its bytes come (13, 12 or 11; all allocations or aggregated; raw or LZ4) and says what is
 * in it: now, for a capture that still grows, or when it was read to its end.
 *
 * One pass; memory grows with what is alive and with distinct stacks, not with the length of the file.
 */
export class MemrayAnalyzer {
  readonly #model: CaptureModel;
  readonly #stream: RecordStream;
  readonly #heap: FollowedHeap;
  readonly #snapshots: MemorySnapshots | undefined;
  readonly #sizes: SizeHistogram | undefined;
  readonly #temporary: TemporaryAllocations | undefined;
  readonly #temporalLeaks: TemporalLeaks | undefined;
  readonly #temporalPeaks: TemporalHighWaterMark | undefined;

  constructor(options: MemrayAnalyzerOptions = {}) {
    const limits = limitsWith(options.limits);
    const listeners: HeapListener[] = [];
    const listen = <T extends HeapListener>(listener: T): T => {
      listeners.push(listener);
      return listener;
    };
    this.#heap = followHeap(limits, options.ownThread);
    for (const listener of this.#heap.listeners) listen(listener);
    // What is alive at a memory record is known at once on this thread only.
    if (!options.ownThread) this.#snapshots = listen(new MemorySnapshots(() => this.#heap.amounts.liveBytes));
    if (options.stats) this.#sizes = listen(new SizeHistogram());
    const { temporaryThreshold } = options;
    if (temporaryThreshold !== undefined) {
      const threadOf = (site: number) => this.#model.sites.thread(site);
      this.#temporary = listen(new TemporaryAllocations(temporaryThreshold, threadOf));
    }
    if (options.temporal) {
      this.#temporalLeaks = listen(new TemporalLeaks(limits));
      this.#temporalPeaks = listen(new TemporalHighWaterMark(limits));
    }
    this.#model = new CaptureModel(limits, listeners);
    this.#stream = new RecordStream(this.#model, limits);
  }

  /**
   * Reads on. After damage or the trailer nothing more is read.
   *
   * @throws FormatError when this is no capture we can read, or goes beyond a limit
   */
  push(bytes: Uint8Array): void {
    readFollowing(this.#heap, () => this.#stream.push(bytes));
  }

  /**
   * Says that nothing more will come, and tells what the file was like.
   *
   * @throws FormatError when not even the header is there
   */
  end(): CaptureEnd {
    return readFollowing(this.#heap, () => {
      const end = this.#stream.end();
      this.#heap.finish();
      return end;
    });
  }

  /** Known as soon as it was read. */
  get header(): MemrayHeader | undefined {
    return this.#stream.header;
  }

  /** Where the next record begins, in bytes from the start of the (uncompressed) capture. */
  get offset(): number {
    return this.#stream.offset;
  }

  /** Whether nothing more is wanted: the trailer was read, or damage found. */
  get stopped(): boolean {
    return this.#stream.stopped;
  }

  /** Whether nothing more can be learned: see {@link RecordStream.settled}. */
  get settled(): boolean {
    return this.#stream.settled;
  }

  /** Whether the trailer was read; if not, the program is running or was killed, or the file was cut. */
  get complete(): boolean {
    return this.#stream.complete;
  }

  /** What ended the reading early; of a file that ends inside a record it is known after {@link end}. */
  get damage(): CaptureDamage | undefined {
    return this.#stream.damage;
  }

  /** Allocations and deallocations so far. */
  get events(): number {
    return this.#heap.amounts.events;
  }

  /** Bytes at the high-water mark. */
  get peakBytes(): number {
    return this.#heap.amounts.peakBytes;
  }

  /** The event, counted from 0, after which the heap was largest. */
  get peakIndex(): number {
    return this.#heap.amounts.peakIndex;
  }

  /** Bytes alive now; of an aggregated file those leaked. */
  get liveBytes(): number {
    return this.#heap.amounts.liveBytes;
  }

  /** All threads, by index. */
  get threads(): readonly MemrayThread[] {
    return Array.from({ length: this.#model.threadCount }, (_, at) => this.#model.thread(at));
  }

  /** What was alive at the high-water mark. */
  highWaterMark(options?: GroupOptions): readonly HeapRecord[] {
    return groupSites(this.#model, (site) => this.#heap.amounts.atPeak(site), options);
  }

  /** What is still alive. */
  leaks(options?: GroupOptions): readonly HeapRecord[] {
    return groupSites(this.#model, (site) => this.#heap.amounts.live(site), options);
  }

  /** All that was ever allocated; an aggregated file does not say. */
  allocated(options?: GroupOptions): readonly HeapRecord[] {
    return groupSites(this.#model, (site) => this.#heap.amounts.total(site), options);
  }

  /** Temporary allocations, if a threshold was given; an aggregated file does not say. */
  temporary(options?: GroupOptions): readonly HeapRecord[] {
    const temporary = required(this.#temporary, 'temporaryThreshold');
    return groupSites(this.#model, (site) => temporary.temporary(site), options);
  }

  /** The memory records, at most `max` (10 000) of them. */
  snapshots(max?: number): readonly MemorySnapshot[] {
    return required(this.#snapshots, 'ownThread: false').list(max);
  }

  /** Which allocations live from which window to which, those left out that die in the window of their birth. */
  temporalLeaks(): readonly TemporalRecord[] {
    return this.#temporalRecords(required(this.#temporalLeaks, 'temporal').intervals());
  }

  /** What is alive at the peak of each window; `ofMemray` with an oversight of memray's, for comparison. */
  temporalHighWaterMark(ofMemray = false): readonly TemporalRecord[] {
    return this.#temporalRecords(required(this.#temporalPeaks, 'temporal').intervals(ofMemray));
  }

  /** Bytes at the peak of each window; `ofMemray` with memray's view of the last one. */
  temporalPeaks(ofMemray = false): readonly number[] {
    const peaks = required(this.#temporalPeaks, 'temporal');
    return ofMemray ? peaks.peaksOfMemray() : peaks.peaks();
  }

  /** What `memray stats` tells, each list cut to its `top` (5) first. */
  stats(top = 5): CaptureStats {
    return this.sums().stats(top);
  }

  /** What {@link stats} is made of, to be put together with that of other captures. */
  sums(): CaptureSums {
    const sizes = required(this.#sizes, 'stats');
    return captureSums(this.#model, required(this.header, 'a capture'), this.#heap.amounts, sizes);
  }

  /** The place that allocated a record, whatever the header says to hide; undefined without a stack. */
  location({ stack }: Pick<HeapRecord, 'stack'>): MemrayLocation | undefined {
    const frame = this.#model.innermostFrame(stack);
    return frame === 0 ? undefined : this.#model.location(frame);
  }

  /** The places of a record's stack, from the innermost outwards, without those the header says to hide. */
  locations(record: Pick<HeapRecord, 'stack' | 'thread'>): readonly MemrayLocation[] {
    return this.#model.locations(record.stack, record.thread);
  }

  /** The frames of a record's native stack, from the innermost outwards. */
  nativeFrames(record: Pick<HeapRecord, 'native' | 'generation'>): readonly NativeFrame[] {
    return this.#model.nativeFrames(record.native, record.generation);
  }

  #temporalRecords(intervals: ReadonlyMap<number, readonly TemporalInterval[]>): readonly TemporalRecord[] {
    const { sites } = this.#model;
    return [...intervals].map(([site, found]) => ({
      thread: sites.thread(site),
      allocator: sites.allocator(site),
      stack: sites.stack(site),
      native: sites.native(site),
      intervals: found,
    }));
  }
}

/** Reads a whole capture, given in one piece or several. Throws as the analyzer does. */
export function analyzeMemray(chunks: Iterable<Uint8Array>, options?: MemrayAnalyzerOptions): MemrayAnalyzer {
  const analyzer = new MemrayAnalyzer(options);
  for (const chunk of chunks) analyzer.push(chunk);
  analyzer.end();
  return analyzer;
}

function required<T>(value: T | undefined, option: string): T {
  if (value === undefined) throw new Error(`this needs the option ${option}`);
  return value;
}
