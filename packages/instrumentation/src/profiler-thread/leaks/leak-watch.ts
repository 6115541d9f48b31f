import type { MemoryOrigin } from '../../protocol/memory-origin.js';
import type { SuspectView } from '../../protocol/messages.js';
import { SURVIVAL_SPANS, type Survival, SurvivalTracker } from '../history/survival.js';
import type { CallSite, Ledger, SiteIndex } from '../ledger/index.js';
import { LeakDetector } from './leak-detector.js';
import { leakMessage } from './leak-message.js';
import type { LeakProgress, LeakRestart, LeakSuspect } from './suspect-rules.js';

export interface LeakWatchOptions {
  readonly windowMillis: number;
  /** V8's heap limit, bytes; infinite for memory that it does not limit. */
  readonly heapLimit: number;
  /** Memory that the ledger accounts for. Default: the main thread's heap. */
  readonly origin?: MemoryOrigin | undefined;
}

const MAIN_HEAP: MemoryOrigin = { kind: 'heap', thread: undefined };
/** Length of a span for which survival is measured, in windows: a minute by default. */
const SPAN_WINDOWS = 3;
/**
 * Number of windows beyond those of a judgement after which everything is judged, and former suspects are not reported any more:
 * four until objects count as old for all detectors, two for a suspicion.
 */
const FORMER_WINDOWS = 6;
/** Bytes that count as one sample in exact mode, as by default in sampled captures: a few objects are no leak. */
const EXACT_SAMPLE_BYTES = 8192;
/** Time before the same call site is announced again, in ms. */
const QUIET_MILLIS = 3_600_000;

/** Watches the ledger for leaks and announces each once. */
export class LeakWatch {
  readonly #ledger: Ledger;
  readonly #options: LeakWatchOptions;
  #detector: LeakDetector;
  #survival: SurvivalTracker;
  /** Suspects at the last change of the sampling interval, until there are enough windows for a new judgement. */
  #former: readonly LeakSuspect[] = [];
  /** Number of windows since the beginning, the last change of the sampling interval, or the last loss of the sampler. */
  #windows = 0;
  /** When the present one ends; undefined before the first. */
  #endsMillis: number | undefined;
  #restartedBy: LeakRestart | undefined;
  readonly #announced = new Map<number, number>();

  constructor(ledger: Ledger, options: LeakWatchOptions) {
    this.#ledger = ledger;
    this.#options = options;
    this.#detector = this.#newDetector();
    this.#survival = new SurvivalTracker({ spanMillis: SPAN_WINDOWS * options.windowMillis });
  }

  /**
   * Resets the detectors after a restart of the sampler with another interval. Suspects stay with their last figures
   * until there are enough windows for a new judgement, because lost samples are not evidence against them.
   */
  intervalChanged(): void {
    const former = this.#suspects();
    this.samplerLost();
    this.#former = former;
    this.#restartedBy = 'interval';
  }

  /** Resets the detectors after the loss of the sampler: knowledge about single samples is void. */
  samplerLost(): void {
    this.#former = [];
    this.#windows = 0;
    this.#endsMillis = undefined;
    this.#restartedBy = 'sampler';
    this.#detector = this.#newDetector();
    this.#survival = new SurvivalTracker({ spanMillis: SPAN_WINDOWS * this.#options.windowMillis });
  }

  #newDetector(): LeakDetector {
    const { windowMillis } = this.#options;
    const { samplingInterval, showsInlined } = this.#ledger;
    const isExact = samplingInterval === 1;
    return new LeakDetector({
      windowMillis,
      samplingInterval: isExact ? EXACT_SAMPLE_BYTES : samplingInterval,
      // Exact mode switches inlining off.
      mayInline: !showsInlined && !isExact,
    });
  }

  /** Age of the allocations that `survival` describes, in ms. */
  get survivalMillis(): number {
    return SURVIVAL_SPANS * SPAN_WINDOWS * this.#options.windowMillis;
  }

  /** Returns the suspects to announce. Call after each poll. */
  observe(atMillis: number): readonly SuspectView[] {
    this.#survival.observe(this.#ledger, atMillis);
    const former = new Set(this.#former.map(({ site }) => site));
    const fresh = this.#detector.observe(this.#ledger, atMillis).filter(({ site }) => {
      const before = this.#announced.get(site);
      if (former.has(site) || (before !== undefined && atMillis - before < QUIET_MILLIS)) return false;
      this.#announced.set(site, atMillis);
      return true;
    });
    this.#countWindows();
    if (this.#hasJudged) this.#former = [];
    return this.#views(fresh, atMillis);
  }

  /** True until what has grown since the beginning is judged; replacing the sampler before delays that. */
  get isFillingWindows(): boolean {
    return !this.#hasJudged;
  }

  /** When the present window ends, on the clock of the polls; minus infinity before the first poll. */
  get windowEndsMillis(): number {
    return this.#detector.windowEndsMillis;
  }

  get progress(): LeakProgress {
    const { progress } = this.#detector;
    const { windows, neededWindows } = progress;
    return windows < neededWindows ? { ...progress, restartedBy: this.#restartedBy } : progress;
  }

  suspects(atMillis: number): readonly SuspectView[] {
    return this.#views(this.#suspects(), atMillis);
  }

  /** Returns present suspects, and former ones that are not judged yet, fastest growth first. */
  #suspects(): readonly LeakSuspect[] {
    const present = this.#detector.suspects();
    const sites = new Set(present.map(({ site }) => site));
    const former = this.#former.filter(({ site }) => !sites.has(site));
    return [...present, ...former].sort((a, b) => b.bytesPerSecond - a.bytesPerSecond);
  }

  #countWindows(): void {
    const ends = this.windowEndsMillis;
    if (ends === this.#endsMillis) return;
    // The first poll begins a window, and ends none.
    if (this.#endsMillis !== undefined) this.#windows++;
    this.#endsMillis = ends;
  }

  get #hasJudged(): boolean {
    return this.#windows >= this.#detector.neededWindows + FORMER_WINDOWS;
  }

  /** Call sites of the suspects, in the order of {@link suspects}. */
  get suspectSites(): readonly SiteIndex[] {
    return this.#suspects().map(({ site }) => site);
  }

  /**
   * Returns, by call site, the bytes allocated `survivalMillis` ago and how many are alive; undefined if
   * unknown.
   */
  survival(atMillis: number): ReadonlyMap<SiteIndex, Survival> | undefined {
    return this.#survival.survival(this.#ledger, atMillis, this.survivalMillis);
  }

  /** Seconds until the heap limit if all suspects keep growing at their rate; undefined without suspects. */
  secondsToLimit(): number | undefined {
    const rate = this.#suspects().reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0);
    return rate > 0 && Number.isFinite(this.#headroom) ? this.#headroom / rate : undefined;
  }

  get #headroom(): number {
    return Math.max(0, this.#options.heapLimit - this.#ledger.totalInUseBytes);
  }

  #views(suspects: readonly LeakSuspect[], atMillis: number): readonly SuspectView[] {
    if (suspects.length === 0) return [];
    const survival = this.survival(atMillis);
    return suspects.map((suspect) => this.#view(suspect, survival?.get(suspect.site)));
  }

  #view(suspect: LeakSuspect, survival: Survival | undefined): SuspectView {
    const site: CallSite = this.#ledger.sites.site(suspect.site);
    const { oldBytes, bytesPerSecond, grownWindows, windows } = suspect;
    const survived = survival && { share: survival.share, ageMillis: this.survivalMillis };
    const { kind, thread } = this.#options.origin ?? MAIN_HEAP;
    const { sites, showsInlined } = this.#ledger;
    const callSites = (indexes: readonly SiteIndex[]) => indexes.map((index) => sites.site(index));
    const inlined = showsInlined
      ? undefined
      : { sure: callSites(suspect.inlined), probable: callSites(suspect.formerCallees) };
    const place = { ...site, kind, thread };
    const message = leakMessage(suspect, place, this.#headroom, survived, inlined);
    return {
      ...site,
      kind,
      thread,
      oldBytes,
      bytesPerSecond,
      grownWindows,
      windows,
      survivedShare: survived?.share,
      survivedMillis: survived?.ageMillis,
      message,
    };
  }
}
