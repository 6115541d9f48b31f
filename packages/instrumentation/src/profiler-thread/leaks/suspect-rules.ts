import type { SiteIndex } from '../ledger/state/call-site.js';
import { formerCallees } from './former-callees.js';
import { type Evidence, GrowthRules, grown } from './growth-rules.js';
import type { JudgedDeath, JudgedLedger, JudgedReachability } from './judged-ledger.js';
import { takeovers } from './takeovers.js';
import { theilSenSlope } from './trend.js';
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
  /** False where V8 inlines no function, or shows inlined ones. Default: true. */
  readonly mayInline?: boolean;
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
  /** Sites whose allocations it has taken over, and whose bytes are included: V8 has inlined their functions into its own. */
  readonly inlined: readonly SiteIndex[];
  /** Sites of functions that it has probably inlined too, from the one that holds most; their bytes are not included. */
  readonly formerCallees: readonly SiteIndex[];
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
  /** Reason why the windows began again; undefined if they never did, or once there are enough again. */
  readonly restartedBy?: LeakRestart | undefined;
}

/** `interval`: the sampling interval was changed. `sampler`: the sampler was lost, and started again. */
export type LeakRestart = 'interval' | 'sampler';

/** Memory of one site that is likely to be reachable at a poll, in bytes. */
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

interface Track extends Evidence {
  known: number;
  /** Parts of what has died since it was first seen. */
  readonly dead: Window[];
  windows: readonly Window[];
  /** Old bytes of each window as they were estimated at its end. */
  readonly estimates: number[];
  confirmed: number;
  survivor: number;
  isUnknown: boolean;
  observedAge: number;
  formerPeak: number;
  /** Number of consecutive windows that indicate a leak (positive) or none (negative). */
  streak: number;
  suspectSince: number | undefined;
  /** Sites that are judged together with it; see `takeovers`. */
  inlined: readonly SiteIndex[];
  /** See `formerCallees`; empty unless it is a suspect. */
  formerCallees: readonly SiteIndex[];
}

const WINDOW_MILLIS = 20_000;
const WINDOWS = 11;
const OLD_MILLIS = 20_000;
/**
 * Minimum share of what became old in the first third of the windows that must still be alive. A site that
 * has freed half or more of it is a store with turnover: sessions end too while their number rises over the
 * day.
 */
const MIN_KEPT_SHARE = 0.5;
/** Number of consecutive windows to become a suspect, and to stop being one. */
const ENTER_STREAK = 2;
const LEAVE_STREAK = 3;
/** Number of recent windows in which a collection must have confirmed a sample for it to count as known. */
const KNOWN_WINDOWS = 3;
/** Maximum unknown share of a site's old bytes; above it the site is not judged. */
const MAX_UNKNOWN_SHARE = 0.3;
/** Minimum length of a window that begins late, as a share of the usual length. */
const MIN_WINDOW_SHARE = 0.5;
/**
 * Part of a window by which a sample may be too young to be old. Many samples are seen first by the poll that ends a window, and
 * would be old one or two windows later by chance, as polls are answered a little sooner or later.
 */
const POLL_TOLERANCE = 0.1;
/** Number of recent windows in which a function that V8 has inlined allocates nothing under its own name. */
const SILENT_WINDOWS = 3;
/** Minimum number of samples confirmed at an age for it to count as observed. */
const MIN_CONFIRMED = 5;

/**
 * Finds call sites whose bytes older than a certain age grow, window after window, and are not freed.
 *
 * Dead objects look alive until a major collection. So samples that the last one has not confirmed are
 * weighted by the probability that they are reachable (`Reachability`). Windows have a fixed length on average,
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
 * A function that V8 inlines into its caller is judged together with it (`takeovers`).
 *
 * Two consecutive windows make a suspect; three against it end the suspicion.
 *
 * Limits: a cache that fills evenly for longer than all windows looks like a leak until it stops. Growth of
 * less than 15 samples in all windows together is not detected.
 */
export class SuspectRules {
  readonly #windowMillis: number;
  /** Number of windows that a judgement needs. */
  readonly neededWindows: number;
  readonly #oldMillis: number;
  /** Time since a sample was seen first from which it counts as old, in ms. */
  readonly #seenMillis: number;
  readonly #mayInline: boolean;
  readonly #growth: GrowthRules;
  readonly #tracks = new Map<SiteIndex, Track>();
  readonly #windows: Windows;
  /** When the present window ends: with the first poll from then on. */
  #dueMillis = Number.NEGATIVE_INFINITY;

  constructor(options: SuspectRulesOptions) {
    this.#windowMillis = options.windowMillis ?? WINDOW_MILLIS;
    this.neededWindows = options.windows ?? WINDOWS;
    this.#oldMillis = options.oldMillis ?? OLD_MILLIS;
    this.#mayInline = options.mayInline ?? true;
    this.#seenMillis = this.#oldMillis - this.#windowMillis * POLL_TOLERANCE;
    this.#windows = new Windows(this.#seenMillis);
    this.#growth = new GrowthRules({
      windows: this.neededWindows,
      samplingInterval: options.samplingInterval,
      minKeptShare: options.minKeptShare ?? MIN_KEPT_SHARE,
    });
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
    if (atMillis < this.#dueMillis) return [];
    this.#dueMillis = this.#nextDue(atMillis);
    this.#windows.close({ millis: atMillis, newest: reachability.newestOrdinal });
    if (last === undefined) return [];
    for (const track of this.#tracks.values()) {
      track.dead.push(emptyWindow());
      track.estimates.push(0);
    }
    if (this.#windows.length > this.neededWindows) this.#dropWindow();
    this.#setWindows(this.#statesBySite(ledger, atMillis));
    return this.#judge(ledger, atMillis);
  }

  /** Returns when the next window ends. Polls come later than it is due; that must not add up over all windows. */
  #nextDue(atMillis: number): number {
    const inTime = this.#dueMillis + this.#windowMillis;
    return inTime >= atMillis + this.#windowMillis * MIN_WINDOW_SHARE
      ? inTime
      : atMillis + this.#windowMillis;
  }

  /** When the present window ends, on the clock of the polls; minus infinity before the first poll. */
  get windowEndsMillis(): number {
    return this.#dueMillis;
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
      (track) => track.isUnknown && grown(track) >= this.#growth.minGrowth,
    );
    return {
      windows: this.#windows.length,
      neededWindows: this.neededWindows,
      closedMillis: this.#windows.lastMillis,
      undecidedSites: undecided.length,
    };
  }

  #statesBySite(ledger: JudgedLedger, atMillis: number): Map<SiteIndex, SiteState> {
    const oldFrom = atMillis - this.#seenMillis;
    const [survivorsFrom, survivorsTo] = [this.#windows.oldAt(0), this.#windows.oldAt(this.#growth.third)];
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

  /** Drops the oldest window. */
  #dropWindow(): void {
    this.#windows.dropOldest();
    for (const track of this.#tracks.values()) {
      track.dead.shift();
      track.formerPeak = Math.max(track.formerPeak, track.estimates.shift() ?? 0);
    }
  }

  /** Computes the windows of all sites again: a collection shows what was reachable in earlier windows, too. */
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

  #judge(ledger: JudgedLedger, atMillis: number): LeakSuspect[] {
    const looks = (evidence: Evidence, track: Track) =>
      this.#growth.looksLikeLeak(evidence, track.suspectSince !== undefined);
    const alone = new Set([...this.#tracks.values()].filter((track) => looks(track, track)));
    // Before, no site can become a suspect.
    const isEnough = this.#windows.length >= this.neededWindows;
    const isLeak = (site: SiteIndex) => alone.has(this.#tracks.get(site)!);
    const judged = this.#together(
      this.#mayInline && isEnough ? takeovers(ledger, this.#tracks, isLeak) : new Map(),
    );
    const looking = [...judged].filter(([track, evidence]) => alone.has(track) || looks(evidence, track));
    const leaking = looking.map(([, evidence]) => evidence);
    const leaks = new Set(this.#growth.unexplained(leaking, [...judged.values()]));
    const fresh: SiteIndex[] = [];
    for (const [site, track] of this.#tracks) {
      const evidence = judged.get(track);
      if (!evidence || evidence.isUnknown) continue;
      track.streak = leaks.has(evidence) ? Math.max(1, track.streak + 1) : Math.min(-1, track.streak - 1);
      if (track.suspectSince === undefined && track.streak >= ENTER_STREAK) {
        track.suspectSince = atMillis;
        fresh.push(site);
      } else if (track.streak <= -LEAVE_STREAK) track.suspectSince = undefined;
    }
    if (this.#mayInline) this.#findFormerCallees(ledger);
    return fresh.map((site) => this.#describe(site, this.#tracks.get(site)!, atMillis));
  }

  #findFormerCallees(ledger: JudgedLedger): void {
    const suspects = new Set<SiteIndex>();
    for (const [site, { suspectSince }] of this.#tracks) if (suspectSince !== undefined) suspects.add(site);
    const found = formerCallees(ledger, suspects, this.#windows.startOfNewest(SILENT_WINDOWS));
    for (const [site, track] of this.#tracks) {
      const inlined = new Set(track.inlined);
      track.formerCallees = (found.get(site) ?? []).filter((callee) => !inlined.has(callee));
    }
  }

  /**
   * Returns what each site is judged by. Sites that another one has taken over from are judged with that one, which takes over
   * their suspicion, too.
   *
   * @param takenOver as `takeovers` returns it
   */
  #together(takenOver: ReadonlyMap<SiteIndex, readonly SiteIndex[]>): Map<Track, Evidence> {
    const judged = new Map<Track, Evidence>();
    for (const [site, track] of this.#tracks) {
      track.inlined = takenOver.get(site) ?? [];
      judged.set(track, this.#evidenceOf(track));
    }
    for (const track of this.#tracks.values()) {
      for (const inlined of this.#tracksOf(track.inlined)) {
        judged.delete(inlined);
        if (inlined.suspectSince !== undefined) {
          track.suspectSince ??= inlined.suspectSince;
          track.streak = Math.max(track.streak, inlined.streak);
          inlined.suspectSince = undefined;
        }
        inlined.streak = 0;
      }
    }
    return judged;
  }

  #evidenceOf(track: Track): Evidence {
    return this.#tracksOf(track.inlined).reduce<Evidence>(evidenceOfBoth, track);
  }

  #tracksOf(sites: readonly SiteIndex[]): readonly Track[] {
    return sites.flatMap((site) => this.#tracks.get(site) ?? []);
  }

  #describe(site: SiteIndex, track: Track, sinceMillis: number): LeakSuspect {
    const values = this.#evidenceOf(track).windows.map(({ oldBytes }) => oldBytes);
    const grownWindows = values.filter((value, i) => i > 0 && value > (values[i - 1] ?? 0)).length;
    return {
      site,
      oldBytes: values.at(-1) ?? 0,
      oldMillis: this.#oldMillis,
      bytesPerSecond: (theilSenSlope(values) * 1000) / (this.#windows.meanMillis ?? this.#windowMillis),
      grownWindows,
      windows: Math.max(0, values.length - 1),
      sinceMillis,
      inlined: track.inlined,
      formerCallees: track.formerCallees,
    };
  }
}

function evidenceOfBoth(a: Evidence, b: Evidence): Evidence {
  return {
    known: Math.max(a.known, b.known),
    windows: a.windows.map((window, at) => sumOf(window, b.windows[at])),
    confirmed: a.confirmed + b.confirmed,
    survivor: a.survivor + b.survivor,
    isUnknown: a.isUnknown || b.isUnknown,
    observedAge: Math.max(a.observedAge, b.observedAge),
    formerPeak: a.formerPeak + b.formerPeak,
  };
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
    inlined: [],
    formerCallees: [],
  };
}
