import { limitsWith, type MemrayLimits } from '../format/limits.js';
import { CaptureReader } from '../heap/capture-reader.js';
import { followHeap } from '../heap/follow-heap.js';
import type { FollowedHeap } from '../heap/followed-heap.js';
import { type GroupOptions, groupSites, type HeapRecord } from '../heap/heap-records.js';
import { type MemorySnapshot, MemorySnapshots } from '../heap/memory-snapshots.js';
import { type CaptureWindow, TimeWindow, WithinWindow } from '../heap/time-window.js';
import { WindowedHeap } from '../heap/windowed-heap.js';
import { CaptureModel } from '../model/capture-model.js';
import type { MemrayLocation } from '../model/code-table.js';
import type { HeapListener } from '../model/heap-listener.js';
import type { NativeFrame } from '../model/native-table.js';
import type { MemrayThread } from '../model/thread-table.js';
import { type CaptureStats, type CaptureSums, captureSums } from './capture-stats.js';
import { SizeHistogram } from './size-histogram.js';

export interface MemrayAnalyzerOptions {
  /** Limits for the input, see {@link MemrayLimits}. Missing ones have their defaults. */
  readonly limits?: Partial<MemrayLimits>;
  /**
   * Follow the heap of a long capture on a separate thread: takes less time with two processors. Results are then
   * available only after {@link MemrayAnalyzer.end}, which must be called, there are no
   * {@link MemrayAnalyzer.snapshots}, and this thread blocks while it is too far ahead. Default false.
   */
  readonly ownThread?: boolean;
  /** Collect sizes for {@link MemrayAnalyzer.stats}. Default false. */
  readonly stats?: boolean;
  /**
   * Consider only this part of the time: what was allocated in it, what of that was alive at its end, and the high-water
   * mark of the whole heap within it. There are no {@link MemrayAnalyzer.snapshots}, and `ownThread` has no effect.
   * {@link MemrayAnalyzer.end} must be called. Default: all.
   */
  readonly window?: CaptureWindow | undefined;
}

/**
 * Reads a capture as its bytes arrive (format 13, 12 or 11; all allocations or aggregated; raw or LZ4). The results
 * cover the bytes read so far, for a growing capture or a complete one.
 *
 * Reads in one pass. Memory depends on live allocations and distinct stacks, not on the length of the file.
 */
export class MemrayAnalyzer extends CaptureReader {
  readonly #model: CaptureModel;
  readonly #heap: FollowedHeap;
  readonly #snapshots: MemorySnapshots | undefined;
  readonly #sizes: SizeHistogram | undefined;
  readonly #window: TimeWindow | undefined;

  constructor(options: MemrayAnalyzerOptions = {}) {
    const limits = limitsWith(options.limits);
    const listeners: HeapListener[] = [];
    const listen = <T extends HeapListener>(listener: T): T => {
      listeners.push(listener);
      return listener;
    };
    const window = options.window === undefined ? undefined : listen(new TimeWindow(options.window));
    const heap =
      window === undefined ? followHeap(limits, options.ownThread) : new WindowedHeap(limits, window);
    for (const listener of heap.listeners) listen(listener);
    // Live bytes at a memory record are only known in time when this thread follows the whole heap.
    const hasSnapshots = !options.ownThread && window === undefined;
    const snapshots = hasSnapshots ? listen(new MemorySnapshots(() => heap.amounts.liveBytes)) : undefined;
    const sizes = options.stats ? new SizeHistogram() : undefined;
    if (sizes !== undefined) listen(window === undefined ? sizes : new WithinWindow(window, sizes));
    const model = new CaptureModel(limits, listeners);
    super(model, limits, heap);
    this.#model = model;
    this.#heap = heap;
    this.#snapshots = snapshots;
    this.#sizes = sizes;
    this.#window = window;
  }

  /** The part of the time that is considered; undefined for all of it. */
  get window(): TimeWindow | undefined {
    return this.#window;
  }

  /** Number of allocations and deallocations so far. */
  get events(): number {
    return this.#heap.amounts.events;
  }

  /** Bytes at the high-water mark. */
  get peakBytes(): number {
    return this.#heap.amounts.peakBytes;
  }

  /** Bytes alive now; in an aggregated file, leaked bytes. */
  get liveBytes(): number {
    return this.#heap.amounts.liveBytes;
  }

  /** All threads, by index. */
  get threads(): readonly MemrayThread[] {
    return Array.from({ length: this.#model.threadCount }, (_, at) => this.#model.thread(at));
  }

  /** Returns the allocations alive at the high-water mark. */
  highWaterMark(options?: GroupOptions): readonly HeapRecord[] {
    return groupSites(this.#model, (site) => this.#heap.amounts.atPeak(site), options);
  }

  /** Returns the allocations still alive. */
  leaks(options?: GroupOptions): readonly HeapRecord[] {
    return groupSites(this.#model, (site) => this.#heap.amounts.live(site), options);
  }

  /** Returns all allocations ever made. Empty for an aggregated file. */
  allocated(options?: GroupOptions): readonly HeapRecord[] {
    return groupSites(this.#model, (site) => this.#heap.amounts.total(site), options);
  }

  /** Returns at most `max` memory records. Default 10,000. */
  snapshots(max?: number): readonly MemorySnapshot[] {
    return required(this.#snapshots, 'ownThread: false, and no window').list(max);
  }

  /** Returns the figures of `memray stats`, with each list limited to its first `top` entries. Default 5. */
  stats(top = 5): CaptureStats {
    return this.sums().stats(top);
  }

  /** Returns the sums behind {@link stats}, to be added to those of other captures. */
  sums(): CaptureSums {
    const sizes = required(this.#sizes, 'stats');
    return captureSums(this.#model, required(this.header, 'a capture'), this.#heap.amounts, sizes);
  }

  /** Returns the location that allocated a record, even if the header hides it. Undefined without a stack. */
  location({ stack }: Pick<HeapRecord, 'stack'>): MemrayLocation | undefined {
    const frame = this.#model.innermostFrame(stack);
    return frame === 0 ? undefined : this.#model.location(frame);
  }

  /** Returns the locations of a record's stack from the innermost outwards, without those that the header hides. */
  locations(record: Pick<HeapRecord, 'stack' | 'thread'>): readonly MemrayLocation[] {
    return this.#model.locations(record.stack, record.thread);
  }

  /** Returns the frames of a record's native stack from the innermost outwards. */
  nativeFrames(record: Pick<HeapRecord, 'native' | 'generation'>): readonly NativeFrame[] {
    return this.#model.nativeFrames(record.native, record.generation);
  }
}

/** Reads a whole capture, in one piece or several. Throws as the analyzer does. */
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
