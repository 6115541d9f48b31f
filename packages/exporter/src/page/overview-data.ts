/**
 * The data of the page's overview as JSON: what one server knows now, and its recent past. Readers must refuse a `version`
 * that they do not know. A key may be added without a new version; what a server does not know is absent or empty.
 */
export interface OverviewData {
  readonly format: 'heapray-overview';
  readonly version: 1;
  readonly title: string;
  /** Time of the answer, in ms since the Unix epoch. */
  readonly timeMillis: number;
  /** Time after which the page asks again, in seconds. */
  readonly refreshSeconds: number;
  /** The process itself, or the components that are followed. */
  readonly subjects: readonly OverviewSubject[];
}

/** One process or component. */
export interface OverviewSubject {
  /** Value of the query parameter `component`; undefined for a server of one process, which has no such parameter. */
  readonly component?: string | undefined;
  readonly name: string;
  /** State in one line, for example `waiting: the file is empty`. */
  readonly state: OverviewText;
  /** Hints and warnings, the most important first. */
  readonly notes: readonly OverviewText[];
  /** Facts that identify it, for example process id, Node's version, command line. */
  readonly facts: readonly OverviewFact[];
  /** Times of the series below, ascending, in ms since the Unix epoch. */
  readonly timesMillis: readonly number[];
  /**
   * Parts of the resident memory in bytes; at each time they add up to all of it. The last, what is not explained, is
   * negative when memory is reserved and not touched yet.
   */
  readonly resident: readonly OverviewSeries[];
  /** Other values over time: heap in use, rate of allocation. */
  readonly lines: readonly OverviewSeries[];
  /** Bytes in use by age, the youngest first; at each time they add up to all that is in use, but for rounding. */
  readonly inUseByAge?: readonly OverviewSeries[] | undefined;
  readonly limits: readonly OverviewLimit[];
  /** Bytes in use by age, the youngest first. */
  readonly ages: readonly OverviewAge[];
  /** Seconds until the heap limit if all suspects keep growing; undefined without suspects. */
  readonly secondsToLimit?: number | undefined;
  readonly suspects: readonly OverviewSuspect[];
  /** Progress of the leak detection without suspects, for example `window 3, the last one ended 40 s ago`. */
  readonly leakProgress?: string | undefined;
  /**
   * Result of the leak detection: `unknown` while it has too few windows, or does not know how much of a growing call site is
   * reachable. Undefined for a server that does not look for leaks.
   */
  readonly leakState?: OverviewLeakState | undefined;
  /** Call sites with most in use, the largest first. */
  readonly sites: readonly OverviewSite[];
  /** Costs of the profiler, and what it has lost, if anything. */
  readonly profiler: readonly OverviewFact[];
  /** Threads or processes below this one. */
  readonly parts: readonly OverviewPart[];
  /** Moments that the difference can start or end at, in ms since the Unix epoch, ascending. */
  readonly momentsMillis: readonly number[];
  readonly downloads: readonly OverviewDownload[];
  /** True if the server takes heap snapshots of this process, on `/debug/heapsnapshot`. */
  readonly snapshots?: boolean | undefined;
}

export type OverviewLeakState = 'unknown' | 'none' | 'suspected';

export interface OverviewText {
  readonly level: OverviewLevel;
  readonly text: string;
}

export type OverviewLevel = 'ok' | 'warning' | 'problem';

export interface OverviewFact {
  readonly name: string;
  readonly text: string;
  /** Default `ok`. */
  readonly level?: OverviewLevel | undefined;
}

/** Values over time, one for each time of the subject; null where unknown. */
export interface OverviewSeries {
  readonly name: string;
  /** `By`, `By/s` or `1`, in UCUM. */
  readonly unit: string;
  readonly values: readonly (number | null)[];
}

export interface OverviewLimit {
  /** Name of the limit: `heap` or `cgroup`. */
  readonly name: string;
  readonly bytes: number;
}

export interface OverviewAge {
  readonly name: string;
  readonly bytes: number;
}

/** Position of a call site. */
export interface OverviewPlace {
  readonly functionName: string;
  /** Path and line as shown elsewhere, for example `orders.js:33:41`; empty when unknown. */
  readonly place: string;
  /** Empty for code of the program itself. */
  readonly packageName: string;
}

export interface OverviewSuspect extends OverviewPlace {
  readonly bytes: number;
  readonly bytesPerSecond: number;
  /** The leak detector's message. */
  readonly message: string;
  /** Bytes in use at the subject's times; null where unknown. */
  readonly values: readonly (number | null)[];
}

export interface OverviewSite extends OverviewPlace {
  readonly inUseBytes: number;
  readonly inUseObjects: number;
  /** Standard error of `inUseBytes`; null when unknown, 0 when exact. */
  readonly standardError: number | null;
  readonly allocatedBytes: number;
  /** Share of what was allocated some time ago that is still in use, 0 to 1; null when unknown. */
  readonly survivedShare: number | null;
  /** Bytes in use at the subject's times, null where unknown; undefined for a site whose past is not kept. */
  readonly values?: readonly (number | null)[] | undefined;
}

export interface OverviewPart {
  readonly name: string;
  readonly facts: readonly OverviewFact[];
}

export interface OverviewDownload {
  readonly title: string;
  /** Path on the same server. */
  readonly href: string;
}
