import type { LiveSamples } from '../state/live-samples.js';
import type { LifetimeModel } from './lifetime-model.js';

/** The samples born between two scavenges, and how many the second one left alive. */
interface Cohort {
  readonly atMillis: number;
  /** Counts by age at the second scavenge, in age units. */
  readonly ages: readonly { readonly age: number; readonly born: number; readonly alive: number }[];
}

/**
 * Learns lifetimes from samples never seen alive. Ordinals give the number of samples born between two
 * scavenges; a poll shows which of them survived the second. Samples seen young are far fewer.
 *
 * A major collection at the same time would spoil the comparison. A poll may show its effect before it is
 * reported, so a cohort waits for the next poll.
 */
export class Births {
  readonly #model: LifetimeModel;
  #waiting: Cohort | undefined;
  #born = 0;
  #alive = 0;

  constructor(model: LifetimeModel) {
    this.#model = model;
  }

  /**
   * Recent share of samples that survived their first scavenge, 0 to 1; undefined before the first cohort.
   */
  get survival(): number | undefined {
    return this.#born > 0 ? this.#alive / this.#born : undefined;
  }

  /** Discards the waiting cohort, after a restart of the sampler. */
  forget(): void {
    this.#waiting = undefined;
  }

  /**
   * Records the newest cohort that a poll shows.
   *
   * @param positions ordinals of the scavenges before the poll; empty if there was none, or a major
   *   collection too
   * @param units age of one sample, in age units
   */
  note(positions: readonly number[], live: LiveSamples, atMillis: number, units: number): void {
    const last = positions.at(-1);
    const first = positions.at(-2);
    // Use only the span between two known scavenges: the span since the previous poll may be a partial one.
    if (last === undefined || first === undefined || last - first < MIN_BORN) return;
    const born = new Map<number, number>();
    const alive = new Map<number, number>();
    const step = Math.max(1, (last - first) / CLASSES);
    const classOf = (ordinal: number) => Math.floor((last - ordinal) / step);
    for (let ordinal = Math.floor(first) + 1; ordinal <= last; ordinal++) count(born, classOf(ordinal));
    live.forEachSample(({ ordinal }) => {
      if (ordinal > first && ordinal <= last) count(alive, classOf(ordinal));
    });
    const ages = [...born].map(([at, number]) => ({
      age: (at + 0.5) * step * units,
      born: number,
      alive: alive.get(at) ?? 0,
    }));
    this.#waiting = { atMillis, ages };
  }

  /**
   * Adds the waiting cohort, unless a major collection spoiled it.
   *
   * @param majorsSince sweep times of the major collections reported since the last poll, in ms
   */
  learn(majorsSince: readonly number[]): void {
    const cohort = this.#waiting;
    this.#waiting = undefined;
    if (!cohort || majorsSince.some((sweepMillis) => sweepMillis <= cohort.atMillis)) return;
    this.#born *= KEPT;
    this.#alive *= KEPT;
    for (const { age, born, alive } of cohort.ages) {
      this.#born += born;
      this.#alive += alive;
      this.#model.observe(0, age, false, alive);
      this.#model.observe(0, age, true, born - alive);
    }
  }
}

const MIN_BORN = 8;
/** Share of earlier cohorts that is kept with each new one. */
const KEPT = 0.9;
/** Number of age classes in a cohort. */
const CLASSES = 24;

function count(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
