import type { SiteIndex } from './call-site.js';
import { LifetimeModel } from './lifetime-model.js';
import type { LiveSample, LiveSamples } from './live-samples.js';

/** A major garbage collection; times are on the clock of the readings. */
export interface MajorCollection {
  /** When marking began: what was allocated later is kept whether it is reachable or not. */
  readonly markMillis: number;
  /** When it swept. */
  readonly sweepMillis: number;
  /**
   * When the event loop turned next. V8 does not clear weak handles made between the sweep and that turn before the next major
   * collection, so scavenges say nothing of samples taken in between.
   */
  readonly turnMillis: number;
}

/** Collections that became known since the last reading. */
export interface Collections {
  /** Number of collections of the young generation. */
  readonly scavenges: number;
  readonly majors: readonly MajorCollection[];
}

/** What a reading showed, in ordinals. */
export interface ReadingSpan {
  /** When it was asked for. */
  readonly atMillis: number;
  /** The newest ordinal of the reading before and of this one. */
  readonly before: number;
  readonly newest: number;
  /** The newest ordinal that is not shown: whatever is newer was not collected yet. */
  readonly missing: number;
}

/** What has been done to a sample. */
export const Stage = { young: 0, scavenged: 1, old: 2 } as const;

interface Point {
  readonly millis: number;
  readonly newest: number;
}

/**
 * Tells what of the samples that a reading shows is reachable. Objects that are dead and not collected look alive; between
 * two major collections they can be most of what is shown.
 *
 * A collection confirms: a sample that outlives a major collection was reachable when its marking began, one that outlives
 * its first scavenge was reachable then. What a sample's chances are since, its call site's `LifetimeModel` knows.
 * Without any collection observed everything shown counts as reachable.
 */
export class Reachability {
  readonly #pooled = new LifetimeModel();
  readonly #bySite = new Map<SiteIndex, LifetimeModel>();
  readonly #siteOf: (sample: LiveSample) => SiteIndex;
  /** Newest ordinals of the last readings, oldest first. */
  #points: Point[] = [];
  /** Ordinals whose samples scavenges do not clear, see `MajorCollection.turnMillis`; first and last. */
  #stuck: { readonly from: number; to: number; readonly untilMillis: number }[] = [];
  /** What was expected of unconfirmed samples at major collections, and what was found. */
  readonly #tallies = new Map<SiteIndex, { expected: number; reachable: number }>();
  #missing = 0;
  #newest = 0;
  #lastMajorMillis: number | undefined;
  #majors = 0;

  constructor(siteOf: (sample: LiveSample) => SiteIndex) {
    this.#siteOf = siteOf;
  }

  /** Whether anything is known: a major collection was observed since the start. */
  get isKnown(): boolean {
    return this.#majors > 0;
  }

  /** Number of major collections observed. */
  get majors(): number {
    return this.#majors;
  }

  /** When the marking of the last one began, on the clock of the readings; undefined before the first. */
  get lastMajorMillis(): number | undefined {
    return this.#lastMajorMillis;
  }

  /** The sampler was started again: samples of before are gone, ages count from 0. What is learned stays. */
  forgetSamples(): void {
    this.#points = [];
    this.#stuck = [];
    this.#missing = 0;
    this.#newest = 0;
  }

  /**
   * Takes a reading.
   *
   * @param live the samples that it shows, fresh ones included
   * @param died those that it does not show any more
   */
  update(
    span: ReadingSpan,
    { scavenges, majors }: Collections,
    live: LiveSamples,
    died: readonly LiveSample[],
  ): void {
    const { atMillis, before, newest } = span;
    const missing = Math.max(span.missing, this.#missing);
    const positions = this.#positions(before, missing, scavenges, majors.length > 0, newest);
    const ordinalAt = (millis: number) => this.#ordinalAt(millis, span);
    const marked = majors.reduce((most, { markMillis }) => Math.max(most, ordinalAt(markMillis)), -1);
    const swept = majors.reduce((most, { sweepMillis }) => Math.max(most, ordinalAt(sweepMillis)), -1);
    this.#noteStuck(majors, missing, span, ordinalAt, scavenges);
    const last = majors.at(-1);
    if (last) {
      this.#calibrate(live, died, marked, before);
      this.#majors += majors.length;
      this.#lastMajorMillis = Math.max(this.#lastMajorMillis ?? Number.NEGATIVE_INFINITY, last.markMillis);
    }
    for (const sample of died) this.#die(sample, positions, swept, span);
    if (scavenges > 0 || majors.length > 0) {
      live.forEachSample((sample) => {
        this.#survive(sample, positions, marked, swept, sample.ordinal > before);
        if (marked >= sample.ordinal && last) sample.confirmedMillis = last.markMillis;
      });
    }
    this.#missing = missing;
    this.#newest = newest;
    this.#points.push({ millis: atMillis, newest });
    if (this.#points.length > MAX_POINTS) this.#points.splice(0, MAX_POINTS / 2);
  }

  /** The probability that a sample shown by the newest reading is reachable. */
  share(sample: LiveSample): number {
    if (!this.isKnown) return 1;
    const site = this.#siteOf(sample);
    const share = this.#model(site).reachableShare(sample.confirmedAge, this.#newest - sample.ordinal);
    return isConfirmed(sample) ? share : Math.min(1, share * this.#correction(site));
  }

  /**
   * What is expected of samples that no major collection has confirmed rests on scavenges, which keep what dead objects
   * of the old generation refer to, and on where these are thought to have been. A major collection tells by how much
   * the expectations of a site were wrong.
   */
  #calibrate(live: LiveSamples, died: readonly LiveSample[], marked: number, before: number): void {
    for (const tally of this.#tallies.values()) {
      tally.expected *= TALLY_KEPT;
      tally.reachable *= TALLY_KEPT;
    }
    const compare = (sample: LiveSample, reachable: number) => {
      if (isConfirmed(sample) || sample.ordinal > Math.min(marked, before)) return;
      const site = this.#siteOf(sample);
      let tally = this.#tallies.get(site);
      if (!tally) {
        tally = { expected: 0, reachable: 0 };
        this.#tallies.set(site, tally);
      }
      tally.expected += this.#model(site).reachableShare(sample.confirmedAge, before - sample.ordinal);
      tally.reachable += reachable;
    };
    for (const sample of died) compare(sample, 0);
    live.forEachSample((sample) => void compare(sample, 1));
  }

  #correction(site: SiteIndex): number {
    const { expected, reachable } = this.#tallies.get(site) ?? { expected: 0, reachable: 0 };
    return (reachable + TALLY_PRIOR) / (expected + TALLY_PRIOR);
  }

  /** Where the scavenges since the reading before were: evenly spaced, because each comes after as many bytes. */
  #positions(
    before: number,
    missing: number,
    scavenges: number,
    isMixed: boolean,
    newest: number,
  ): readonly number[] {
    // A major collection empties the young generation, so spacing starts anew somewhere in between.
    const from = isMixed ? before : Math.min(this.#missing, missing);
    const to = isMixed ? Math.min(newest, Math.max(missing, before)) : missing;
    const count = Math.min(scavenges, MAX_POSITIONS);
    return Array.from({ length: count }, (_, i) => from + ((to - from) * (i + 1)) / count);
  }

  #ordinalAt(millis: number, { atMillis, before, newest }: ReadingSpan): number {
    const last = this.#points.at(-1);
    if (!last || millis >= last.millis) {
      const from = last?.millis ?? millis;
      const part = atMillis > from ? (millis - from) / (atMillis - from) : 1;
      return before + (newest - before) * Math.min(1, Math.max(0, part));
    }
    for (let i = this.#points.length - 2; i >= 0; i--) {
      const [a, b] = [this.#points[i]!, this.#points[i + 1]!];
      if (a.millis > millis) continue;
      return a.newest + ((b.newest - a.newest) * (millis - a.millis)) / Math.max(1e-6, b.millis - a.millis);
    }
    return 0;
  }

  #noteStuck(
    majors: readonly MajorCollection[],
    missing: number,
    span: ReadingSpan,
    ordinalAt: (millis: number) => number,
    scavenges: number,
  ): void {
    for (const zone of this.#stuck) {
      if (zone.untilMillis > span.atMillis) zone.to = span.newest;
      else if (zone.untilMillis > (this.#points.at(-1)?.millis ?? 0)) zone.to = ordinalAt(zone.untilMillis);
    }
    for (const { sweepMillis, turnMillis } of majors) {
      // Right behind a collection the first ordinal that is missing tells where it was.
      const from = scavenges > 0 ? ordinalAt(sweepMillis) : Math.min(missing, span.newest);
      const to = turnMillis > span.atMillis ? span.newest : ordinalAt(turnMillis);
      this.#stuck.push({ from, to: Math.max(from, to), untilMillis: turnMillis });
    }
    if (this.#stuck.length > MAX_STUCK) this.#stuck.splice(0, this.#stuck.length - MAX_STUCK);
  }

  #isStuck(ordinal: number): boolean {
    return this.#stuck.some(({ from, to }) => ordinal > from && ordinal <= to);
  }

  #die(sample: LiveSample, positions: readonly number[], swept: number, span: ReadingSpan): void {
    const { ordinal } = sample;
    let age = span.newest - ordinal;
    if (sample.stage !== Stage.old) {
      const [first, second] = firstAfter(positions, ordinal);
      const last = sample.stage === Stage.young ? (second ?? first) : first;
      if (last !== undefined) age = last - ordinal;
    }
    if (swept > ordinal) age = Math.max(swept - ordinal, sample.stage === Stage.old ? 0 : age);
    const least = Math.max(sample.confirmedAge + 0.2, span.before - ordinal);
    this.#learn(sample, Math.max(age, least), true);
  }

  #survive(
    sample: LiveSample,
    positions: readonly number[],
    marked: number,
    swept: number,
    isFresh: boolean,
  ): void {
    const { ordinal } = sample;
    let age = -1;
    if (sample.stage !== Stage.old && positions.length > 0 && !this.#isStuck(ordinal)) {
      const [first, second] = firstAfter(positions, ordinal);
      if (sample.stage === Stage.young && first !== undefined) {
        sample.stage = Stage.scavenged;
        sample.scavengedAge = first - ordinal;
        // Positions are estimates: one scavenge counts when another one has passed.
        if (second !== undefined) age = sample.scavengedAge;
      } else if (sample.stage === Stage.scavenged && first !== undefined) {
        age = sample.scavengedAge;
      }
      if (age >= 0) sample.stage = Stage.old;
    }
    if (marked >= ordinal) age = Math.max(age, marked - ordinal);
    if (swept >= ordinal) sample.stage = Stage.old;
    if (age <= sample.confirmedAge) return;
    // A fresh sample was not known before: that it is there now is the condition, not an observation.
    if (!isFresh) this.#learn(sample, age, false);
    sample.confirmedAge = age;
  }

  #learn(sample: LiveSample, age: number, died: boolean): void {
    this.#pooled.observe(sample.confirmedAge, age, died);
    this.#model(this.#siteOf(sample)).observe(sample.confirmedAge, age, died);
  }

  #model(site: SiteIndex): LifetimeModel {
    let model = this.#bySite.get(site);
    if (!model) {
      model = new LifetimeModel(this.#pooled);
      this.#bySite.set(site, model);
    }
    return model;
  }
}

/** What is kept of earlier comparisons at each major collection, and how many samples speak for no correction. */
const TALLY_KEPT = 0.7;
const TALLY_PRIOR = 1;
const MAX_POINTS = 256;
const MAX_STUCK = 40;
const MAX_POSITIONS = 1000;

/** Whether a major collection has shown that it was reachable. */
function isConfirmed({ confirmedMillis }: LiveSample): boolean {
  return confirmedMillis !== Number.NEGATIVE_INFINITY;
}

/** The first two positions behind an ordinal. */
function firstAfter(positions: readonly number[], ordinal: number): readonly [number?, number?] {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (positions[middle]! > ordinal) high = middle;
    else low = middle + 1;
  }
  const [first, second] = [positions[low], positions[low + 1]];
  return first === undefined ? [] : second === undefined ? [first] : [first, second];
}
