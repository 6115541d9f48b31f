import { Births } from './births.js';
import type { SiteIndex } from './call-site.js';
import { AGE_UNIT_BYTES, LifetimeModel } from './lifetime-model.js';
import type { LiveSample, LiveSamples } from './live-samples.js';
import { Scavenges } from './scavenges.js';

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
  readonly #pooled = new LifetimeModel(undefined, POOLED_CELL);
  readonly #births = new Births(this.#pooled);
  readonly #scavenges = new Scavenges();
  readonly #bySite = new Map<SiteIndex, LifetimeModel>();
  readonly #siteOf: (sample: LiveSample) => SiteIndex;
  /** Newest ordinals of the last readings, oldest first. */
  #points: Point[] = [];
  /** Ordinals whose samples scavenges do not clear, see `MajorCollection.turnMillis`; first and last. */
  #stuck: { readonly from: number; to: number; readonly untilMillis: number }[] = [];
  /** What was expected of unconfirmed samples at major collections, and what was found. */
  readonly #tallies = new Map<SiteIndex, Tally>();
  #newest = 0;
  /** What the age of one sample is, in units of lifetimes. */
  #units: number;
  #lastMajorMillis: number | undefined;
  #majors = 0;

  /** @param samplingInterval mean bytes between samples */
  constructor(siteOf: (sample: LiveSample) => SiteIndex, samplingInterval: number) {
    this.#siteOf = siteOf;
    this.#units = samplingInterval / AGE_UNIT_BYTES;
  }

  /** Whether anything is known: what scavenges leave, or a major collection. */
  get isKnown(): boolean {
    return this.#majors > 0 || this.#births.survival !== undefined;
  }

  /** Number of major collections observed. */
  get majors(): number {
    return this.#majors;
  }

  /** When the marking of the last one began, on the clock of the readings; undefined before the first. */
  get lastMajorMillis(): number | undefined {
    return this.#lastMajorMillis;
  }

  /** The sampler was started again: samples of before are gone, ordinals count from 1. What is learned stays. */
  forgetSamples(samplingInterval: number): void {
    this.#points = [];
    this.#stuck = [];
    this.#scavenges.forget();
    this.#births.forget();
    this.#newest = 0;
    this.#units = samplingInterval / AGE_UNIT_BYTES;
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
    const missing = Math.max(span.missing, this.#scavenges.missing);
    const sweeps = majors.map(({ sweepMillis }) => sweepMillis);
    this.#births.settle(sweeps);
    const isMixed = majors.length > 0;
    const ordinalAt = (millis: number) => this.#ordinalAt(millis, span);
    const positions = isMixed
      ? this.#scavenges.amongMajors(missing, scavenges, sweeps.map(ordinalAt))
      : this.#scavenges.since(missing, scavenges);
    const marked = majors.reduce((most, { markMillis }) => Math.max(most, ordinalAt(markMillis)), -1);
    const swept = majors.reduce((most, { sweepMillis }) => Math.max(most, ordinalAt(sweepMillis)), -1);
    this.#noteStuck(majors, missing, span, ordinalAt, scavenges);
    this.#noteRuns(before, missing, live);
    const last = majors.at(-1);
    if (last) {
      this.#calibrate(live, died, marked, before);
      this.#majors += majors.length;
      this.#lastMajorMillis = Math.max(this.#lastMajorMillis ?? Number.NEGATIVE_INFINITY, last.markMillis);
    }
    for (const sample of died) this.#die(sample, positions, swept, span);
    if (!isMixed && !this.#isStuckIn(positions)) this.#births.note(positions, live, atMillis, this.#units);
    if (positions.length > 0 || isMixed) {
      live.forEachSample((sample) => {
        this.#survive(sample, positions, marked, swept, span);
        if (marked >= sample.ordinal && last) sample.confirmedMillis = last.markMillis;
      });
    }
    this.#newest = newest;
    this.#points.push({ millis: atMillis, newest });
    if (this.#points.length > MAX_POINTS) this.#points.splice(0, MAX_POINTS / 2);
  }

  /** The probability that a sample shown by the newest reading is reachable. */
  share(sample: LiveSample): number {
    if (!this.isKnown) return 1;
    const site = this.#siteOf(sample);
    const share = this.#model(site).reachableShare(sample.confirmedAge, this.age(sample));
    return isConfirmed(sample) ? share : Math.min(1, share * this.#correction(site));
  }

  /** How old a sample is, in units of lifetimes. */
  age({ ordinal }: LiveSample): number {
    return (this.#newest - ordinal) * this.#units;
  }

  /** The share of a call site's objects that is reachable at an age, of those that were at an earlier one. */
  shareOfSite(site: SiteIndex, fromAge: number, toAge: number): number {
    return this.isKnown ? this.#model(site).reachableShare(fromAge, toAge) : 1;
  }

  /**
   * What is expected of samples that no major collection has confirmed rests on scavenges, which keep what dead objects
   * of the old generation refer to, and on where these are thought to have been. A major collection tells by how much
   * the expectations of a site were wrong.
   */
  #calibrate(live: LiveSamples, died: readonly LiveSample[], marked: number, before: number): void {
    // Before the first one nothing was expected, but for want of knowledge.
    if (this.#majors === 0) return;
    const news = new Map<SiteIndex, Tally>();
    const compare = (sample: LiveSample, reachable: number) => {
      if (isConfirmed(sample) || sample.ordinal > Math.min(marked, before)) return;
      const site = this.#siteOf(sample);
      const tally = tallyOf(news, site);
      const age = (marked - sample.ordinal) * this.#units;
      tally.expected += this.#model(site).reachableShare(sample.confirmedAge, age);
      tally.reachable += reachable;
    };
    for (const sample of died) compare(sample, 0);
    live.forEachSample((sample) => void compare(sample, 1));
    for (const tally of this.#tallies.values()) add(tally, tally, TALLY_KEPT - 1);
    for (const [site, tally] of news) {
      // One collection is one observation, however many samples it has freed.
      add(
        tallyOf(this.#tallies, site),
        tally,
        Math.min(1, MAX_TALLY / Math.max(tally.expected, tally.reachable)),
      );
    }
  }

  #correction(site: SiteIndex): number {
    const { expected, reachable } = this.#tallies.get(site) ?? { expected: 0, reachable: 0 };
    return Math.min(MAX_CORRECTION, (reachable + TALLY_PRIOR) / (expected + TALLY_PRIOR));
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
    this.#boundStuck();
  }

  /**
   * Where collections come faster than readings nobody knows when a turn was, but what is stuck shows: scavenges leave no
   * long run of samples whole when they take most of all others. A program that keeps all it allocates has no others.
   */
  #noteRuns(before: number, missing: number, live: LiveSamples): void {
    const ordinals: number[] = [];
    live.forEachSample(({ ordinal }) => {
      if (ordinal > before && ordinal <= missing) ordinals.push(ordinal);
    });
    for (const { from, to } of wholeRuns(ordinals.sort((a, b) => a - b))) {
      const length = to - from;
      const others = missing - before - length;
      const share = Math.max(MIN_SURVIVAL, (ordinals.length - length) / Math.max(1, others));
      if (others < length || length * Math.log(share) > Math.log(RUN_CHANCE)) continue;
      this.#stuck.push({ from, to, untilMillis: Number.NEGATIVE_INFINITY });
    }
    this.#boundStuck();
  }

  #boundStuck(): void {
    if (this.#stuck.length > MAX_STUCK) this.#stuck.splice(0, this.#stuck.length - MAX_STUCK);
  }

  #isStuck(ordinal: number): boolean {
    return this.#stuck.some(({ from, to }) => ordinal > from && ordinal <= to);
  }

  #isStuckIn(positions: readonly number[]): boolean {
    const [first, last] = positions.slice(-2);
    return (
      first !== undefined &&
      last !== undefined &&
      this.#stuck.some((zone) => zone.to > first && zone.from < last)
    );
  }

  #die(sample: LiveSample, positions: readonly number[], swept: number, span: ReadingSpan): void {
    const { ordinal } = sample;
    let last = span.newest;
    if (!sample.isScavenged) last = firstAfter(positions, ordinal) ?? last;
    if (swept > ordinal) last = Math.max(swept, sample.isScavenged ? ordinal : last);
    const age = Math.max(last, span.before) - ordinal;
    this.#learn(sample, Math.max(age * this.#units, sample.confirmedAge + MIN_LIFE), true);
  }

  #survive(
    sample: LiveSample,
    positions: readonly number[],
    marked: number,
    swept: number,
    { before }: ReadingSpan,
  ): void {
    const { ordinal } = sample;
    let confirmed = Number.NEGATIVE_INFINITY;
    if (!sample.isScavenged && !this.#isStuck(ordinal)) {
      const first = firstAfter(positions, ordinal);
      // It may be promoted at once, and then a second scavenge says nothing.
      if (first !== undefined) {
        confirmed = first;
        sample.isScavenged = true;
      }
    }
    if (marked >= ordinal) confirmed = Math.max(confirmed, marked);
    if (swept >= ordinal) sample.isScavenged = true;
    const age = (confirmed - ordinal) * this.#units;
    if (age <= sample.confirmedAge) return;
    // A fresh sample was not known before: that it is there now is the condition, not an observation.
    if (ordinal <= before) this.#learn(sample, age, false);
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

/** Many more samples are pooled than a call site has. */
const POOLED_CELL = 600;
/** What is kept of earlier comparisons at each major collection, and how many samples speak for no correction. */
const TALLY_KEPT = 0.5;
const TALLY_PRIOR = 5;
const MAX_TALLY = 20;
const MAX_CORRECTION = 2;
/** A sample that was known to be reachable was so for a while, in units. */
const MIN_LIFE = 0.2;
/** A run that chance would leave whole as seldom is stuck; a shorter one is not looked for. */
const RUN_CHANCE = 1e-4;
const MIN_SURVIVAL = 0.1;
const MIN_RUN = 16;
const MAX_POINTS = 256;
const MAX_STUCK = 40;

interface Tally {
  expected: number;
  reachable: number;
}

function tallyOf(tallies: Map<SiteIndex, Tally>, site: SiteIndex): Tally {
  let tally = tallies.get(site);
  if (!tally) {
    tally = { expected: 0, reachable: 0 };
    tallies.set(site, tally);
  }
  return tally;
}

function add(to: Tally, { expected, reachable }: Tally, times: number): void {
  to.expected += times * expected;
  to.reachable += times * reachable;
}

/** Whether a major collection has shown that it was reachable. */
function isConfirmed({ confirmedMillis }: LiveSample): boolean {
  return confirmedMillis !== Number.NEGATIVE_INFINITY;
}

/** Of ordinals in order, where none is missing between two; without the first, with the last. */
function wholeRuns(ordinals: readonly number[]): { readonly from: number; readonly to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (const ordinal of ordinals) {
    const last = runs.at(-1);
    if (last?.to === ordinal - 1) last.to = ordinal;
    else runs.push({ from: ordinal - 1, to: ordinal });
  }
  return runs.filter(({ from, to }) => to - from >= MIN_RUN);
}

/** The first position behind an ordinal; undefined when there is none. */
function firstAfter(positions: readonly number[], ordinal: number): number | undefined {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (positions[middle]! > ordinal) high = middle;
    else low = middle + 1;
  }
  return positions[low];
}
