import { limitsWith, type MemrayLimits } from '../format/limits.js';
import { CaptureReader } from '../heap/capture-reader.js';
import { LastMemoryRecord } from '../heap/last-memory-record.js';
import { type Amount, SiteAmounts } from '../heap/site-amounts.js';
import { type CaptureWindow, TimeWindow, WindowError, WithinWindow } from '../heap/time-window.js';
import { ENDED_LIFETIMES } from '../lifetimes/lifetime-names.js';
import { LifetimeRecorder } from '../lifetimes/lifetime-recorder.js';
import { CaptureModel } from '../model/capture-model.js';
import type { HeapListener } from '../model/heap-listener.js';
import type { CaptureEnd } from '../read/record-stream.js';
import { CaptureContents } from './capture-contents.js';

export interface CaptureLifetimesOptions {
  /** Limits for the input, see {@link MemrayLimits}. Missing ones have their defaults. */
  readonly limits?: Partial<MemrayLimits>;
  /** Consider only what was allocated in this part of the time, and freed until its end. Default: all. */
  readonly window?: CaptureWindow | undefined;
  /** An allocation is temporary if its thread frees it before it has made more than this many others. Default 1. */
  readonly temporaryThreshold?: number;
  /** Maximum number of equal windows of time, for {@link LifetimeRow.cells}. Default 0: there are none. */
  readonly windows?: number;
}

/** Allocations that were born in one window of time, and ended in one. */
export interface LifetimeCell extends Amount {
  /** Index of the window of birth. */
  readonly birth: number;
  /** Index of the window of death; undefined for what is alive at the end. */
  readonly death: number | undefined;
}

/** The allocations of all call sites, or of one. */
export interface LifetimeAmounts {
  readonly allocated: Amount;
  /** One amount for each of `LIFETIMES`. They add up to `allocated`. */
  readonly byLifetime: readonly Amount[];
  readonly temporary: Amount;
  /** Cells with amounts, by birth and then by death; what is alive comes last. */
  readonly cells: readonly LifetimeCell[];
}

/** The allocations of one call site: a function, identified by where it starts. Unknown parts are empty or 0. */
export interface LifetimeRow extends LifetimeAmounts {
  readonly functionName: string;
  readonly file: string;
  readonly line: number;
}

/** A window of time, in ms since the start of the capture. */
export interface LifetimeWindow {
  readonly fromMillis: number;
  readonly untilMillis: number;
}

interface Draft {
  readonly functionName: string;
  readonly file: string;
  readonly line: number;
  readonly amounts: Sums;
}

/**
 * Reads a capture as its bytes arrive, and sums its allocations by their lifetime. Reads in one pass. Memory depends on live
 * allocations and distinct stacks, but not on the length of the file.
 *
 * Times come from memory records, so a lifetime is known to within the time between two of them.
 *
 * @throws WindowError for an aggregated capture, and for a window that the capture does not have
 */
export class CaptureLifetimes extends CaptureReader {
  readonly #model: CaptureModel;
  readonly #recorder: LifetimeRecorder;
  readonly #window: TimeWindow | undefined;

  constructor(options: CaptureLifetimesOptions = {}) {
    const limits = limitsWith(options.limits);
    const window = options.window === undefined ? undefined : new TimeWindow(options.window);
    const recorder = new LifetimeRecorder({
      limits,
      temporaryThreshold: options.temporaryThreshold ?? 1,
      windows: options.windows ?? 0,
      window,
      threadOf: (site) => model.sites.thread(site),
    });
    const events: readonly HeapListener[] =
      window === undefined ? [recorder] : [window, new WithinWindow(window, recorder)];
    const model: CaptureModel = new CaptureModel(limits, [NOT_AGGREGATED, ...events]);
    super(model, limits);
    this.#model = model;
    this.#recorder = recorder;
    this.#window = window;
  }

  override end(): CaptureEnd {
    const end = super.end();
    this.#window?.finish();
    this.#recorder.finish();
    return end;
  }

  /** The part of the time that was considered; undefined for all of it. */
  get window(): TimeWindow | undefined {
    return this.#window;
  }

  /** Mean time between two memory records in ms: lifetimes are known to within it. 0 with fewer than two. */
  get recordGapMillis(): number {
    return this.#recorder.recordGapMillis;
  }

  /** The windows that the cells refer to, up to the last one with a birth or death. */
  get windows(): readonly LifetimeWindow[] {
    const { grid, gridMillis } = this.#recorder;
    if (grid === undefined) return [];
    const startOf = (at: number) => gridMillis + at * grid.widthMillis;
    return Array.from({ length: grid.windowCount }, (_, at) => {
      return { fromMillis: startOf(at), untilMillis: startOf(at + 1) };
    });
  }

  /** Number of windows that were summed in each of {@link windows} because there were too many cells; 1 for none. */
  get summedWindows(): number {
    return this.#recorder.grid?.summed ?? 1;
  }

  /** Returns the sum of all call sites. Requires {@link end}. */
  total(): LifetimeAmounts {
    const sums = new Sums();
    for (let site = 1; site <= this.#model.sites.size; site += 1) this.#addSite(sums, site);
    this.#recorder.grid?.forEach((_, birth, death, bytes, count) => {
      sums.addCell(birth, death, bytes, count);
    });
    return sums.amounts();
  }

  /** Returns all call sites, the one that allocated the most bytes first. Requires {@link end}. */
  rows(): readonly LifetimeRow[] {
    const contents = new CaptureContents(this.#model, new SiteAmounts(), new LastMemoryRecord(), undefined);
    const drafts = new Map<string, Draft>();
    const ofStack = new Map<number, Draft>();
    const draftOf = (site: number): Draft => {
      const stack = this.#model.sites.stack(site);
      const known = ofStack.get(stack);
      if (known !== undefined) return known;
      const location = contents.callSite(stack);
      const place = {
        functionName: location?.functionName ?? '',
        file: location?.file ?? '',
        line: Math.max(0, location?.firstLine ?? 0),
      };
      const key = JSON.stringify(place);
      const draft = drafts.get(key) ?? { ...place, amounts: new Sums() };
      drafts.set(key, draft);
      ofStack.set(stack, draft);
      return draft;
    };
    for (let site = 1; site <= this.#model.sites.size; site += 1) {
      if (this.#recorder.sites.allocated(site).count > 0) this.#addSite(draftOf(site).amounts, site);
    }
    this.#recorder.grid?.forEach((site, birth, death, bytes, count) => {
      draftOf(site).amounts.addCell(birth, death, bytes, count);
    });
    return [...drafts.values()]
      .map(({ amounts, ...place }) => ({ ...place, ...amounts.amounts() }))
      .sort((a, b) => b.allocated.bytes - a.allocated.bytes || b.allocated.count - a.allocated.count);
  }

  #addSite(sums: Sums, site: number): void {
    const { sites } = this.#recorder;
    add(sums.allocated, sites.allocated(site));
    add(sums.temporary, sites.temporary(site));
    for (let at = 0; at < ENDED_LIFETIMES; at += 1) add(sums.ended[at]!, sites.ended(site, at));
  }
}

/** Refuses aggregated captures at their header. */
const NOT_AGGREGATED: HeapListener = {
  header: ({ fileFormat }) => {
    if (fileFormat !== 'AGGREGATED_ALLOCATIONS') return;
    throw new WindowError('an aggregated capture holds sums only, so it has no lifetimes');
  },
};

interface Sum {
  bytes: number;
  count: number;
}

function add(sum: Sum, { bytes, count }: Amount): void {
  sum.bytes += bytes;
  sum.count += count;
}

class Sums {
  readonly allocated: Sum = { bytes: 0, count: 0 };
  readonly temporary: Sum = { bytes: 0, count: 0 };
  readonly ended: readonly Sum[] = Array.from({ length: ENDED_LIFETIMES }, () => ({ bytes: 0, count: 0 }));
  readonly #cells: Map<string, LifetimeCell & Sum> = new Map();

  addCell(birth: number, death: number, bytes: number, count: number): void {
    const key = `${birth} ${death}`;
    const cell = this.#cells.get(key) ?? { birth, death: death < 0 ? undefined : death, bytes: 0, count: 0 };
    this.#cells.set(key, cell);
    add(cell, { bytes, count });
  }

  amounts(): LifetimeAmounts {
    const alive = { ...this.allocated };
    for (const { bytes, count } of this.ended) add(alive, { bytes: -bytes, count: -count });
    return {
      allocated: this.allocated,
      byLifetime: [...this.ended, alive],
      temporary: this.temporary,
      cells: [...this.#cells.values()].sort(
        (a, b) => a.birth - b.birth || (a.death ?? Infinity) - (b.death ?? Infinity),
      ),
    };
  }
}
