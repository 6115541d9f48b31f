import { bytesUntilNear, type LimitUse, NEAR_SHARE, shareOf } from './limit-use.js';

/** Share of a limit below which it counts as far again. */
const FAR_SHARE = 0.7;
/** Fastest growth that is expected, in bytes per ms. A faster leak is noticed later than at 80 %. */
const FASTEST_GROWTH = 300_000;
/** Bounds of the gap between two looks, in ms. */
const MIN_GAP_MILLIS = 25;
const MAX_GAP_MILLIS = 2_000;
/** Gap between two looks near a limit, in ms. */
const NEAR_GAP_MILLIS = 100;
/** Time before a limit may be near at which to prepare for it, in ms. */
const PREPARE_MILLIS = 500;

/** Decides when to look at the limits again. Pure. */
export class LookSchedule {
  #isNear = false;

  /** True while a limit is near. */
  get isNear(): boolean {
    return this.#isNear;
  }

  /** Records the uses of all limits. */
  observe(uses: readonly LimitUse[]): void {
    const share = uses.reduce((most, use) => Math.max(most, shareOf(use)), 0);
    this.#isNear = share >= (this.#isNear ? FAR_SHARE : NEAR_SHARE);
  }

  /** Returns the time until the next look, in ms. */
  gapMillis(uses: readonly LimitUse[]): number {
    if (this.#isNear) return NEAR_GAP_MILLIS;
    return Math.min(MAX_GAP_MILLIS, Math.max(MIN_GAP_MILLIS, millisToNear(uses)));
  }

  /** Returns true if a limit may soon be near, so that code for it must be loaded. */
  shouldPrepare(uses: readonly LimitUse[]): boolean {
    return millisToNear(uses) < PREPARE_MILLIS;
  }
}

/** Returns the time until a limit is near at the fastest growth, in ms; infinite without limits. */
export function millisToNear(uses: readonly LimitUse[]): number {
  return uses.reduce(
    (least, use) => Math.min(least, bytesUntilNear(use) / FASTEST_GROWTH),
    Number.POSITIVE_INFINITY,
  );
}
