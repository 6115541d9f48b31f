// Over 400 lines, because births, deaths and collections change the same state, and all questions about it stand beside them.
import type { SiteIndex } from '../state/call-site.js';
import type { LiveSample, LiveSamples } from '../state/live-samples.js';
import { Births } from './births.js';
import { AGE_UNIT_BYTES, LifetimeModel } from './lifetime-model.js';
import { Scavenges } from './scavenges.js';

/** A major garbage collection; times are in ms on the clock of the polls. */
export interface MajorCollection {
  /** When marking began: everything allocated later survives, reachable or not. */
  readonly markMillis: number;
  /** When it swept. */
  readonly sweepMillis: number;
  /**
   * When the event loop next turned. V8 does not clear weak handles made between the sweep and this turn
   * until the next major collection. So scavenges show nothing about samples taken in between.
   */
  readonly turnMillis: number;
}

/** Collections reported since the last poll. */
export interface Collections {
  /** Number of young-generation collections. */
  readonly scavenges: number;
  readonly majors: readonly MajorCollection[];
}

/** The range of a poll, in ordinals. */
export interface ReadingSpan {
  /** When it was requested. */
  readonly atMillis: number;
  /** Newest ordinals of the previous poll and of this one. */
  readonly before: number;
  readonly newest: number;
  /** Newest ordinal that is not shown: nothing newer has been collected. */
  readonly missing: number;
}

/** A sample that a poll does not show any more. */
export interface Death {
  readonly sample: LiveSample;
  /** Age at which it was gone for certain, in age units. */
  readonly age: number;
}

interface Point {
  readonly millis: number;
  readonly newest: number;
}

/**
 * Estimates which of the samples shown by a poll are reachable. Objects that are dead but not collected look
 * alive; between two major collections they can be most of what is shown.
 *
 * A sample that survives a major collection was reachable when its marking began; one that survives its first
 * scavenge was reachable then. The call site's `LifetimeModel` gives the probability that it is still
 * reachable. Until a collection is observed, everything shown counts as reachable.
 */
export class Reachability {
  readonly #pooled = new LifetimeModel(undefined, POOLED_CELL);
  readonly #births = new Births(this.#pooled);
  readonly #scavenges = new Scavenges();
  readonly #bySite = new Map<SiteIndex, LifetimeModel>();
  readonly #siteOf: (sample: LiveSample) => SiteIndex;
  /** Newest ordinals of the last polls, oldest first. */
  #points: Point[] = [];
  /** Ranges of ordinals whose samples scavenges do not clear, see `MajorCollection.turnMillis`. */
  #stuck: { readonly from: number; to: number; readonly untilMillis: number }[] = [];
  /** Expected and observed numbers of reachable unconfirmed samples at major collections. */
  readonly #tallies = new Map<SiteIndex, Tally>();
  #newest = 0;
  /** Age of one sample, in age units. */
  #units: number;
  #lastMajorMillis: number | undefined;
  #majors = 0;
  /** Deaths since the last call of `takeDeaths`; undefined before the first call. */
  #deaths: Death[] | undefined;

  /** @param sampleBytes mean bytes that one sample stands for */
  constructor(siteOf: (sample: LiveSample) => SiteIndex, sampleBytes: number) {
    this.#siteOf = siteOf;
    this.#units = sampleBytes / AGE_UNIT_BYTES;
  }

  /** True if anything is known: survival of scavenges, or a major collection. */
  get isKnown(): boolean {
    return this.#majors > 0 || this.#births.survival !== undefined;
  }

  /** Number of major collections observed. */
  get majors(): number {
    return this.#majors;
  }

  /** When marking of the last one began, on the clock of the polls; undefined before the first. */
  get lastMajorMillis(): number | undefined {
    return this.#lastMajorMillis;
  }

  /** Newest ordinal of the newest poll. */
  get newestOrdinal(): number {
    return this.#newest;
  }

  /** Returns the deaths since the last call, for a single caller. They are kept from the first call on. */
  takeDeaths(): readonly Death[] {
    const deaths = this.#deaths ?? [];
    this.#deaths = [];
    return deaths;
  }

  /**
   * Forgets all samples after a restart of the sampler, when ordinals restart from 1. Keeps what was learned.
   */
  forgetSamples(sampleBytes: number): void {
    this.#points = [];
    this.#stuck = [];
    this.#scavenges.forget();
    this.#births.forget();
    this.#newest = 0;
    if (this.#deaths) this.#deaths = [];
    this.setSampleBytes(sampleBytes);
  }

  /** Sets the mean bytes that one sample stands for. Call before each poll: at interval 1, these are measured. */
  setSampleBytes(sampleBytes: number): void {
    this.#units = sampleBytes / AGE_UNIT_BYTES;
  }

  /**
   * Takes a poll.
   *
   * @param live the samples that it shows, new ones included
   * @param died the samples that it does not show any more
   */
  update(
    span: ReadingSpan,
    { scavenges, majors }: Collections,
    live: LiveSamples,
    died: readonly LiveSample[],
  ): void {
    const { atMillis, before, newest } = span;
    const cleared = this.#scavenges.missing;
    const missing = Math.max(span.missing, cleared);
    const sweeps = majors.map(({ sweepMillis }) => sweepMillis);
    this.#births.learn(sweeps);
    const isMixed = majors.length > 0;
    const ordinalAt = (millis: number) => this.#ordinalAt(millis, span);
    const positions = isMixed
      ? this.#scavenges.amongMajors(missing, scavenges, sweeps.map(ordinalAt))
      : this.#scavenges.since(missing, scavenges);
    const marked = majors.reduce((most, { markMillis }) => Math.max(most, ordinalAt(markMillis)), -1);
    const swept = majors.reduce((most, { sweepMillis }) => Math.max(most, ordinalAt(sweepMillis)), -1);
    this.#noteStuck(majors, missing, span, ordinalAt, scavenges);
    this.#noteRuns(Math.min(before, cleared), missing, live);
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

  /** Returns the probability that a sample shown by the newest poll is reachable. */
  share(sample: LiveSample): number {
    if (!this.isKnown) return 1;
    const site = this.#siteOf(sample);
    const share = this.#model(site).reachableShare(sample.confirmedAge, this.age(sample));
    return isConfirmed(sample) ? share : Math.min(1, share * this.#correction(site));
  }

  /**
   * Returns the probability that a sample shown by the newest poll was reachable when this ordinal was the newest.
   *
   * @param share its probability now, see `share`
   */
  earlierShare(sample: LiveSample, newest: number, share: number): number {
    const age = (newest - sample.ordinal) * this.#units;
    if (age <= sample.confirmedAge || share >= CERTAIN_SHARE || !this.isKnown) return 1;
    const site = this.#siteOf(sample);
    const then = this.#model(site).reachableShare(sample.confirmedAge, age);
    return isConfirmed(sample) ? then : Math.min(1, then * this.#correction(site));
  }

  /** Returns the probability that a sample, dead by now, was reachable when this ordinal was the newest. */
  shareBeforeDeath({ sample, age: deathAge }: Death, newest: number): number {
    const age = (newest - sample.ordinal) * this.#units;
    if (age <= sample.confirmedAge) return 1;
    if (age >= deathAge) return 0;
    const model = this.#model(this.#siteOf(sample));
    const toAge = model.reachableShare(sample.confirmedAge, age);
    const toDeath = model.reachableShare(sample.confirmedAge, deathAge);
    if (toDeath > MAX_KNOWN_SHARE) return (deathAge - age) / (deathAge - sample.confirmedAge);
    return (toAge - toDeath) / (1 - toDeath);
  }

  /** Returns the age of a sample, in age units. */
  age({ ordinal }: LiveSample): number {
    return (this.#newest - ordinal) * this.#units;
  }

  /** Returns the share of a call site's objects that stays reachable from one age to another. */
  shareOfSite(site: SiteIndex, fromAge: number, toAge: number): number {
    return this.isKnown ? this.#model(site).reachableShare(fromAge, toAge) : 1;
  }

  /**
   * Corrects the expectations of each site by what a major collection shows. Expectations for samples that no
   * major collection has confirmed rest on scavenges. These keep what dead objects of the old generation
   * refer to, and their positions are estimates.
   */
  #calibrate(live: LiveSamples, died: readonly LiveSample[], marked: number, before: number): void {
    // Before the first major collection there is nothing to compare with.
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
      // Bound the weight: one collection is one observation, however many samples it has freed.
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
      else if (zone.untilMillis > (this.#points.at(-1)?.millis ?? 0))
        zone.to = Math.max(zone.to, ordinalAt(zone.untilMillis));
    }
    const error = ORDINAL_ERROR * (span.newest - span.before);
    for (const { sweepMillis, turnMillis } of majors) {
      const swept = ordinalAt(sweepMillis);
      const turn = turnMillis > span.atMillis ? span.newest : ordinalAt(turnMillis);
      // If no scavenge came after it, this collection was at the newest missing ordinal or later. What was allocated between
      // the start of its marking and the sweep has survived it, reachable or not, and is in the old generation now.
      const isLast = scavenges === 0 || this.#scavenges.isLast(swept, missing);
      const from = isLast ? Math.min(missing, span.newest) : swept;
      const to = isLast ? Math.min(span.newest, Math.max(swept, turn) + error) : turn;
      this.#stuck.push({ from, to: Math.max(from, to), untilMillis: turnMillis });
    }
    this.#boundStuck();
  }

  /**
   * Finds stuck ranges where collections come faster than polls, so that the times of event-loop turns are
   * unknown. A long run of live samples must be stuck if scavenges clear most of all others. A program that
   * keeps everything leaves no others to compare with.
   *
   * @param cleared newest ordinal that was missing at the previous poll: younger samples were in no scavenge before
   */
  #noteRuns(cleared: number, missing: number, live: LiveSamples): void {
    const ordinals: number[] = [];
    live.forEachSample(({ ordinal }) => {
      if (ordinal > cleared && ordinal <= missing) ordinals.push(ordinal);
    });
    for (const { from, to } of wholeRuns(ordinals.sort((a, b) => a - b))) {
      const length = to - from;
      const others = missing - cleared - length;
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
    // Deaths in a second scavenge show nothing about other sites: its survivors are not known, see `#survive`. Their deaths
    // alone would make what a site keeps unlikely to be reachable until the next major collection.
    const isOfSecond = sample.isScavenged && swept <= ordinal;
    const deathAge = Math.max(age * this.#units, sample.confirmedAge + MIN_LIFE);
    this.#deaths?.push({ sample, age: deathAge });
    this.#learn(sample, deathAge, true, isOfSecond);
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
      // Use only the first scavenge: it may promote the sample, so that the second shows nothing.
      if (first !== undefined) {
        confirmed = first;
        sample.isScavenged = true;
      }
    }
    if (marked >= ordinal) confirmed = Math.max(confirmed, marked);
    if (swept >= ordinal) sample.isScavenged = true;
    const age = (confirmed - ordinal) * this.#units;
    if (age <= sample.confirmedAge) return;
    // Learn only from samples known before: a new sample is shown only because it is alive.
    if (ordinal <= before) this.#learn(sample, age, false);
    sample.confirmedAge = age;
  }

  #learn(sample: LiveSample, age: number, died: boolean, isOfSiteAlone = false): void {
    if (!isOfSiteAlone) this.#pooled.observe(sample.confirmedAge, age, died);
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

/** Maximum weight per interval of the pooled model, which gets many more samples than a call site's. */
const POOLED_CELL = 600;
/**
 * Share of earlier comparisons kept at each major collection, and the prior weight of "no correction", in
 * samples.
 */
const TALLY_KEPT = 0.5;
const TALLY_PRIOR = 5;
const MAX_TALLY = 20;
const MAX_CORRECTION = 2;
/** A sample that is reachable now with this probability counts as reachable before. */
const CERTAIN_SHARE = 0.99;
/** Above this, the model expects no death in an interval in which one occurred: it says nothing about its time. */
const MAX_KNOWN_SHARE = 0.999;
/** Minimum lifetime after a sample was known to be reachable, in age units. */
const MIN_LIFE = 0.2;
/**
 * A run of live samples is stuck if its probability by chance is below this; shorter runs than `MIN_RUN` are
 * ignored.
 */
const RUN_CHANCE = 1e-4;
const MIN_SURVIVAL = 0.1;
const MIN_RUN = 16;
/** Error of the ordinal at a time, as a part of the samples since the previous poll; up to 0.9 % was measured. */
const ORDINAL_ERROR = 0.02;
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

/** Returns true if a major collection has shown that the sample was reachable. */
function isConfirmed({ confirmedMillis }: LiveSample): boolean {
  return confirmedMillis !== Number.NEGATIVE_INFINITY;
}

/** Returns the runs of consecutive ordinals, as ranges without `from` and with `to`. */
function wholeRuns(ordinals: readonly number[]): { readonly from: number; readonly to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (const ordinal of ordinals) {
    const last = runs.at(-1);
    if (last?.to === ordinal - 1) last.to = ordinal;
    else runs.push({ from: ordinal - 1, to: ordinal });
  }
  return runs.filter(({ from, to }) => to - from >= MIN_RUN);
}

/** Returns the first position greater than an ordinal; undefined if there is none. */
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
