import type { SiteIndex } from './call-site.js';
import type { Ledger } from './ledger.js';
import { mannKendallScore, theilSenSlope } from './trend.js';

export interface GrowthDetectorOptions {
  /** Length of a window, ms. Default: 20 s. */
  readonly windowMillis?: number;
  /** Number of windows that make the evidence. Default: 12. */
  readonly windows?: number;
  /** Age at which a sample counts as old, ms; only old samples count. Default: 20 s. */
  readonly oldMillis?: number;
  /** Mean bytes between samples: what one sample stands for. */
  readonly samplingInterval: number;
  /** More than this share of what became old early must still be there. Default: 0.5. */
  readonly minKeptShare?: number;
}

/** A call site that keeps more and more of what it allocates. */
export interface LeakSuspect {
  readonly site: SiteIndex;
  /** Bytes in use that are old, and how old that is. */
  readonly oldBytes: number;
  readonly oldMillis: number;
  /** Theil-Sen slope of those bytes. */
  readonly bytesPerSecond: number;
  /** In how many of the windows they grew. */
  readonly grownWindows: number;
  readonly windows: number;
  readonly sinceMillis: number;
}

/** How far leak detection has come. */
export interface LeakProgress {
  /** Windows of evidence so far, and how many are needed before anything is suspected. */
  readonly windows: number;
  readonly neededWindows: number;
  /** When the last window was closed, on the clock of the readings; undefined before the first. */
  readonly closedMillis: number | undefined;
  /** Call sites that grow, and of which no major collection has shown recently what is reachable. */
  readonly undecidedSites: number;
}

/** One window of one site: old bytes at its end, and what of them became old in it. */
interface Window {
  readonly oldBytes: number;
  readonly added: number;
  readonly addedSamples: number;
}

/** What a reading says of one site, in bytes that are likely to be reachable. */
interface SiteState {
  old: number;
  /** Became old since the last window; and from how many samples that is known. */
  added: number;
  addedSamples: number;
  /** Became old in the first third of the evidence. */
  veteran: number;
  /** Of the old bytes, those of which nothing is known: see `GrowthDetector`. */
  unknown: number;
  /** Ages at which collections have shown samples to be reachable, ms. */
  readonly confirmedAges: number[];
}

interface Track {
  readonly windows: Window[];
  veteran: number;
  /** Whether too much of what is old is unknown for a judgement. */
  isUnknown: boolean;
  /** Up to this age collections have shown what becomes of the site's objects, ms. */
  observedAge: number;
  /** Windows in a row that speak for a leak (positive) or against one (negative). */
  streak: number;
  /** The largest value before the evidence began; growth below it is ignored. */
  formerPeak: number;
  suspectSince: number | undefined;
}

const WINDOW_MILLIS = 20_000;
const WINDOWS = 11;
const OLD_MILLIS = 20_000;
/** Mann-Kendall's score at the 1 % level. */
const TREND_SCORE = 2.33;
/** Growth through fewer samples is noise: fifteen are known to a quarter. */
const MIN_GROWN_SAMPLES = 15;
/**
 * A site that has freed half of what became old in the first third of the evidence, or more, is a store with turnover:
 * sessions on the rising side of a day end too. That more is there must be significant (5 % level): at the bottom of a
 * wave a few survivors are chance.
 */
const MIN_KEPT_SHARE = 0.5;
const VETERAN_SCORE = 1.64;
/** Growth of the later half below this share of the earlier half's is saturating: a cache that fills. */
const MIN_LATE_SHARE = 1 / 2;
/** Growth whose mean moment is so many standard errors before the middle of the evidence is saturating, too. */
const EARLY_SCORE = 1;
/** Windows in a row to become a suspect, and to be one no longer. */
const ENTER_STREAK = 2;
const LEAVE_STREAK = 3;
/** What a collection has confirmed in the last windows is known. */
const KNOWN_WINDOWS = 3;
/** A site is not judged while more than this share of its old bytes is unknown. */
const MAX_UNKNOWN_SHARE = 0.3;
/** So many samples must have been confirmed at an age for it to count as observed. */
const MIN_CONFIRMED = 5;
/** A site whose old bytes grew by less than this share of what became old frees most of it: a store with turnover. */
const MIN_GROWN_SHARE = 0.5;
/** A decline at the 10 % level that is at least this share of a site's growth may be its other side. */
const DECLINE_SCORE = -1.28;
const MIN_DECLINE_SHARE = 0.4;
/** A site whose objects were confirmed at about the age of those that decline is no newcomer to a store that they leave. */
const COMPARABLE_AGE = 0.8;

/**
 * Finds call sites whose bytes older than a certain age grow, window after window, and are not freed.
 *
 * Objects that are dead look alive until a major collection, so what the last one has not confirmed is weighted by the
 * probability that it is reachable (`Reachability`). Windows have a fixed length, whether collections come or not. Of a sample something is known
 * if a major collection has confirmed it recently, or if it is no older than what collections have shown of its site;
 * a site of which too much is unknown is not judged, for or against.
 *
 * A trend must be significant (Mann-Kendall), rest on enough samples, go beyond what the site ever held before, not slow
 * down (a cache that fills), not be turnover (most of what became old early must still be there), and not be the
 * counterpart of another site's decline (two sites that fill one cache). Two windows in a row make a suspect, three
 * against it unmake one.
 *
 * Limits: a cache that fills evenly for longer than all windows cannot be told from a leak until it stops. Growth of less
 * than fifteen samples in all windows together is not seen.
 */
export class GrowthDetector {
  readonly #windowMillis: number;
  readonly #windows: number;
  readonly #oldMillis: number;
  readonly #samplingInterval: number;
  readonly #minKeptShare: number;
  readonly #tracks = new Map<SiteIndex, Track>();
  /** When the windows of the evidence ended, the oldest first; one more than windows. */
  readonly #ends: number[] = [];

  constructor(options: GrowthDetectorOptions) {
    this.#windowMillis = options.windowMillis ?? WINDOW_MILLIS;
    this.#windows = options.windows ?? WINDOWS;
    this.#oldMillis = options.oldMillis ?? OLD_MILLIS;
    this.#samplingInterval = options.samplingInterval;
    this.#minKeptShare = options.minKeptShare ?? MIN_KEPT_SHARE;
  }

  /**
   * Call after each reading, one by one; does something once per window.
   *
   * @param atMillis on the clock that the ledger's readings are on
   * @returns the sites that became suspects just now
   */
  observe(ledger: Ledger, atMillis: number): readonly LeakSuspect[] {
    const last = this.#ends.at(-1);
    if (last !== undefined && atMillis - last < this.#windowMillis) return [];
    this.#ends.push(atMillis);
    if (last === undefined) return [];
    if (this.#ends.length > this.#windows + 1) this.#ends.shift();
    this.#addWindow(this.#statesBySite(ledger, atMillis));
    return this.#judge(atMillis);
  }

  /** All present suspects, the fastest first. */
  suspects(): readonly LeakSuspect[] {
    const suspects: LeakSuspect[] = [];
    for (const [site, track] of this.#tracks) {
      if (track.suspectSince !== undefined) suspects.push(this.#describe(site, track, track.suspectSince));
    }
    return suspects.sort((a, b) => b.bytesPerSecond - a.bytesPerSecond);
  }

  /** How far the evidence goes. */
  get progress(): LeakProgress {
    const undecided = [...this.#tracks.values()].filter(
      (track) => track.isUnknown && grown(track) >= this.#minGrowth,
    );
    return {
      windows: Math.max(0, this.#ends.length - 1),
      neededWindows: this.#windows,
      closedMillis: this.#ends.at(-1),
      undecidedSites: undecided.length,
    };
  }

  #statesBySite(ledger: Ledger, atMillis: number): Map<SiteIndex, SiteState> {
    const becameOld = (endMillis: number | undefined) => (endMillis ?? 0) - this.#oldMillis;
    const oldNow = becameOld(atMillis);
    const oldBefore = becameOld(this.#ends.at(-2));
    const [veteransFrom, veteransTo] = [becameOld(this.#ends[0]), becameOld(this.#ends[this.#third])];
    const knownFrom = atMillis - KNOWN_WINDOWS * this.#windowMillis;
    const bySite = new Map<SiteIndex, SiteState>();
    const { lastMajorMillis } = ledger.reachability;
    ledger.forEachReachable((sample, reachableBytes) => {
      const { node, firstSeenMillis, confirmedMillis } = sample;
      if (firstSeenMillis > oldNow) return;
      // What the last major collection has shown is exact; estimates of what died since would only add noise to a trend.
      const bytes = confirmedMillis === lastMajorMillis ? sample.bytes : reachableBytes;
      const site = ledger.sites.siteOf(node);
      let state = bySite.get(site);
      if (!state) {
        state = { old: 0, added: 0, addedSamples: 0, veteran: 0, unknown: 0, confirmedAges: [] };
        bySite.set(site, state);
      }
      state.old += bytes;
      if (firstSeenMillis > oldBefore) {
        state.added += bytes;
        state.addedSamples++;
      }
      if (firstSeenMillis > veteransFrom && firstSeenMillis <= veteransTo) state.veteran += bytes;
      if (confirmedMillis > firstSeenMillis) state.confirmedAges.push(confirmedMillis - firstSeenMillis);
      const observed = this.#tracks.get(site)?.observedAge ?? 0;
      if (confirmedMillis < knownFrom && atMillis - firstSeenMillis > observed) state.unknown += bytes;
    });
    return bySite;
  }

  /** How many windows are the first third of the evidence. */
  get #third(): number {
    return Math.ceil(this.#windows / 3);
  }

  #addWindow(now: ReadonlyMap<SiteIndex, SiteState>): void {
    for (const site of now.keys()) if (!this.#tracks.has(site)) this.#tracks.set(site, newTrack());
    for (const [site, track] of this.#tracks) {
      const state = now.get(site);
      const { old = 0, added = 0, addedSamples = 0 } = state ?? {};
      track.windows.push({ oldBytes: old, added, addedSamples });
      track.veteran = state?.veteran ?? 0;
      track.isUnknown = state !== undefined && state.unknown > MAX_UNKNOWN_SHARE * state.old;
      track.observedAge = Math.max(track.observedAge, observedAge(state?.confirmedAges ?? []));
      if (track.windows.length > this.#windows) {
        track.formerPeak = Math.max(track.formerPeak, track.windows.shift()?.oldBytes ?? 0);
      }
      if (track.formerPeak === 0 && track.windows.every(({ oldBytes }) => oldBytes === 0)) {
        this.#tracks.delete(site);
      }
    }
  }

  #judge(atMillis: number): LeakSuspect[] {
    const leaking = [...this.#tracks.values()].filter((track) => this.#looksLikeLeak(track));
    const leaks = new Set(this.#unexplained(leaking));
    const fresh: LeakSuspect[] = [];
    for (const [site, track] of this.#tracks) {
      if (track.isUnknown) continue;
      track.streak = leaks.has(track) ? Math.max(1, track.streak + 1) : Math.min(-1, track.streak - 1);
      if (track.suspectSince === undefined && track.streak >= ENTER_STREAK) {
        track.suspectSince = atMillis;
        fresh.push(this.#describe(site, track, atMillis));
      } else if (track.streak <= -LEAVE_STREAK) track.suspectSince = undefined;
    }
    return fresh;
  }

  #looksLikeLeak({ windows, formerPeak, veteran, suspectSince }: Track): boolean {
    if (windows.length < this.#windows) return false;
    const values = windows.map(({ oldBytes }) => oldBytes);
    const first = values[0] ?? 0;
    const latest = values.at(-1) ?? 0;
    if (latest - Math.max(first, formerPeak) < this.#minGrowth) return false;
    if (mannKendallScore(values) < TREND_SCORE || theilSenSlope(values) <= 0) return false;
    const middle = values[values.length >> 1] ?? 0;
    if (latest - middle < MIN_LATE_SHARE * (middle - first)) return false;
    // Chance alone makes one even leak in fifteen come early in some window: a suspect stays one.
    if (suspectSince === undefined && comesEarly(windows)) return false;
    const added = windows.slice(1).reduce((sum, window) => sum + window.added, 0);
    if (latest - first < MIN_GROWN_SHARE * added) return false;
    const early = windows.slice(0, this.#third).reduce((sum, { added }) => sum + added, 0);
    return this.#isKept(early, veteran);
  }

  /**
   * Leaves out the sites whose growth may be the other side of another site's decline, as of two sites that fill one store of
   * constant size, until their objects have become as old as those that leave it.
   */
  #unexplained(leaking: readonly Track[]): readonly Track[] {
    const declining = [...this.#tracks.values()].filter((track) => {
      if (-grown(track) < this.#minGrowth) return false;
      return mannKendallScore(track.windows.map(({ oldBytes }) => oldBytes)) <= DECLINE_SCORE;
    });
    return leaking.filter((track) => {
      const enough = MIN_DECLINE_SHARE * grown(track);
      return !declining.some(
        (other) => -grown(other) >= enough && track.observedAge < COMPARABLE_AGE * other.observedAge,
      );
    });
  }

  get #minGrowth(): number {
    return MIN_GROWN_SAMPLES * this.#samplingInterval;
  }

  /** Whether significantly more than the least share of what became old early is still there, by the samples that it is known from. */
  #isKept(earlyBytes: number, veteranBytes: number): boolean {
    const [early, veteran] = [earlyBytes / this.#samplingInterval, veteranBytes / this.#samplingInterval];
    const share = this.#minKeptShare;
    const deviation = Math.sqrt(share * (1 - share) * early);
    return early > 0 && veteran >= share * early + VETERAN_SCORE * deviation;
  }

  get #meanWindowMillis(): number {
    const spans = this.#ends.length - 1;
    return spans > 0 ? ((this.#ends.at(-1) ?? 0) - (this.#ends[0] ?? 0)) / spans : this.#windowMillis;
  }

  #describe(site: SiteIndex, track: Track, sinceMillis: number): LeakSuspect {
    const values = track.windows.map(({ oldBytes }) => oldBytes);
    const grownWindows = values.filter((value, i) => i > 0 && value > (values[i - 1] ?? 0)).length;
    return {
      site,
      oldBytes: values.at(-1) ?? 0,
      oldMillis: this.#oldMillis,
      bytesPerSecond: (theilSenSlope(values) * 1000) / this.#meanWindowMillis,
      grownWindows,
      windows: Math.max(0, values.length - 1),
      sinceMillis,
    };
  }
}

/**
 * Whether what became old came early in the evidence. Of n samples at an even rate the mean moment is the middle, with a
 * standard error of the length divided by the square root of 12 n.
 */
function comesEarly(windows: readonly Window[]): boolean {
  let [bytes, moments, samples] = [0, 0, 0];
  for (const [at, { added, addedSamples }] of windows.entries()) {
    bytes += added;
    moments += (at + 0.5) * added;
    samples += addedSamples;
  }
  if (bytes <= 0 || samples === 0) return false;
  return moments / bytes < windows.length / 2 - (EARLY_SCORE * windows.length) / Math.sqrt(12 * samples);
}

function grown({ windows }: Track): number {
  return (windows.at(-1)?.oldBytes ?? 0) - (windows[0]?.oldBytes ?? 0);
}

/** The age at which the few oldest of the confirmed samples were confirmed. */
function observedAge(confirmedAges: number[]): number {
  return confirmedAges.sort((a, b) => b - a)[MIN_CONFIRMED - 1] ?? 0;
}

function newTrack(): Track {
  return {
    windows: [],
    veteran: 0,
    isUnknown: false,
    observedAge: 0,
    streak: 0,
    formerPeak: 0,
    suspectSince: undefined,
  };
}
