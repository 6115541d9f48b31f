import type { LifetimeModel } from './lifetime-model.js';
import type { LiveSamples } from './live-samples.js';

/** What the last scavenge before a reading has left of all samples that were born since the one before it. */
interface Cohort {
  readonly atMillis: number;
  /** By age at that scavenge, in units. */
  readonly ages: readonly { readonly age: number; readonly born: number; readonly alive: number }[];
}

/**
 * Learns from those that nobody has ever seen: ordinals tell how many samples were born between two scavenges, and a reading
 * which of them the second has left. Samples that were seen young are far fewer.
 *
 * A major collection at the same time would make it another question. News of one may come behind the reading that shows it,
 * so a cohort waits for the next reading.
 */
export class Births {
  readonly #model: LifetimeModel;
  #waiting: Cohort | undefined;
  #born = 0;
  #alive = 0;

  constructor(model: LifetimeModel) {
    this.#model = model;
  }

  /** Of all that was born between two scavenges, the share that the second has left, of late; undefined before the first. */
  get survival(): number | undefined {
    return this.#born > 0 ? this.#alive / this.#born : undefined;
  }

  /** The sampler was started again. */
  forget(): void {
    this.#waiting = undefined;
  }

  /**
   * Takes a reading.
   *
   * @param positions where the scavenges before it were, in ordinals; empty when there was none, or a major collection too
   * @param units what ages of one sample are, in units
   */
  note(positions: readonly number[], live: LiveSamples, atMillis: number, units: number): void {
    const last = positions.at(-1);
    const first = positions.at(-2);
    // Between two that are known to be there: the space from the reading before may be no whole one.
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

  /** @param majorsSince when major collections swept that were heard of since the last reading, ms */
  settle(majorsSince: readonly number[]): void {
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
/** What is kept of earlier cohorts. */
const KEPT = 0.9;
/** Ages of a cohort are told apart as far. */
const CLASSES = 24;

function count(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
