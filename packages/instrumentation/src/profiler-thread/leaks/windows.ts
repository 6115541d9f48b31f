import type { JudgedSample } from './judged-ledger.js';

/** One window of one site: old bytes at its end, and how many bytes and samples became old in it. */
export interface Window {
  oldBytes: number;
  /** Bytes that became old in it, or before the first window, and are old in all later ones; see {@link Windows.settle}. */
  lastingBytes: number;
  added: number;
  addedSamples: number;
}

/** End of a window, on the clock of the polls, and the newest ordinal then. */
export interface WindowEnd {
  readonly millis: number;
  readonly newest: number;
}

/** The last windows of leak detection, the same for all sites. */
export class Windows {
  readonly #oldMillis: number;
  /** One more than windows, oldest first: the first is the beginning of the oldest window. */
  readonly #ends: WindowEnd[] = [];

  /** @param oldMillis time since a sample was seen first from which it counts as old, in ms */
  constructor(oldMillis: number) {
    this.#oldMillis = oldMillis;
  }

  /** Number of windows. */
  get length(): number {
    return Math.max(0, this.#ends.length - 1);
  }

  /** End of the newest window; undefined before the first call of {@link close}. */
  get lastMillis(): number | undefined {
    return this.#ends.at(-1)?.millis;
  }

  /** Mean length of the windows, in ms; undefined before the first. */
  get meanMillis(): number | undefined {
    const [first, last] = [this.#ends[0], this.#ends.at(-1)];
    return this.length > 0 ? (last!.millis - first!.millis) / this.length : undefined;
  }

  /** Ends a window and begins the next one. */
  close(end: WindowEnd): void {
    this.#ends.push(end);
  }

  dropOldest(): void {
    this.#ends.shift();
  }

  /** Returns when the window before this number of newest ones ended; minus infinity if there was none. */
  startOfNewest(count: number): number {
    return this.#ends.at(-1 - count)?.millis ?? Number.NEGATIVE_INFINITY;
  }

  /** Returns until when a sample must have been seen first to be old at an end. */
  oldAt(end: number): number {
    return (this.#ends[end]?.millis ?? 0) - this.#oldMillis;
  }

  /**
   * Adds a sample to the windows at whose end it was old.
   *
   * @param share returns the probability that it was reachable when an ordinal was the newest
   */
  add(windows: readonly Window[], sample: JudgedSample, share: (newest: number) => number): void {
    const { bytes, firstSeenMillis } = sample;
    for (let at = windows.length - 1; at >= 0; at--) {
      if (firstSeenMillis > this.oldAt(at + 1)) break;
      const window = windows[at]!;
      window.oldBytes += bytes * share(this.#ends[at + 1]!.newest);
      if (firstSeenMillis <= this.oldAt(at)) continue;
      const part = share(this.#newestAt(at, firstSeenMillis + this.#oldMillis));
      window.added += bytes * part;
      window.addedSamples += part;
    }
  }

  /** Adds a sample that was reachable all the time, in less time than {@link add}. Call {@link settle} afterwards. */
  addLasting(windows: readonly Window[], { bytes, firstSeenMillis }: JudgedSample): void {
    let first = 0;
    if (firstSeenMillis > this.oldAt(0)) {
      while (first < windows.length && firstSeenMillis > this.oldAt(first + 1)) first++;
      const window = windows[first];
      if (!window) return;
      window.added += bytes;
      window.addedSamples++;
    }
    windows[first]!.lastingBytes += bytes;
  }

  /** Adds the bytes of {@link addLasting} to the windows in which they were old. Call once. */
  settle(windows: readonly Window[]): void {
    let lasting = 0;
    for (const window of windows) {
      lasting += window.lastingBytes;
      window.oldBytes += lasting;
    }
  }

  /** Returns the newest ordinal at a time in a window, by interpolation. */
  #newestAt(window: number, millis: number): number {
    const [from, to] = [this.#ends[window]!, this.#ends[window + 1]!];
    return from.newest + ((to.newest - from.newest) * (millis - from.millis)) / (to.millis - from.millis);
  }
}

export function emptyWindow(): Window {
  return { oldBytes: 0, lastingBytes: 0, added: 0, addedSamples: 0 };
}

export function sumOf(a: Window, b: Window | undefined): Window {
  if (!b) return a;
  return {
    ...a,
    oldBytes: a.oldBytes + b.oldBytes,
    added: a.added + b.added,
    addedSamples: a.addedSamples + b.addedSamples,
  };
}
