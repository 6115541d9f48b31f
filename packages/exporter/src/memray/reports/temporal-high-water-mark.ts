import { beyond, type MemrayLimits } from '../format/limits.js';
import { LiveTable } from '../heap/live-table.js';
import { MappingTree } from '../heap/mapping-tree.js';
import type { Amount } from '../heap/site-amounts.js';
import type { HeapListener } from '../model/heap-listener.js';
import type { TemporalInterval } from './temporal-leaks.js';

const TWO_32 = 2 ** 32;

/** The amount alive at the peak of each window, from `window` until the next run. */
interface Run {
  readonly window: number;
  readonly bytes: number;
  readonly count: number;
  /** True for a change that memray misses: see {@link TemporalHighWaterMark.intervals}. */
  readonly unnoticed: boolean;
}

interface SiteState {
  bytes: number;
  count: number;
  /** Amounts at the peak of the window so far, if `seenPeak` is that peak. */
  peakBytes: number;
  peakCount: number;
  seenPeak: number;
  touched: boolean;
  readonly runs: Run[];
}

/**
 * Tracks the allocations alive at the peak of each window between memory records. The start of a window belongs to it;
 * of equal peaks the latest counts. There is one more window after the last, for the end.
 *
 * When a window closes, only sites that changed in it are visited: the amounts of a site after its last change hold for
 * the peaks of all windows up to its next change.
 */
export class TemporalHighWaterMark implements HeapListener {
  readonly #limits: MemrayLimits;
  readonly #live: LiveTable;
  readonly #mappings: MappingTree;
  readonly #sites: SiteState[] = [];
  #touched: SiteState[] = [];
  readonly #peaks: number[] = [];
  #heap = 0;
  #peak = 0;
  #peakNumber = 1;
  /** The last peak in this window after which the heap became smaller. */
  #fallenPeak = 0;
  #window = 0;
  /** Number of memory records since the last event. If no event follows, memray ignores them. */
  #pending = 0;
  #runs = 0;

  constructor(limits: MemrayLimits) {
    this.#limits = limits;
    this.#live = new LiveTable(limits);
    this.#mappings = new MappingTree(limits);
  }

  /** Returns the bytes at the peak of each window that started before the last event. */
  peaks(): readonly number[] {
    return [...this.#peaks, this.#peak];
  }

  /**
   * Returns the peaks as memray reports them. In the last window, it only sees the start and peaks after which the heap
   * became smaller.
   */
  peaksOfMemray(): readonly number[] {
    return [...this.#peaks, this.#fallenPeak];
  }

  /**
   * Returns the intervals of all sites that have any. Empty intervals are omitted.
   *
   * @param ofMemray reproduces a bug of memray. It occurs when a mapping is trimmed, so that bytes are removed but the
   *   number of pieces stays, and the site does not change again before the window's next peak. Then memray notices it
   *   only when the site changes in a later window, or at the end, in the last window.
   */
  intervals(ofMemray: boolean): ReadonlyMap<number, readonly TemporalInterval[]> {
    const bySite = new Map<number, readonly TemporalInterval[]>();
    this.#sites.forEach((state, site) => {
      const runs = this.#finalRuns(state);
      const noticed = runs.filter(({ unnoticed }) => !unnoticed);
      const end = { ...state, window: this.#window + (state.touched ? 1 : 0) };
      const intervals = intervalsOf(ofMemray ? [...noticed, end] : runs);
      if (intervals.length > 0) bySite.set(site, intervals);
    });
    return bySite;
  }

  allocated(site: number, high: number, low: number, size: number): void {
    this.#begin();
    // The allocation that was alive there stays counted forever, here and in the total, as in memray.
    this.#live.set(high, low, site, size);
    this.#change(site, size, 1);
    this.#settle(size);
  }

  freed(_thread: number, high: number, low: number): void {
    this.#begin();
    const site = this.#live.remove(high, low);
    if (site !== 0) this.#change(site, -this.#live.removedSize, -1);
    this.#settle(site === 0 ? 0 : -this.#live.removedSize);
  }

  mapped(site: number, high: number, low: number, size: number): void {
    this.#begin();
    const start = high * TWO_32 + low;
    this.#mappings.add(start, start + size, site);
    if (size > 0) this.#change(site, size, 1);
    this.#settle(size);
  }

  unmapped(_thread: number, high: number, low: number, size: number): void {
    this.#begin();
    const start = high * TWO_32 + low;
    let removed = 0;
    this.#mappings.remove(start, start + size, (site, bytes, pieces) => {
      this.#change(site, -bytes, pieces);
      removed += bytes;
    });
    this.#settle(-removed);
  }

  memoryRecord(): void {
    this.#pending += 1;
  }

  /** Closes the windows that memory records have ended, now that an event follows. */
  #begin(): void {
    for (; this.#pending > 0; this.#pending -= 1) this.#closeWindow();
  }

  #closeWindow(): void {
    for (const state of this.#touched) {
      this.#closeSite(state);
      state.touched = false;
    }
    this.#touched = [];
    this.#peaks.push(this.#peak);
    if (this.#peaks.length + this.#runs > this.#limits.maxLive) {
      throw beyond('windows and intervals', this.#limits.maxLive, 'maxLive');
    }
    this.#window += 1;
    this.#peak = this.#heap;
    this.#fallenPeak = this.#heap;
    this.#peakNumber += 1;
  }

  #closeSite(state: SiteState): void {
    const before = state.runs.length;
    addRuns(state, state.runs, this.#window, this.#peakNumber);
    this.#runs += state.runs.length - before;
  }

  /** Returns the runs as if the capture ended here. */
  #finalRuns(state: SiteState): readonly Run[] {
    if (!state.touched) return state.runs;
    const runs = [...state.runs];
    addRuns(state, runs, this.#window, this.#peakNumber);
    return runs;
  }

  #change(site: number, bytes: number, count: number): void {
    const state = this.#sites[site] ?? newSite();
    this.#sites[site] = state;
    if (!state.touched) {
      state.touched = true;
      this.#touched.push(state);
    }
    if (state.seenPeak !== this.#peakNumber) {
      state.seenPeak = this.#peakNumber;
      state.peakBytes = state.bytes;
      state.peakCount = state.count;
    }
    state.bytes += bytes;
    state.count += count;
  }

  #settle(bytes: number): void {
    if (bytes < 0 && this.#heap >= this.#fallenPeak) this.#fallenPeak = this.#heap;
    this.#heap += bytes;
    if (this.#heap < this.#peak) return;
    this.#peak = this.#heap;
    this.#peakNumber += 1;
  }
}

function newSite(): SiteState {
  return { bytes: 0, count: 0, peakBytes: 0, peakCount: 0, seenPeak: 0, touched: false, runs: [] };
}

/** Adds the runs of a site that changed in `window`: at the window's peak, and from the next window on. */
function addRuns(state: SiteState, runs: Run[], window: number, peakNumber: number): void {
  const { bytes, count } = state;
  const changed = state.seenPeak === peakNumber;
  const peakBytes = changed ? state.peakBytes : bytes;
  const peakCount = changed ? state.peakCount : count;
  addRun(runs, { window, bytes: peakBytes, count: peakCount, unnoticed: false });
  addRun(runs, { window: window + 1, bytes, count, unnoticed: count === peakCount && bytes !== peakBytes });
}

/** Adds a run. Replaces the last one if it is for the same window, for which it was only assumed. */
function addRun(runs: Run[], run: Run): void {
  if (runs.at(-1)?.window === run.window) runs.pop();
  const last = runs.at(-1);
  if (last?.unnoticed !== true && sameAmount(last, run)) return;
  runs.push(run);
}

function sameAmount(a: Amount | undefined, b: Amount): boolean {
  return (a?.bytes ?? 0) === b.bytes && (a?.count ?? 0) === b.count;
}

/** Converts runs to intervals. Each run lasts until the next different one. */
function intervalsOf(runs: readonly (Amount & { readonly window: number })[]): readonly TemporalInterval[] {
  const changes = runs.filter((run, at) => !sameAmount(runs[at - 1], run));
  return changes.flatMap(({ window, bytes, count }, at) => {
    const until = changes[at + 1]?.window ?? null;
    return bytes === 0 && count === 0 ? [] : [{ from: window, until, count, bytes }];
  });
}
