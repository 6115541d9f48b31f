import type { OwnPackage } from '../../call-sites/index.js';
import type { Profile, ValueColumn } from '../../profile/index.js';
import { limitsWith, type MemrayLimits } from '../format/limits.js';
import { CaptureReader } from '../heap/capture-reader.js';
import { followHeap } from '../heap/follow-heap.js';
import type { FollowedHeap } from '../heap/followed-heap.js';
import { LastMemoryRecord } from '../heap/last-memory-record.js';
import { type CaptureWindow, TimeWindow } from '../heap/time-window.js';
import { WindowedHeap } from '../heap/windowed-heap.js';
import { CaptureModel } from '../model/capture-model.js';
import { CaptureContents } from './capture-contents.js';
import { spanTimes } from './profile-times.js';
import { siteProfile } from './site-profile.js';

/** Columns that an aggregated capture does not have. */
const ALLOCATED: readonly ValueColumn[] = [
  { type: 'alloc_objects', unit: 'count' },
  { type: 'alloc_space', unit: 'bytes' },
];
const COLUMNS: readonly ValueColumn[] = [
  { type: 'peak_objects', unit: 'count' },
  { type: 'peak_space', unit: 'bytes' },
  { type: 'inuse_objects', unit: 'count' },
  { type: 'inuse_space', unit: 'bytes' },
];

export interface MemrayProfilerOptions {
  /** Limits for the input, see {@link MemrayLimits}. Missing ones have their defaults. */
  readonly limits?: Partial<MemrayLimits>;
  /**
   * Follow the heap of a long capture on a separate thread: takes less time with two processors. The profile is then
   * available only after {@link MemrayProfiler.end}, which must be called, and this thread blocks while it is too far
   * ahead. Default false.
   */
  readonly ownThread?: boolean;
  /** Returns the package of one of a Node program's own files. Default: they are named by the program's folder. */
  readonly ownPackage?: OwnPackage;
  /**
   * Consider only this part of the time: what was allocated in it, what of that was alive at its end, and the high-water
   * mark of the whole heap within it. `ownThread` has no effect. {@link MemrayProfiler.end} must be called. Default: all.
   */
  readonly window?: CaptureWindow | undefined;
}

/**
 * Reads a capture of any format as its bytes arrive, and makes a profile of it. Columns: all allocations, those alive
 * at the high-water mark, and those alive at the end ("in use", which memray calls leaked). An aggregated capture has
 * no total of all allocations, so its profile lacks these columns.
 *
 * Labels: `allocator` (memray's name), `tid`, `thread` (its name, or its ID as memray displays it) and `package`. If
 * the capture has native stacks, the native frames follow below the Python ones. They have addresses in their files and
 * the places where these were loaded, because a capture does not contain their names.
 */
export class MemrayProfiler extends CaptureReader {
  readonly #model: CaptureModel;
  readonly #heap: FollowedHeap;
  readonly #memory: LastMemoryRecord;
  readonly #ownPackage: OwnPackage | undefined;
  readonly #window: TimeWindow | undefined;

  constructor(options: MemrayProfilerOptions = {}) {
    const limits = limitsWith(options.limits);
    const window = options.window === undefined ? undefined : new TimeWindow(options.window);
    const heap =
      window === undefined ? followHeap(limits, options.ownThread) : new WindowedHeap(limits, window);
    const memory = new LastMemoryRecord();
    const first = window === undefined ? [] : [window];
    const model = new CaptureModel(limits, [...first, ...heap.listeners, memory]);
    super(model, limits, heap);
    this.#model = model;
    this.#heap = heap;
    this.#memory = memory;
    this.#ownPackage = options.ownPackage;
    this.#window = window;
  }

  /** The part of the time that is considered; undefined for all of it. */
  get window(): TimeWindow | undefined {
    return this.#window;
  }

  /**
   * Returns the profile of the bytes read so far; with `ownThread`, only after {@link end}. Throws without a header.
   */
  profile(): Profile {
    const { header } = this;
    if (header === undefined) throw new Error('there is no header yet');
    const contents = new CaptureContents(this.#model, this.#heap.amounts, this.#memory, this.#ownPackage);
    const { knowsAllocated } = contents;
    const window = this.#window;
    const options = {
      columns: knowsAllocated ? [...ALLOCATED, ...COLUMNS] : COLUMNS,
      defaultColumn: 'inuse_space',
      comments: [
        ...(header.commandLine === '' ? [] : [`command: ${header.commandLine}`]),
        ...(window === undefined ? [] : [`heapray: ${window.text}; the peak is that of the whole heap`]),
      ],
      ...(window !== undefined && spanTimes(window.fromMillis, window.untilMillis)),
    };
    return siteProfile(contents, options, (site) => {
      const total = contents.allocated(site);
      const peak = contents.atPeak(site);
      const live = contents.live(site);
      const values = [peak.count, peak.bytes, live.count, live.bytes];
      return knowsAllocated ? [total.count, total.bytes, ...values] : values;
    });
  }
}

/** Returns the profile of a whole capture, given in one piece or several. Throws as {@link MemrayProfiler} does. */
export function profileFromMemray(chunks: Iterable<Uint8Array>): Profile {
  const profiler = new MemrayProfiler();
  for (const chunk of chunks) profiler.push(chunk);
  profiler.end();
  return profiler.profile();
}
