import { type CallSite, LeakDetector, type LeakSuspect, type Ledger, leakVerdict } from '../ledger/index.js';
import type { SuspectView } from './messages.js';

export interface LeakWatchOptions {
  readonly windowMillis: number;
  readonly samplingInterval: number;
  /** V8's heap limit, bytes. */
  readonly heapLimit: number;
}

/** A site that comes and goes is announced again only after this time. */
const QUIET_MILLIS = 3_600_000;

/** Watches the ledger for leaks, and says each once. */
export class LeakWatch {
  readonly #ledger: Ledger;
  readonly #options: LeakWatchOptions;
  readonly #detector: LeakDetector;
  readonly #announced = new Map<number, number>();

  constructor(ledger: Ledger, options: LeakWatchOptions) {
    this.#ledger = ledger;
    this.#options = options;
    const { windowMillis, samplingInterval } = options;
    this.#detector = new LeakDetector({ windowMillis, oldMillis: windowMillis, samplingInterval });
  }

  /** Call after each reading; returns the suspects to announce. */
  observe(atMillis: number): readonly SuspectView[] {
    const fresh = this.#detector.observe(this.#ledger, atMillis).filter(({ site }) => {
      const before = this.#announced.get(site);
      if (before !== undefined && atMillis - before < QUIET_MILLIS) return false;
      this.#announced.set(site, atMillis);
      return true;
    });
    return fresh.map((suspect) => this.#view(suspect));
  }

  suspects(): readonly SuspectView[] {
    return this.#detector.suspects().map((suspect) => this.#view(suspect));
  }

  /** Until the heap limit if all suspects go on as they do, s; undefined without suspects. */
  secondsToLimit(): number | undefined {
    const rate = this.#detector.suspects().reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0);
    return rate > 0 ? this.#headroom / rate : undefined;
  }

  get #headroom(): number {
    return Math.max(0, this.#options.heapLimit - this.#ledger.totalInUseBytes);
  }

  #view(suspect: LeakSuspect): SuspectView {
    const site: CallSite = this.#ledger.sites.site(suspect.site);
    const { oldBytes, bytesPerSecond, grownWindows, windows } = suspect;
    const verdict = leakVerdict(suspect, site, this.#headroom);
    return { ...site, oldBytes, bytesPerSecond, grownWindows, windows, verdict };
  }
}
