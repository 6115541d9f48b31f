const INITIAL_SITES = 256;
/** Numbers stored per site. Eight fill a cache line. */
const ROW = 8;
const LIVE_BYTES = 0;
const LIVE_COUNT = 1;
const PEAK_BYTES = 2;
const PEAK_COUNT = 3;
const SEEN_PEAK = 4;
const TOTAL_BYTES = 5;
const TOTAL_COUNT = 6;

/** Bytes and number of allocations. */
export interface Amount {
  readonly bytes: number;
  readonly count: number;
}

/** The data of {@link SiteAmounts}, to pass to another thread. */
export interface SiteAmountsState {
  readonly rows: Float64Array<ArrayBuffer>;
  readonly peaks: number;
  readonly liveBytes: number;
  readonly peakBytes: number;
  readonly events: number;
}

/**
 * The allocations of each site: alive now, alive at the high-water mark, and in total. Computed in one pass, without a
 * copy of the heap at each peak.
 *
 * A new peak only increments a number. A site stores its amounts of the peak when it first changes after it; if it has
 * not changed since, its live amounts are those of the peak. Of equal peaks the latest counts.
 */
export class SiteAmounts {
  #rows: Float64Array<ArrayBuffer> = new Float64Array(INITIAL_SITES * ROW);
  #peaks = 1;
  #liveBytes = 0;
  #peakBytes = 0;
  #events = 0;

  static of(state: SiteAmountsState): SiteAmounts {
    const amounts = new SiteAmounts();
    amounts.#rows = state.rows;
    amounts.#peaks = state.peaks;
    amounts.#liveBytes = state.liveBytes;
    amounts.#peakBytes = state.peakBytes;
    amounts.#events = state.events;
    return amounts;
  }

  /**
   * Returns the amounts of a part of a capture's time.
   *
   * @param whole heap since the start of the capture; its high-water mark is that of the part
   * @param within heap of what was allocated in the part
   */
  static ofWindow(whole: SiteAmounts, within: SiteAmounts): SiteAmounts {
    const amounts = new SiteAmounts();
    const rows = new Float64Array(Math.max(whole.#rows.length, within.#rows.length));
    rows.set(within.#rows);
    for (let site = 0; site * ROW < rows.length; site += 1) {
      const peak = whole.atPeak(site);
      rows[site * ROW + PEAK_BYTES] = peak.bytes;
      rows[site * ROW + PEAK_COUNT] = peak.count;
      rows[site * ROW + SEEN_PEAK] = amounts.#peaks;
    }
    amounts.#rows = rows;
    amounts.#liveBytes = within.#liveBytes;
    amounts.#peakBytes = whole.#peakBytes;
    amounts.#events = within.#events;
    return amounts;
  }

  get state(): SiteAmountsState {
    return {
      rows: this.#rows,
      peaks: this.#peaks,
      liveBytes: this.#liveBytes,
      peakBytes: this.#peakBytes,
      events: this.#events,
    };
  }

  /** Returns a copy of the state, limited to `siteCount` sites. */
  copy(siteCount: number): SiteAmountsState {
    return { ...this.state, rows: this.#rows.slice(0, (siteCount + 1) * ROW) };
  }

  /** Number of allocations and deallocations so far. */
  get events(): number {
    return this.#events;
  }

  get liveBytes(): number {
    return this.#liveBytes;
  }

  /** Bytes at the high-water mark. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Returns the allocations alive now. Each piece of a mapping counts as one. */
  live(site: number): Amount {
    return this.#amount(site, LIVE_BYTES);
  }

  /** Returns the allocations alive at the high-water mark. */
  atPeak(site: number): Amount {
    const changed = this.#rows[site * ROW + SEEN_PEAK] === this.#peaks;
    return this.#amount(site, changed ? PEAK_BYTES : LIVE_BYTES);
  }

  /** Returns all allocations ever made. */
  total(site: number): Amount {
    return this.#amount(site, TOTAL_BYTES);
  }

  /** Adds an allocation to a site. */
  born(site: number, size: number): void {
    this.change(site, size, 1);
    const at = site * ROW;
    this.#rows[at + TOTAL_BYTES]! += size;
    this.#rows[at + TOTAL_COUNT]! += 1;
  }

  /** Changes the live amounts of a site. {@link settle} changes the total of the heap. */
  change(site: number, bytes: number, count: number): void {
    const at = site * ROW;
    if (at >= this.#rows.length) this.#grow(at);
    const rows = this.#rows;
    if (rows[at + SEEN_PEAK] !== this.#peaks) {
      rows[at + SEEN_PEAK] = this.#peaks;
      rows[at + PEAK_BYTES] = rows[at + LIVE_BYTES]!;
      rows[at + PEAK_COUNT] = rows[at + LIVE_COUNT]!;
    }
    rows[at + LIVE_BYTES]! += bytes;
    rows[at + LIVE_COUNT]! += count;
  }

  /**
   * Ends an event that changed the size of the heap by `bytes`. Also call it for events without a change: they may move
   * the time of the peak.
   */
  settle(bytes: number): void {
    this.#liveBytes += bytes;
    if (this.#liveBytes >= this.#peakBytes) {
      this.#peakBytes = this.#liveBytes;
      this.#peaks += 1;
    }
    this.#events += 1;
  }

  /** Forgets the high-water mark. The next one is at least what is alive now. */
  restartPeak(): void {
    this.#peakBytes = this.#liveBytes;
    this.#peaks += 1;
  }

  /** Adds the amounts of a site in an aggregated file. */
  given(site: number, peak: Amount, live: Amount): void {
    this.change(site, live.bytes, live.count);
    const at = site * ROW;
    this.#rows[at + PEAK_BYTES]! += peak.bytes;
    this.#rows[at + PEAK_COUNT]! += peak.count;
    this.#liveBytes += live.bytes;
    this.#peakBytes += peak.bytes;
  }

  #amount(site: number, column: number): Amount {
    const at = site * ROW + column;
    return { bytes: this.#rows[at] ?? 0, count: this.#rows[at + 1] ?? 0 };
  }

  #grow(needed: number): void {
    const rows = new Float64Array(Math.max(this.#rows.length * 2, needed + ROW));
    rows.set(this.#rows);
    this.#rows = rows;
  }
}
