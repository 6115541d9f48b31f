import type { GroupBy } from '../config/index.js';
import type { OwnMetric, SiteMetric } from './metric-table.js';
import type { SamplerMode } from './sampler-mode.js';

/** Attributes of a point, as the OpenTelemetry API takes them. */
export type PointAttributes = Readonly<Record<string, string | number>>;

/** Metrics that the profiler thread returns as points. */
export type PointMetric = SiteMetric | OwnMetric;

/** Points of one metric, in columns with an entry for each series. */
export interface MetricPoints {
  readonly metric: PointMetric;
  readonly attributes: readonly PointAttributes[];
  /** Values since the start for counters, present ones for all others. */
  readonly values: readonly number[];
  /**
   * Starts of counters, in ms since the epoch; undefined for those that started with the answer's
   * `startedMillis`.
   */
  readonly sinceMillis: readonly (number | undefined)[];
}

/** Selection of call sites for a request. */
export interface SitesWanted {
  readonly maxCallSites: number;
  readonly groupBy: GroupBy;
  /** True to split bytes in use by age. */
  readonly retentionAges: boolean;
  /** True to report `other` even if it has nothing in use. */
  readonly alwaysOther: boolean;
  /**
   * True for cumulative counters: a series that ends continues when its site returns, and the sum of the ended ones is
   * reported.
   */
  readonly withDropped: boolean;
}

/** Number of the instruments among those that request points. Metric producers have numbers from 1. */
export const INSTRUMENTS = 0;

/** A request for metric points. */
export interface PointsRequest {
  /** Number of the metric producer, or `INSTRUMENTS`. Each has its own selection of call sites. */
  readonly consumer: number;
  /** Number of the request; they increase. */
  readonly request: number;
  /** Number of the last request of this consumer whose answer arrived in time; 0 for none. */
  readonly answered: number;
  /** Undefined for no call sites: series that the consumer knows are then reported as zero once. */
  readonly sites: SitesWanted | undefined;
  /** True to include the metrics of the profiler itself. */
  readonly withOwn: boolean;
}

/** Number of polls and their total duration, by bucket of the histogram's boundaries; since the start. */
export interface PollDurations {
  readonly counts: readonly number[];
  readonly millis: readonly number[];
}

/** Process memory as reported by Linux, in bytes. */
export interface KernelMemory {
  /** Resident pages of files. */
  readonly file: number;
  /** Resident shared memory. */
  readonly shared: number;
  /** The main thread's stack. */
  readonly stack: number;
  /** Undefined before the mappings were read, and where they cannot be read. */
  readonly mapped?: MappedKinds | undefined;
}

/** Resident memory by the use of its mapping, in bytes; of the last time that the mappings were read. */
export interface MappedKinds {
  /** Stacks of all threads. */
  readonly stack: number;
  /** Written pages of the executable and libraries. */
  readonly privateFile: number;
  /** Memory of `malloc` that is in use, without array buffers and other external memory: a lower bound. */
  readonly malloc: number;
  /** The rest of what `malloc` has: freed memory that it keeps, and small blocks of native code. An upper bound. */
  readonly retained: number;
  /** Array buffers and other external memory that was counted then. */
  readonly external: number;
  /** V8's heaps of all threads, with memory that V8 keeps for them. */
  readonly v8: number;
}

/** State of the profiler, besides its points. */
export interface ProfilerState {
  readonly mode: SamplerMode | 'none';
  /** Reason for mode `none`: a reason of `heapray.profiler.lost_sampler`, or `starting`. */
  readonly noneReason: string;
  readonly pollDurations: PollDurations;
  /**
   * Bytes of the profiler thread's V8 heap and of V8's own allocations; without array buffers and the like.
   */
  readonly memoryBytes: number;
  /** Heaps of the application's worker threads, in bytes; undefined while they are not known. */
  readonly workerBytes?: number | undefined;
  /** Undefined where the system does not report it. */
  readonly kernel: KernelMemory | undefined;
}

/** Metric points of one moment. */
export interface PointsAnswer {
  /** The request's number. */
  readonly request: number;
  readonly points: readonly MetricPoints[];
  /** Undefined if not requested. */
  readonly profiler: ProfilerState | undefined;
  /** When counting began, in ms since the epoch. */
  readonly startedMillis: number;
  /** Time of the points, in ms since the epoch; never before an earlier answer or the start. */
  readonly nowMillis: number;
}

/** The last answers of a profiler thread that died, by consumer; the next thread continues their counters. */
export type LastAnswers = readonly (readonly [consumer: number, answer: PointsAnswer])[];
