import type { JudgedLedger } from './judged-ledger.js';
import { type LeakProgress, type LeakSuspect, SuspectRules } from './suspect-rules.js';

export type { JudgedLedger, JudgedSample } from './judged-ledger.js';
export type { LeakProgress, LeakSuspect } from './suspect-rules.js';

export interface LeakDetectorOptions {
  /** Length of a window, in ms. Default: 20 s. */
  readonly windowMillis?: number;
  /** Mean bytes between samples: the bytes that one sample stands for. */
  readonly samplingInterval: number;
  /** False where V8 inlines no function, or shows inlined ones. Default: true. */
  readonly mayInline?: boolean;
}

const WINDOW_MILLIS = 20_000;
/**
 * Age limits, in windows, and the share that must be kept beyond each. One call site may hold both leaks and
 * objects that live for a while, e.g. when the optimizer inlines two functions into one. Among its older
 * objects, the leaked ones prevail.
 */
const AGE_LIMITS = [
  { oldWindows: 1, minKeptShare: 0.5 },
  { oldWindows: 4, minKeptShare: 0.75 },
] as const;

/** Finds call sites that leak, with one `SuspectRules` for each age limit. */
export class LeakDetector {
  readonly #detectors: readonly SuspectRules[];

  constructor({ windowMillis = WINDOW_MILLIS, samplingInterval, mayInline }: LeakDetectorOptions) {
    this.#detectors = AGE_LIMITS.map(
      ({ oldWindows, minKeptShare }) =>
        new SuspectRules({
          windowMillis,
          oldMillis: oldWindows * windowMillis,
          samplingInterval,
          minKeptShare,
          ...(mayInline !== undefined && { mayInline }),
        }),
    );
  }

  /**
   * Adds a poll. Call after each poll, in order; does work once per window.
   *
   * @param atMillis time on the clock of the ledger's polls
   * @returns the sites that became suspects just now
   */
  observe(ledger: JudgedLedger, atMillis: number): readonly LeakSuspect[] {
    const before = new Set(this.suspects().flatMap(sitesOf));
    const deaths = ledger.reachability.takeDeaths();
    const fresh = this.#detectors.flatMap((detector) => detector.observe(ledger, atMillis, deaths));
    return eachOnce(fresh).filter((suspect) => !sitesOf(suspect).some((site) => before.has(site)));
  }

  /** Returns all present suspects, fastest growth first. */
  suspects(): readonly LeakSuspect[] {
    const suspects = eachOnce(this.#detectors.flatMap((detector) => detector.suspects()));
    return suspects.sort((a, b) => b.bytesPerSecond - a.bytesPerSecond);
  }

  /** When the present window ends; see `SuspectRules`. */
  get windowEndsMillis(): number {
    return this.#detectors[0]!.windowEndsMillis;
  }

  /** Number of windows that a judgement needs. */
  get neededWindows(): number {
    return this.#detectors[0]!.neededWindows;
  }

  /** Progress of the detector with the lowest age limit. */
  get progress(): LeakProgress {
    return this.#detectors[0]!.progress;
  }
}

/**
 * Keeps the first suspect of each site: that of the lower age limit, which covers more of the site's bytes. Leaves out a site whose
 * bytes another suspect includes: the limits see at different times that V8 has inlined its function.
 */
function eachOnce(suspects: readonly LeakSuspect[]): LeakSuspect[] {
  return suspects.filter((suspect, at) => {
    return !suspects.some((other, otherAt) => {
      if (otherAt === at) return false;
      const isMutual = other.site === suspect.site || suspect.inlined.includes(other.site);
      return sitesOf(other).includes(suspect.site) && (!isMutual || otherAt < at);
    });
  });
}

function sitesOf({ site, inlined }: LeakSuspect): readonly number[] {
  return [site, ...inlined];
}
