import type { SiteIndex } from '../ledger/state/call-site.js';
import type { JudgedDeath, JudgedLedger, JudgedReachability } from './judged-ledger.js';
import { mannKendallScore, theilSenSlope } from './trend.js';
import { emptyWindow, sumOf, type Window, Windows } from './windows.js';

export interface SuspectRulesOptions {
  /** Length of a window, in ms. Default: 20 s. */
  readonly windowMillis?: number;
  /** Number of windows that a judgement needs. Default: 11. */
  readonly windows?: number;
  /** Age at which a sample counts as old, in ms; only old samples count. Default: 20 s. */
  readonly oldMillis?: number;
  /** Mean bytes between samples: the bytes that one sample stands for. */
  readonly samplingInterval: number;
  /** Share of what became old early of which more must still be alive, 0 to 1. Default: 0.5. */
  readonly minKeptShare?: number;
}

/** A call site that keeps more and more of what it allocates. */
export interface LeakSuspect {
  readonly site: SiteIndex;
  /** Bytes in use that are older than `oldMillis`. */
  readonly oldBytes: number;
  readonly oldMillis: number;
  /** Theil-Sen slope of `oldBytes`. */
  readonly bytesPerSecond: number;
  /** Number of windows, out of `windows`, in which `oldBytes` grew. */
  readonly grownWindows: number;
  readonly windows: number;
  readonly sinceMillis: number;
}

/** Progress of leak detection. */
export interface LeakProgress {
  /** Number of windows so far, and the number needed before anything is suspected. */
  readonly windows: number;
  readonly neededWindows: number;
  /** When the last window was closed, on the clock of the polls; undefined before the first. */
  readonly closedMillis: number | undefined;
  /** Number of growing call sites for which no major collection has shown recently what is reachable. */
  readonly undecidedSites: number;
}

/** What is alive of one site at a poll, in bytes that are likely to be reachable. */
interface SiteState {
  old: number;
  /** Part of it that the last major collection has confirmed. */
  confirmed: number;
  /** Its part of each window. */
  readonly windows: readonly Window[];
  /** Bytes that became old in the first third of the windows. */
  survivor: number;
  /** Old bytes whose reachability is unknown: see `SuspectRules`. */
  unknown: number;
  /** Ages at which collections have shown samples to be reachable, in ms. */
  readonly confirmedAges: number[];
}

interface Track {
  /** Number of windows since the site was first seen. */
  known: number;
  /** Parts of what has died since. */
  readonly dead: Window[];
  windows: readonly Window[];
  /** Old bytes of each window as they were estimated at its end. */
  readonly estimates: number[];
  confirmed: number;
  survivor: number;
  /** True if too much of what is old is unknown for a judgement. */
  isUnknown: boolean;
  /** Age up to which collections have shown whether the site's objects survive, in ms. */
  observedAge: number;
  /** Number of consecutive windows that indicate a leak (positive) or none (negative). */
  streak: number;
  /** Largest value before the present windows; growth below this earlier peak is ignored. */
  formerPeak: number;
  suspectSince: number | undefined;
}

const WINDOW_MILLIS = 20_000;
const WINDOWS = 11;
const OLD_MILLIS = 20_000;
/** Mann-Kendall score at the 1 % level. */
const TREND_SCORE = 2.33;
/** Minimum growth in samples; less is noise. The relative error of 15 samples is about a quarter. */
const MIN_GROWN_SAMPLES = 15;
/**
 * Minimum share of what became old in the first third of the windows that must still be alive. A site that
 * has freed half or more of it is a store with turnover: sessions end too while their number rises over the
 * day. The share must exceed the minimum significantly (5 % level), because at the bottom of a wave a few
 * survivors are chance.
 */
const MIN_KEPT_SHARE = 0.5;
const SURVIVOR_SCORE = 1.64;
/** Growth saturates (a cache that fills) if the later half is below this share of the earlier half. */
const MIN_LATE_SHARE = 1 / 2;
/** Growth also saturates if its mean moment is this many standard errors before the middle of the windows. */
const EARLY_SCORE = 1;
/** Number of consecutive windows to become a suspect, and to stop being one. */
const ENTER_STREAK = 2;
const LEAVE_STREAK = 3;
/** Number of recent windows in which a collection must have confirmed a sample for it to count as known. */
const KNOWN_WINDOWS = 3;
/** Maximum unknown share of a site's old bytes; above it the site is not judged. */
const MAX_UNKNOWN_SHARE = 0.3;
/** Minimum number of samples confirmed at an age for it to count as observed. */
const MIN_CONFIRMED = 5;
/** Minimum growth as a share of what became old; a site below it frees most of it: a store with turnover. */
const MIN_GROWN_SHARE = 0.5;
/** A decline at the 10 % level, of at least this share of a site's growth, may explain that growth. */
const DECLINE_SCORE = -1.28;
const MIN_DECLINE_SHARE = 0.4;
/**
 * A growing site may be new to a store until its objects reach this share of the age of the declining site's.
 */
const COMPARABLE_AGE = 0.8;

/**
 * Finds call sites whose bytes older than a certain age grow, window after window, and are not freed.
 *
 * Dead objects look alive until a major collection. So samples that the last one has not confirmed are
 * weighted by the probability that they are reachable (`Reachability`). Windows have a fixed length,
 * independent of collections; each collection shows more of what was reachable at the end of earlier windows. A sample is
 * known if a major collection has confirmed it recently, or if it is not older than the ages at which collections have
 * observed its site. A site is not judged while too much of it is unknown.
 *
 * A trend must meet these conditions:
 * - It is significant (Mann-Kendall) and rests on enough samples.
 * - It exceeds what the site ever held before.
 * - It does not slow down, as a cache that fills does.
 * - Most of what became old early is still alive; otherwise it is turnover.
 * - It is not explained by another site's decline, as when two sites fill one cache.
 *
 * Two consecutive windows make a suspect; three against it end the suspicion.
 *
 * Limits: a cache that fills evenly for longer than all windows looks like a leak until it stops. Growth of
 * less than 15 samples in all windows together is not detected.
 */
export class SuspectRules {
  readonly #windowMillis: number;
  readonly #neededWindows: number;
  readonly #oldMillis: number;
  readonly #samplingInterval: number;
  readonly #minKeptShare: number;
  readonly #tracks = new Map<SiteIndex, Track>();
  readonly #windows: Windows;

  constructor(options: SuspectRulesOptions) {
    this.#windowMillis = options.windowMillis ?? WINDOW_MILLIS;
    this.#neededWindows = options.windows ?? WINDOWS;
    this.#oldMillis = options.oldMillis ?? OLD_MILLIS;
    this.#windows = new Windows(this.#oldMillis);
    this.#samplingInterval = options.samplingInterval;
    this.#minKeptShare = options.minKeptShare ?? MIN_KEPT_SHARE;
  }

  /**
   * Adds a poll. Call after each poll, in order; does work once per window.
   *
   * @param atMillis time on the clock of the ledger's polls
   * @param deaths samples that the poll does not show any more
   * @returns the sites that became suspects just now
   */
  observe(ledger: JudgedLedger, atMillis: number, deaths: readonly JudgedDeath[]): readonly LeakSuspect[] {
    const last = this.#windows.lastMillis;
    const { reachability } = ledger;
    for (const death of deaths) this.#addDeath(death, ledger.sites.siteOf(death.sample.node), reachability);
    if (last !== undefined && atMillis - last < this.#windowMillis) return [];
    this.#windows.close({ millis: atMillis, newest: reachability.newestOrdinal });
    if (last === undefined) return [];
    for (const track of this.#tracks.values()) {
      track.dead.push(emptyWindow());
      track.estimates.push(0);
    }
    if (this.#windows.length > this.#neededWindows) this.#dropWindow();
    this.#setWindows(this.#statesBySite(ledger, atMillis));
    return this.#judge(atMillis);
  }

  /** Returns all present suspects, fastest growth first. */
  suspects(): readonly LeakSuspect[] {
    const suspects: LeakSuspect[] = [];
    for (const [site, track] of this.#tracks) {
      if (track.suspectSince !== undefined) suspects.push(this.#describe(site, track, track.suspectSince));
    }
    return suspects.sort((a, b) => b.bytesPerSecond - a.bytesPerSecond);
  }

  /** Progress towards a judgement. */
  get progress(): LeakProgress {
    const undecided = [...this.#tracks.values()].filter(
      (track) => track.isUnknown && grown(track) >= this.#minGrowth,
    );
    return {
      windows: this.#windows.length,
      neededWindows: this.#neededWindows,
      closedMillis: this.#windows.lastMillis,
      undecidedSites: undecided.length,
    };
  }

  #statesBySite(ledger: JudgedLedger, atMillis: number): Map<SiteIndex, SiteState> {
    const oldFrom = atMillis - this.#oldMillis;
    const [survivorsFrom, survivorsTo] = [this.#windows.oldAt(0), this.#windows.oldAt(this.#third)];
    const knownFrom = this.#windows.startOfNewest(KNOWN_WINDOWS);
    const bySite = new Map<SiteIndex, SiteState>();
    const { reachability } = ledger;
    ledger.forEachReachable((sample, reachableBytes) => {
      const { node, firstSeenMillis, confirmedMillis } = sample;
      if (firstSeenMillis > oldFrom) return;
      // Use exact bytes for what the last major collection confirmed; estimates would only add noise to a
      // trend.
      const isConfirmed = confirmedMillis === reachability.lastMajorMillis;
      const bytes = isConfirmed ? sample.bytes : reachableBytes;
      const site = ledger.sites.siteOf(node);
      let state = bySite.get(site);
      if (!state) {
        const windows = Array.from({ length: this.#windows.length }, emptyWindow);
        state = { old: 0, confirmed: 0, windows, survivor: 0, unknown: 0, confirmedAges: [] };
        bySite.set(site, state);
      }
      state.old += bytes;
      if (isConfirmed) state.confirmed += bytes;
      const earlier = (newest: number) => reachability.earlierShare(sample, newest, bytes / sample.bytes);
      if (isConfirmed) this.#windows.addLasting(state.windows, sample);
      else this.#windows.add(state.windows, sample, earlier);
      if (firstSeenMillis > survivorsFrom && firstSeenMillis <= survivorsTo) state.survivor += bytes;
      if (confirmedMillis > firstSeenMillis) state.confirmedAges.push(confirmedMillis - firstSeenMillis);
      const observed = this.#tracks.get(site)?.observedAge ?? 0;
      if (confirmedMillis < knownFrom && atMillis - firstSeenMillis > observed) state.unknown += bytes;
    });
    for (const { windows } of bySite.values()) this.#windows.settle(windows);
    return bySite;
  }

  #addDeath(death: JudgedDeath, site: SiteIndex, reachability: JudgedReachability): void {
    const { sample } = death;
    if (sample.firstSeenMillis > this.#windows.oldAt(this.#windows.length)) return;
    const track = this.#tracks.get(site) ?? newTrack(this.#windows.length);
    this.#tracks.set(site, track);
    this.#windows.add(track.dead, sample, (newest) => reachability.shareBeforeDeath(death, newest));
  }

  /** Number of windows in the first third. */
  get #third(): number {
    return Math.ceil(this.#neededWindows / 3);
  }

  /** Drops the oldest window. */
  #dropWindow(): void {
    this.#windows.dropOldest();
    for (const track of this.#tracks.values()) {
      track.dead.shift();
      track.formerPeak = Math.max(track.formerPeak, track.estimates.shift() ?? 0);
    }
  }

  /** Computes the windows of all sites anew: a collection shows what was reachable in earlier windows, too. */
  #setWindows(now: ReadonlyMap<SiteIndex, SiteState>): void {
    const windows = this.#windows.length;
    for (const site of now.keys()) if (!this.#tracks.has(site)) this.#tracks.set(site, newTrack(windows));
    for (const [site, track] of this.#tracks) {
      const state = now.get(site);
      track.known++;
      track.estimates[windows - 1] = state?.old ?? 0;
      track.windows = track.dead.map((dead, at) => sumOf(dead, state?.windows[at]));
      track.confirmed = state?.confirmed ?? 0;
      track.survivor = state?.survivor ?? 0;
      track.isUnknown = state !== undefined && state.unknown > MAX_UNKNOWN_SHARE * state.old;
      track.observedAge = Math.max(track.observedAge, observedAge(state?.confirmedAges ?? []));
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

  #looksLikeLeak(track: Track): boolean {
    const { known, windows, confirmed, formerPeak, survivor, suspectSince } = track;
    if (known < this.#neededWindows) return false;
    const values = windows.map(({ oldBytes }) => oldBytes);
    const first = values[0] ?? 0;
    const latest = values.at(-1) ?? 0;
    // What was freed since the last major collection looks alive, so compare what that one has confirmed.
    const shown = suspectSince === undefined ? confirmed : latest;
    if (shown - Math.max(first, formerPeak) < this.#minGrowth) return false;
    if (mannKendallScore(values) < TREND_SCORE || theilSenSlope(values) <= 0) return false;
    const middle = values[values.length >> 1] ?? 0;
    if (latest - middle < MIN_LATE_SHARE * (middle - first)) return false;
    // Skip this test for present suspects: by chance, one even leak in 15 comes early in some window.
    if (suspectSince === undefined && comesEarly(windows)) return false;
    const added = windows.slice(1).reduce((sum, window) => sum + window.added, 0);
    if (latest - first < MIN_GROWN_SHARE * added) return false;
    const early = windows.slice(0, this.#third).reduce((sum, { added }) => sum + added, 0);
    return this.#isKept(early, survivor);
  }

  /**
   * Leaves out sites whose growth may be explained by another site's decline, as when two sites fill one
   * store of constant size. They are included again when their objects have become as old as those that leave
   * the store.
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

  /**
   * Returns true if significantly more than the minimum share of what became old early is still alive.
   * Significance depends on the number of samples.
   */
  #isKept(earlyBytes: number, survivorBytes: number): boolean {
    const [early, survivor] = [earlyBytes / this.#samplingInterval, survivorBytes / this.#samplingInterval];
    const share = this.#minKeptShare;
    const deviation = Math.sqrt(share * (1 - share) * early);
    return early > 0 && survivor >= share * early + SURVIVOR_SCORE * deviation;
  }

  #describe(site: SiteIndex, track: Track, sinceMillis: number): LeakSuspect {
    const values = track.windows.map(({ oldBytes }) => oldBytes);
    const grownWindows = values.filter((value, i) => i > 0 && value > (values[i - 1] ?? 0)).length;
    return {
      site,
      oldBytes: values.at(-1) ?? 0,
      oldMillis: this.#oldMillis,
      bytesPerSecond: (theilSenSlope(values) * 1000) / (this.#windows.meanMillis ?? this.#windowMillis),
      grownWindows,
      windows: Math.max(0, values.length - 1),
      sinceMillis,
    };
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

function grown({ windows }: Track): number {
  return (windows.at(-1)?.oldBytes ?? 0) - (windows[0]?.oldBytes ?? 0);
}

/** Returns the age up to which enough samples were confirmed, in ms. */
function observedAge(confirmedAges: number[]): number {
  return confirmedAges.sort((a, b) => b - a)[MIN_CONFIRMED - 1] ?? 0;
}

function newTrack(windows: number): Track {
  return {
    known: 0,
    dead: Array.from({ length: windows }, emptyWindow),
    windows: [],
    estimates: new Array(windows).fill(0),
    confirmed: 0,
    survivor: 0,
    isUnknown: false,
    observedAge: 0,
    streak: 0,
    formerPeak: 0,
    suspectSince: undefined,
  };
}
