import { GrowthDetector, type LeakProgress, type LeakSuspect } from './growth-detector.js';
import type { Ledger } from './ledger.js';

export interface LeakDetectorOptions {
  /** Length of a window, ms. Default: 20 s. */
  readonly windowMillis?: number;
  /** Mean bytes between samples: what one sample stands for. */
  readonly samplingInterval: number;
}

const WINDOW_MILLIS = 20_000;
/**
 * The ages from which objects count, in windows, and the share of them that must be kept. One call site may hold both what leaks and what lives for a while, as when
 * the optimizer inlines two functions into one: of its older objects more have leaked.
 */
const LENSES = [
  { oldWindows: 1, minKeptShare: 0.5 },
  { oldWindows: 4, minKeptShare: 0.75 },
] as const;

/** Finds call sites that leak, among objects older than each of some ages; see `GrowthDetector`. */
export class LeakDetector {
  readonly #detectors: readonly GrowthDetector[];

  constructor({ windowMillis = WINDOW_MILLIS, samplingInterval }: LeakDetectorOptions) {
    this.#detectors = LENSES.map(
      ({ oldWindows, minKeptShare }) =>
        new GrowthDetector({
          windowMillis,
          oldMillis: oldWindows * windowMillis,
          samplingInterval,
          minKeptShare,
        }),
    );
  }

  /**
   * Call after each reading, one by one; does something once per window.
   *
   * @param atMillis on the clock that the ledger's readings are on
   * @returns the sites that became suspects just now
   */
  observe(ledger: Ledger, atMillis: number): readonly LeakSuspect[] {
    const before = new Set(this.suspects().map(({ site }) => site));
    const fresh = this.#detectors.flatMap((detector) => detector.observe(ledger, atMillis));
    return eachSiteOnce(fresh).filter(({ site }) => !before.has(site));
  }

  /** All present suspects, the fastest first. */
  suspects(): readonly LeakSuspect[] {
    const suspects = eachSiteOnce(this.#detectors.flatMap((detector) => detector.suspects()));
    return suspects.sort((a, b) => b.bytesPerSecond - a.bytesPerSecond);
  }

  /** How far the evidence goes. */
  get progress(): LeakProgress {
    return this.#detectors[0]!.progress;
  }
}

/** The first of each site: that of the younger age, which counts more of what the site holds. */
function eachSiteOnce(suspects: readonly LeakSuspect[]): LeakSuspect[] {
  const sites = new Set<number>();
  return suspects.filter(({ site }) => {
    if (sites.has(site)) return false;
    sites.add(site);
    return true;
  });
}
