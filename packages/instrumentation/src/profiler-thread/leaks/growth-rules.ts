import { mannKendallScore, theilSenSlope } from './trend.js';
import type { Window } from './windows.js';

/** Amounts of a call site, or of several that are judged as one, in the windows of leak detection. */
export interface Evidence {
  /** Number of windows since it was first seen. */
  readonly known: number;
  readonly windows: readonly Window[];
  /** Old bytes that the last major collection has confirmed. */
  readonly confirmed: number;
  /** Bytes that became old in the first third of the windows and are alive. */
  readonly survivor: number;
  /** True if too much of what is old is unknown for a judgement. */
  readonly isUnknown: boolean;
  /** Age up to which collections have shown whether its objects survive, in ms. */
  readonly observedAge: number;
  /** Largest value before the present windows; growth below this earlier peak is ignored. */
  readonly formerPeak: number;
}

export interface GrowthRulesOptions {
  /** Number of windows that a judgement needs. */
  readonly windows: number;
  /** Mean bytes between samples: the bytes that one sample stands for. */
  readonly samplingInterval: number;
  /** Share of what became old early of which more must still be alive, 0 to 1. */
  readonly minKeptShare: number;
}

/** Mann-Kendall score at the 1 % level. */
const TREND_SCORE = 2.33;
/** Minimum growth in samples; less is noise. The relative error of 15 samples is about a quarter. */
const MIN_GROWN_SAMPLES = 15;
/** Score of the share that must be kept, at the 5 % level: at the bottom of a wave a few survivors are chance. */
const SURVIVOR_SCORE = 1.64;
/** Growth saturates (a cache that fills) if the later half is below this share of the earlier half. */
const MIN_LATE_SHARE = 1 / 2;
/** Growth also saturates if its mean moment is this many standard errors before the middle of the windows. */
const EARLY_SCORE = 1;
/** Minimum growth as a share of what became old; a site below it frees most of it: a store with turnover. */
const MIN_GROWN_SHARE = 0.5;
/** A decline at the 10 % level, of at least this share of a site's growth, may explain that growth. */
const DECLINE_SCORE = -1.28;
const MIN_DECLINE_SHARE = 0.4;
/**
 * A growing site may be new to a store until its objects reach this share of the age of the declining site's.
 */
const COMPARABLE_AGE = 0.8;

/** Separates growth that looks like a leak from that of caches, turnover and exchange; see `SuspectRules` for the conditions. */
export class GrowthRules {
  readonly #options: GrowthRulesOptions;

  constructor(options: GrowthRulesOptions) {
    this.#options = options;
  }

  /** Number of windows in the first third. */
  get third(): number {
    return Math.ceil(this.#options.windows / 3);
  }

  /** Minimum growth in bytes. */
  get minGrowth(): number {
    return MIN_GROWN_SAMPLES * this.#options.samplingInterval;
  }

  /** @param isSuspected true if it is a suspect already */
  looksLikeLeak(evidence: Evidence, isSuspected: boolean): boolean {
    const { known, windows, confirmed, formerPeak, survivor } = evidence;
    if (known < this.#options.windows) return false;
    const values = windows.map(({ oldBytes }) => oldBytes);
    const first = values[0] ?? 0;
    const latest = values.at(-1) ?? 0;
    // Memory freed since the last major collection looks alive, so compare what that one has confirmed.
    const shown = isSuspected ? latest : confirmed;
    if (shown - Math.max(first, formerPeak) < this.minGrowth) return false;
    if (mannKendallScore(values) < TREND_SCORE || theilSenSlope(values) <= 0) return false;
    const middle = values[values.length >> 1] ?? 0;
    if (latest - middle < MIN_LATE_SHARE * (middle - first)) return false;
    // Skip this test for present suspects: by chance, one even leak in 15 comes early in some window.
    if (!isSuspected && comesEarly(windows)) return false;
    const added = windows.slice(1).reduce((sum, window) => sum + window.added, 0);
    if (latest - first < MIN_GROWN_SHARE * added) return false;
    const early = windows.slice(0, this.third).reduce((sum, { added }) => sum + added, 0);
    return this.#isKept(early, survivor);
  }

  /**
   * Leaves out sites whose growth may be explained by another site's decline, as when two sites fill one
   * store of constant size. They are included again when their objects have become as old as those that leave
   * the store.
   */
  unexplained(leaking: readonly Evidence[], all: readonly Evidence[]): readonly Evidence[] {
    const declining = all.filter((evidence) => {
      if (-grown(evidence) < this.minGrowth) return false;
      return mannKendallScore(evidence.windows.map(({ oldBytes }) => oldBytes)) <= DECLINE_SCORE;
    });
    return leaking.filter((evidence) => {
      const enough = MIN_DECLINE_SHARE * grown(evidence);
      return !declining.some(
        (other) => -grown(other) >= enough && evidence.observedAge < COMPARABLE_AGE * other.observedAge,
      );
    });
  }

  /**
   * Returns true if significantly more than the minimum share of what became old early is still alive.
   * Significance depends on the number of samples.
   */
  #isKept(earlyBytes: number, survivorBytes: number): boolean {
    const { samplingInterval, minKeptShare: share } = this.#options;
    const [early, survivor] = [earlyBytes / samplingInterval, survivorBytes / samplingInterval];
    const deviation = Math.sqrt(share * (1 - share) * early);
    return early > 0 && survivor >= share * early + SURVIVOR_SCORE * deviation;
  }
}

/**
 * Returns true if what became old came early in the windows. For n samples at an even rate, the mean moment
 * is the middle; its standard error is the length divided by the square root of 12 n.
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

/** Returns by how much old bytes grew from the first window to the last. */
export function grown({ windows }: Pick<Evidence, 'windows'>): number {
  return (windows.at(-1)?.oldBytes ?? 0) - (windows[0]?.oldBytes ?? 0);
}
