import type { MemrayHeader } from '../format/header.js';
import type { MemrayLimits } from '../format/limits.js';
import type { TimeWindow } from '../heap/time-window.js';
import type { HeapListener } from '../model/heap-listener.js';
import { LifetimeGrid } from './lifetime-grid.js';
import { lifetimeOf } from './lifetime-names.js';
import { LiveBirths } from './live-births.js';
import { SiteLifetimes } from './site-lifetimes.js';
import { TemporaryAllocations } from './temporary-allocations.js';

/** Length of the windows at first, in ms, for a capture whose end is not known. */
const FIRST_WIDTH_MILLIS = 10;

export interface LifetimeRecorderOptions {
  readonly limits: MemrayLimits;
  readonly temporaryThreshold: number;
  /** Number of windows of the grid; 0 for none. */
  readonly windows: number;
  /** The part of the time that the windows divide. It must receive the header before. Default: all. */
  readonly window?: TimeWindow | undefined;
  /** Returns the thread of a site. */
  readonly threadOf: (site: number) => number;
}

/**
 * Records how long the allocations of each site live. The time of an event is that of the memory record before it. What is
 * freed before the next record counts as if it had lived for half of the time between the two.
 */
export class LifetimeRecorder implements HeapListener {
  readonly sites: SiteLifetimes = new SiteLifetimes();
  readonly #windows: number;
  readonly #window: TimeWindow | undefined;
  readonly #threadOf: (site: number) => number;
  readonly #temporary: TemporaryAllocations;
  readonly #live: LiveBirths;
  #grid: LifetimeGrid | undefined;
  #startMillis = 0;
  #gridMillis = 0;
  /** Times since the start of the capture, in ms. */
  #nowMillis = 0;
  #firstRecordMillis = 0;
  #records = 0;

  constructor({ limits, temporaryThreshold, windows, window, threadOf }: LifetimeRecorderOptions) {
    this.#windows = windows;
    this.#window = window;
    this.#threadOf = threadOf;
    this.#temporary = new TemporaryAllocations(temporaryThreshold, (site, bytes) =>
      this.sites.addTemporary(site, bytes),
    );
    this.#live = new LiveBirths(limits, (site, birthMillis, bytes, count) =>
      this.#ended(site, birthMillis, bytes, count),
    );
  }

  /** Undefined without windows, and before the header. */
  get grid(): LifetimeGrid | undefined {
    return this.#grid;
  }

  /** Start of the grid's first window, in ms since the start of the capture. */
  get gridMillis(): number {
    return this.#gridMillis;
  }

  /** Mean time between two memory records in ms; 0 with fewer than two. */
  get recordGapMillis(): number {
    return this.#records < 2 ? 0 : (this.#nowMillis - this.#firstRecordMillis) / (this.#records - 1);
  }

  header({ startTimeMillis, endTimeMillis }: MemrayHeader): void {
    this.#startMillis = startTimeMillis;
    if (this.#windows === 0) return;
    const { fromMillis, untilMillis } = this.#window?.wanted ?? { fromMillis: 0, untilMillis: Infinity };
    const end = Math.min(endTimeMillis > startTimeMillis ? endTimeMillis : Infinity, untilMillis);
    this.#gridMillis = Math.max(0, fromMillis - startTimeMillis);
    const length = end - startTimeMillis - this.#gridMillis;
    const isKnown = length > 0 && length < Infinity;
    const width = isKnown ? Math.floor(length / this.#windows) + 1 : FIRST_WIDTH_MILLIS;
    this.#grid = new LifetimeGrid(this.#windows, width);
  }

  memoryRecord(millis: number): void {
    // A clock that is set back must not make a lifetime negative.
    const now = Math.max(this.#nowMillis, millis - this.#startMillis);
    this.sites.settle(lifetimeOf((now - this.#nowMillis) / 2));
    this.#nowMillis = now;
    if (this.#records === 0) this.#firstRecordMillis = now;
    this.#records += 1;
  }

  allocated(site: number, high: number, low: number, size: number): void {
    this.#born(site, high, low, size);
    this.#live.allocated(site, high, low, size, this.#nowMillis);
  }

  freed(thread: number, high: number, low: number): void {
    this.#temporary.freed(thread, high, low);
    this.#live.freed(high, low);
  }

  mapped(site: number, high: number, low: number, size: number): void {
    this.#born(site, high, low, size);
    this.#live.mapped(site, high, low, size, this.#nowMillis);
  }

  unmapped(thread: number, high: number, low: number, size: number): void {
    this.#temporary.unmapped(thread, high, low, size);
    this.#live.unmapped(high, low, size);
  }

  /** Ends the capture. What was freed after its last memory record gets the shortest lifetime. */
  finish(): void {
    this.sites.settle(lifetimeOf(0));
  }

  #born(site: number, high: number, low: number, size: number): void {
    this.sites.addBorn(site, size);
    this.#grid?.born(site, this.#nowMillis - this.#gridMillis, size, 1);
    this.#temporary.allocated(this.#threadOf(site), site, high, low, size);
  }

  #ended(site: number, birthMillis: number, bytes: number, count: number): void {
    const millis = this.#nowMillis - birthMillis;
    if (millis === 0) this.sites.addPending(site, bytes, count);
    else this.sites.addEnded(site, lifetimeOf(millis), bytes, count);
    const start = this.#gridMillis;
    this.#grid?.ended(site, birthMillis - start, this.#nowMillis - start, bytes, count);
  }
}
