/** Growth that is worth another profile, as a share of the limit. */
const GROWN_SHARE = 0.01;
/** Smallest growth that counts as pressing. */
const RISEN_SHARE = 0.005;
/** Share of the limit from which the process may die without further growth, of collections without effect. */
const CRITICAL_SHARE = 0.9;
/** Gap between two profiles at that share, in ms. */
const CRITICAL_GAP_MILLIS = 400;
/** Gap between two profiles of a process that grows, in ms. */
const MIN_GAP_MILLIS = 100;
/** Gap after the first profile, in ms. It costs several times as much as later ones: its code is new. */
const FIRST_GAP_MILLIS = 400;
/** Gap after a profile as a multiple of its cost: they take a tenth of a core at most. */
const GAP_FACTOR = 10;
/** Time after the last growth from which a process counts as steady, in ms. */
const STEADY_MILLIS = 60_000;
/** Gap between two profiles of a steady process, in ms. */
const STEADY_GAP_MILLIS = 30_000;
/** Time over which the lowest use is taken, in ms: between two collections, a healthy heap only seems to grow. */
const FLOOR_MILLIS = 10_000;

/**
 * Decides when a profile near a limit is written again. A process that grows gets one for each percent of its limit, and
 * one every 400 ms from 90 % on. A steady one gets one every 30 s, even if its heap rises and falls with collections.
 * Pure.
 */
export class WriteRhythm {
  #highest = 0;
  #highestFloor = 0;
  #risenAt = Number.NEGATIVE_INFINITY;
  #sinceMillis: number | undefined;
  readonly #recent: { readonly atMillis: number; readonly share: number }[] = [];
  #written: { readonly atMillis: number; readonly highest: number; readonly floor: number } | undefined;
  #gapMillis = MIN_GAP_MILLIS;

  /** Records the share of the limit that is used, also while that is far. */
  observe(share: number, atMillis: number): void {
    const floor = this.#floor(share, atMillis);
    if (share > this.#highest + RISEN_SHARE || floor > this.#highestFloor + RISEN_SHARE) {
      this.#risenAt = atMillis;
      this.#highest = Math.max(this.#highest, share);
      this.#highestFloor = Math.max(this.#highestFloor, floor);
    }
  }

  /** Returns the lowest share of the last seconds; 0 before they are known. */
  #floor(share: number, atMillis: number): number {
    const recent = this.#recent;
    this.#sinceMillis ??= atMillis;
    recent.push({ atMillis, share });
    while (recent[0]!.atMillis < atMillis - FLOOR_MILLIS) recent.shift();
    if (atMillis - this.#sinceMillis < FLOOR_MILLIS) return 0;
    return recent.reduce((least, one) => Math.min(least, one.share), share);
  }

  /** Returns true if a profile is due at this share of the limit. */
  isDue(share: number, atMillis: number): boolean {
    const written = this.#written;
    if (written === undefined) return true;
    const elapsed = atMillis - written.atMillis;
    if (elapsed < this.#gapMillis) return false;
    if (this.#highest >= written.highest + GROWN_SHARE) return true;
    if (this.#highestFloor >= written.floor + GROWN_SHARE) return true;
    const isPressing = share >= CRITICAL_SHARE && atMillis - this.#risenAt < STEADY_MILLIS;
    return elapsed >= (isPressing ? CRITICAL_GAP_MILLIS : STEADY_GAP_MILLIS);
  }

  /** Records a profile and its cost, in ms. */
  wrote(atMillis: number, costMillis: number): void {
    const isFirst = this.#written === undefined;
    this.#written = { atMillis, highest: this.#highest, floor: this.#highestFloor };
    this.#gapMillis = isFirst ? FIRST_GAP_MILLIS : Math.max(MIN_GAP_MILLIS, GAP_FACTOR * costMillis);
  }
}
