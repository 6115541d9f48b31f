import type { LiveSample, LiveSamples } from '../state/live-samples.js';
import type { ShortLivedEstimator } from './short-lived-estimator.js';

/**
 * Minimum number of samples born after an interrupted pair's last collection, and minimum share of all, to use
 * the pair.
 */
const MIN_BORN = 4;
const MIN_BORN_SHARE = 1 / 32;

/** The samples of a pair of polls, until the next poll shows which of them survive. */
interface WaitingPair {
  readonly samples: readonly LiveSample[];
  /** Inverse of the pair's length, in 1/ms. */
  readonly weight: number;
  /** Number of samples taken inside an interrupted pair; undefined for a complete one. */
  readonly takenInside: number | undefined;
}

/** A pair of polls that has just ended. */
export interface EndedPair {
  /** Samples taken inside the pair and seen alive at its end. */
  readonly taken: readonly LiveSample[];
  /** Number of all samples taken inside. */
  readonly born: number;
  /** True if nothing died inside: no collection has interrupted it. */
  readonly isComplete: boolean;
  readonly millis: number;
  /** Ordinal of the newest sample. */
  readonly newest: number;
}

/** Feeds pairs of polls to the `ShortLivedEstimator` and counts them. */
export class Pairs {
  readonly #live: LiveSamples;
  #waiting: WaitingPair | undefined;
  #isUpToDate = false;
  #complete = 0;
  #interrupted = 0;
  #shortLived = 0;

  constructor(live: LiveSamples) {
    this.#live = live;
  }

  get complete(): number {
    return this.#complete;
  }

  get interrupted(): number {
    return this.#interrupted;
  }

  /** Number of samples of pairs that were gone at the next poll. */
  get shortLivedSamples(): number {
    return this.#shortLived;
  }

  /** Keeps the samples of a pair until the next poll. */
  add(estimator: ShortLivedEstimator, { taken, born, isComplete, millis, newest }: EndedPair): void {
    if (isComplete) this.#complete++;
    else this.#interrupted++;
    const weight = 1 / Math.max(millis, 0.1);
    // A first poll right after a collection shows nothing new: what died then has larger ordinals than
    // everything shown, and would seem to belong to the pair.
    const isKnown = isComplete || this.#isUpToDate;
    const isRepresented = !isKnown || estimator.addPair(born, isComplete);
    if (isComplete) this.#waiting = { samples: taken, weight, takenInside: undefined };
    if (isRepresented) return;
    const since = newest - this.#live.unbroken(newest, newest - born);
    const samples = taken.filter(({ ordinal }) => ordinal > since);
    if (samples.length < Math.max(MIN_BORN, born * MIN_BORN_SHARE)) return;
    this.#waiting = { samples, weight, takenInside: born };
  }

  /**
   * Evaluates the waiting pair at the next poll, whatever that was made for. A sample alive at that poll has
   * been seen, so it must not count as short-lived later.
   */
  evaluate(estimator: ShortLivedEstimator): void {
    const pair = this.#waiting;
    this.#waiting = undefined;
    if (!pair) return;
    const samples = pair.samples.map(({ id, node, bytes }) => {
      const died = this.#live.hasJustDied(id);
      if (died) this.#shortLived++;
      return { node, bytes, died };
    });
    if (pair.takenInside === undefined) estimator.addComplete(samples, pair.weight);
    else estimator.addInterrupted(samples, pair.weight, pair.takenInside);
  }

  /** Notes if a poll shows its newest samples. Call at the end of each. */
  polled(newest: number): void {
    this.#isUpToDate = this.#live.unbroken(newest, newest - 2) >= 2;
  }

  /** Forgets the waiting pair, after the loss of the sampler. */
  forget(): void {
    this.#waiting = undefined;
    this.#isUpToDate = false;
  }
}
