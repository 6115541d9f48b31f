import type { SiteIndex } from './call-site.js';
import type { Ledger } from './ledger.js';
import { mannKendallScore, theilSenSlope } from './trend.js';

export interface LeakDetectorOptions {
  /** Length of a window. */
  readonly windowMillis?: number;
  /** How many windows make the evidence. */
  readonly windows?: number;
  /** A sample is old after this time; only old samples count. */
  readonly oldMillis?: number;
  /** Mean bytes between samples: what one sample stands for. */
  readonly samplingInterval: number;
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

/** One window of one site: old bytes at its end, and what of them had become old in it. */
interface Window {
  readonly oldBytes: number;
  readonly added: number;
}

/** What a reading says of one site. */
interface OldBytes {
  old: number;
  /** Became old since the last window. */
  added: number;
  /** Became old in the first third of the evidence. */
  veteran: number;
}

interface Track {
  readonly windows: Window[];
  veteran: number;
  /** Windows in a row that speak for a leak (positive) or against one (negative). */
  streak: number;
  /** The largest value before the evidence began: what has been there before is no news. */
  formerPeak: number;
  suspectSince: number | undefined;
}

const WINDOW_MILLIS = 60_000;
const WINDOWS = 12;
const OLD_MILLIS = 60_000;
/** Mann-Kendall's score at the 1 % level. */
const TREND_SCORE = 2.33;
/** Growth through fewer samples is noise: ten are known to a third. */
const MIN_GROWN_SAMPLES = 10;
/**
 * A site that has freed half of what got old in the first third of the evidence, or more, is a store with turnover:
 * sessions on the rising side of a day end too. That more is there must be significant (5 % level): at the bottom of a
 * wave a few survivors are chance.
 */
const MIN_VETERAN_SHARE = 0.5;
const VETERAN_SCORE = 1.64;
/** Growth of the later half below this share of the earlier half's is saturating: a cache that fills. */
const MIN_LATE_SHARE = 1 / 2;
/** Windows in a row to become a suspect, and to be one no longer. */
const ENTER_STREAK = 2;
const LEAVE_STREAK = 3;

/**
 * Finds call sites that leak: whose *old* bytes grow, window after window, and are not freed.
 *
 * What is dead stays in the old generation until a major collection, and looks alive until then. So a
 * window ends only with the first reading after its time that shows old samples freed, which nothing else
 * than a major collection does: what is there then is alive, whoever allocated it. Windows stretch where
 * collections are rare.
 *
 * A trend must be significant (Mann-Kendall),
 * rest on enough samples, go beyond what the site ever held before, not slow down (a cache that fills), and
 * not be turnover (most of what got old early must still be there). Two windows in a row make a suspect,
 * three against it unmake one.
 */
export class LeakDetector {
  readonly #windowMillis: number;
  readonly #windows: number;
  readonly #oldMillis: number;
  readonly #samplingInterval: number;
  readonly #tracks = new Map<SiteIndex, Track>();
  /** When the windows of the evidence ended, the oldest first; one more than windows. */
  readonly #ends: number[] = [];

  constructor(options: LeakDetectorOptions) {
    this.#windowMillis = options.windowMillis ?? WINDOW_MILLIS;
    this.#windows = options.windows ?? WINDOWS;
    this.#oldMillis = options.oldMillis ?? OLD_MILLIS;
    this.#samplingInterval = options.samplingInterval;
  }

  /**
   * Call after each reading, one by one; does something once per window.
   *
   * @param atMillis on the clock that the ledger's readings are on
   * @returns the sites that became suspects just now
   */
  observe(ledger: Ledger, atMillis: number): readonly LeakSuspect[] {
    const last = this.#ends.at(-1);
    if (last !== undefined) {
      const collected = ledger.oldestFreedMillis >= this.#oldMillis;
      if (!collected || atMillis - last < this.#windowMillis) return [];
    }
    this.#ends.push(atMillis);
    if (last === undefined) return [];
    if (this.#ends.length > this.#windows + 1) this.#ends.shift();
    this.#addWindow(this.#oldBytesBySite(ledger, atMillis));
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

  /** By site: bytes first seen longer ago than samples need to be old. */
  #oldBytesBySite(ledger: Ledger, atMillis: number): Map<SiteIndex, OldBytes> {
    const becameOld = (endMillis: number | undefined) => (endMillis ?? 0) - this.#oldMillis;
    const oldNow = becameOld(atMillis);
    const oldBefore = becameOld(this.#ends.at(-2));
    const [veteransFrom, veteransTo] = [becameOld(this.#ends[0]), becameOld(this.#ends[this.#third])];
    const bySite = new Map<SiteIndex, OldBytes>();
    ledger.forEachLive((_id, node, bytes, firstSeenMillis) => {
      if (firstSeenMillis > oldNow) return;
      const site = ledger.sites.siteOf(node);
      const sum = bySite.get(site) ?? { old: 0, added: 0, veteran: 0 };
      sum.old += bytes;
      if (firstSeenMillis > oldBefore) sum.added += bytes;
      if (firstSeenMillis > veteransFrom && firstSeenMillis <= veteransTo) sum.veteran += bytes;
      bySite.set(site, sum);
    });
    return bySite;
  }

  /** How many windows are the first third of the evidence. */
  get #third(): number {
    return Math.ceil(this.#windows / 3);
  }

  #addWindow(now: ReadonlyMap<SiteIndex, OldBytes>): void {
    for (const site of now.keys()) if (!this.#tracks.has(site)) this.#tracks.set(site, newTrack());
    for (const [site, track] of this.#tracks) {
      const { old, added, veteran } = now.get(site) ?? { old: 0, added: 0, veteran: 0 };
      track.windows.push({ oldBytes: old, added });
      track.veteran = veteran;
      if (track.windows.length > this.#windows) {
        track.formerPeak = Math.max(track.formerPeak, track.windows.shift()?.oldBytes ?? 0);
      }
      if (track.formerPeak === 0 && track.windows.every(({ oldBytes }) => oldBytes === 0)) {
        this.#tracks.delete(site);
      }
    }
  }

  #judge(atMillis: number): LeakSuspect[] {
    const fresh: LeakSuspect[] = [];
    for (const [site, track] of this.#tracks) {
      const leaks = this.#looksLikeLeak(track);
      track.streak = leaks ? Math.max(1, track.streak + 1) : Math.min(-1, track.streak - 1);
      if (track.suspectSince === undefined && track.streak >= ENTER_STREAK) {
        track.suspectSince = atMillis;
        fresh.push(this.#describe(site, track, atMillis));
      } else if (track.streak <= -LEAVE_STREAK) track.suspectSince = undefined;
    }
    return fresh;
  }

  #looksLikeLeak({ windows, formerPeak, veteran }: Track): boolean {
    if (windows.length < this.#windows) return false;
    const values = windows.map(({ oldBytes }) => oldBytes);
    const first = values[0] ?? 0;
    const latest = values.at(-1) ?? 0;
    const minGrowth = MIN_GROWN_SAMPLES * this.#samplingInterval;
    if (latest - Math.max(first, formerPeak) < minGrowth) return false;
    if (mannKendallScore(values) < TREND_SCORE || theilSenSlope(values) <= 0) return false;
    const middle = values[values.length >> 1] ?? 0;
    if (latest - middle < MIN_LATE_SHARE * (middle - first)) return false;
    const early = windows.slice(0, this.#third).reduce((sum, { added }) => sum + added, 0);
    return this.#isKept(early, veteran);
  }

  /** Whether significantly more than half of what got old early is still there, by the samples that it is known from. */
  #isKept(earlyBytes: number, veteranBytes: number): boolean {
    const [early, veteran] = [earlyBytes / this.#samplingInterval, veteranBytes / this.#samplingInterval];
    const deviation = Math.sqrt(MIN_VETERAN_SHARE * (1 - MIN_VETERAN_SHARE) * early);
    return early > 0 && veteran >= MIN_VETERAN_SHARE * early + VETERAN_SCORE * deviation;
  }

  get #meanWindowMillis(): number {
    const spans = this.#ends.length - 1;
    return spans > 0 ? ((this.#ends.at(-1) ?? 0) - (this.#ends[0] ?? 0)) / spans : this.#windowMillis;
  }

  #describe(site: SiteIndex, track: Track, sinceMillis: number): LeakSuspect {
    const values = track.windows.map(({ oldBytes }) => oldBytes);
    const grown = values.filter((value, i) => i > 0 && value > (values[i - 1] ?? 0)).length;
    return {
      site,
      oldBytes: values.at(-1) ?? 0,
      oldMillis: this.#oldMillis,
      bytesPerSecond: (theilSenSlope(values) * 1000) / this.#meanWindowMillis,
      grownWindows: grown,
      windows: Math.max(0, values.length - 1),
      sinceMillis,
    };
  }
}

function newTrack(): Track {
  return { windows: [], veteran: 0, streak: 0, formerPeak: 0, suspectSince: undefined };
}
