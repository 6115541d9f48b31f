import type { NodeIndex } from './call-tree.js';

/**
 * Who allocated what was born and died between two polls.
 *
 * Ordinals tell exactly how many samples were never seen alive (`U`), but not whose they were. Their sites
 * are drawn from *early deaths*: the samples of a census (a pair of polls with nothing missing in between,
 * so that every sample taken inside it is in hand) that are gone at the next poll. Gaps between pairs are
 * exponential, so the wait of a census sample and of any other sample until the next poll are alike, and
 * an early death is a fair draw from the unseen.
 *
 *   bytes(site) = U x deathBytes(site) / deaths
 *
 * A census that lasted longer holds proportionally more samples; each death weighs one over that length,
 * so that every moment counts the same. With adapted lengths this is a Horvitz-Thompson estimate.
 *
 * U and deaths are settled together, window by window, so that rates follow the application's phases. A
 * window with little evidence borrows the deaths of the windows before it; without any evidence the unseen
 * samples stay unattributed and are reported as a count.
 */
export class ShortLivedEstimator {
  readonly #closed: DeathWindow[] = [];
  #open: DeathWindow = newWindow();
  #unseen = 0;
  #unseenSince: number | undefined;

  /** Notes samples that were born and died unseen. */
  addUnseen(count: number, atMillis: number): void {
    if (count <= 0) return;
    this.#unseen += count;
    this.#unseenSince ??= atMillis;
  }

  /**
   * Notes an early death.
   *
   * @param bytes the sample's estimated bytes
   * @param weight one over the length of its census, in 1/ms
   */
  addDeath(node: NodeIndex, bytes: number, weight: number): void {
    addTo(this.#open, node, weight, weight * bytes);
    this.#open.deaths++;
  }

  /** Unseen samples not yet settled. */
  get pending(): number {
    return this.#unseen;
  }

  /**
   * Closes the window and says whose the unseen samples were. Waits (returns undefined) while there is
   * nothing to settle or the evidence is thin and may still grow, unless `force` is set.
   */
  settle(atMillis: number, force: boolean): Settlement | undefined {
    if (this.#unseen === 0) return undefined;
    const waited = atMillis - (this.#unseenSince ?? atMillis);
    // The window's own deaths, not borrowed ones: those would charge a busy phase to the quiet one before it.
    if (!force && this.#open.deaths < ENOUGH_DEATHS && waited < MAX_WAIT_MILLIS) return undefined;
    const settlement = distribute(this.#unseen, this.#pool(atMillis));
    this.#closeWindow(atMillis);
    return settlement;
  }

  /** The deaths of this window, and of earlier ones while there are too few. */
  #pool(atMillis: number): DeathWindow {
    const pool = newWindow();
    merge(pool, this.#open);
    for (let i = this.#closed.length - 1; i >= 0 && pool.deaths < ENOUGH_DEATHS; i--) {
      const window = this.#closed[i];
      if (!window || atMillis - window.closedAt > MAX_EVIDENCE_AGE_MILLIS) break;
      merge(pool, window);
    }
    return pool;
  }

  #closeWindow(atMillis: number): void {
    this.#unseen = 0;
    this.#unseenSince = undefined;
    if (this.#open.deaths === 0) return;
    this.#open.closedAt = atMillis;
    this.#closed.push(this.#open);
    this.#open = newWindow();
    let kept = 0;
    const firstNeeded = this.#closed.findLastIndex((window) => {
      kept += window.deaths;
      return kept >= ENOUGH_DEATHS;
    });
    if (firstNeeded > 0) this.#closed.splice(0, firstNeeded);
  }
}

/** How the unseen samples of a window are spread over stacks. */
export interface Settlement {
  /** Expected samples and bytes of each stack; the counts sum to the settled samples. */
  readonly shares: readonly { readonly node: NodeIndex; readonly samples: number; readonly bytes: number }[];
  /** Samples for which there was no evidence at all. */
  readonly unattributed: number;
}

interface DeathWindow {
  readonly weights: Map<NodeIndex, { weight: number; weightedBytes: number }>;
  deaths: number;
  closedAt: number;
}

/** With so many deaths a share of one half is known to about 6 points; then a window stands for itself. */
const ENOUGH_DEATHS = 64;
/** With fewer, one odd sample would speak for gigabytes: then nobody is charged. */
const MIN_DEATHS = 8;
/** How long unseen samples wait for evidence before they are settled with what there is. */
const MAX_WAIT_MILLIS = 10_000;
/** Older deaths say too little about what the application does now. */
const MAX_EVIDENCE_AGE_MILLIS = 600_000;

function newWindow(): DeathWindow {
  return { weights: new Map(), deaths: 0, closedAt: 0 };
}

function addTo(window: DeathWindow, node: NodeIndex, weight: number, weightedBytes: number): void {
  const entry = window.weights.get(node);
  if (entry) {
    entry.weight += weight;
    entry.weightedBytes += weightedBytes;
  } else window.weights.set(node, { weight, weightedBytes });
}

function merge(into: DeathWindow, from: DeathWindow): void {
  for (const [node, { weight, weightedBytes }] of from.weights) addTo(into, node, weight, weightedBytes);
  into.deaths += from.deaths;
}

function distribute(unseen: number, pool: DeathWindow): Settlement {
  let total = 0;
  for (const { weight } of pool.weights.values()) total += weight;
  if (pool.deaths < MIN_DEATHS || total === 0) return { shares: [], unattributed: unseen };
  const shares = [...pool.weights].map(([node, { weight, weightedBytes }]) => ({
    node,
    samples: (unseen * weight) / total,
    bytes: (unseen * weightedBytes) / total,
  }));
  return { shares, unattributed: 0 };
}
