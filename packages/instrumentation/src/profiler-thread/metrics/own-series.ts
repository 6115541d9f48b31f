import type { OwnMetric } from '../../protocol/metric-table.js';
import { ATTR_CGROUP_PART, ATTR_LIMIT_KIND, ATTR_PAIR, ATTR_REASON } from '../../protocol/semconv.js';
import type { CgroupMemory } from '../resident/cgroup-memory.js';
import { type Series, seriesOf } from './series.js';

/** Figures of the profiler itself; counts are since the start of the thread. */
export interface OwnFigures {
  readonly samples: number;
  readonly unseenSamples: number;
  readonly shortLivedSamples: number;
  readonly liveSamples: number;
  /** Mean bytes between samples at present. */
  readonly samplingInterval: number;
  /** Bytes in use when the sampler was last restarted with another interval, and probably still in use. */
  readonly carriedOverBytes: number;
  /** Bytes that polls show but that are likely to be garbage. */
  readonly uncollectedBytes: number;
  /** Number of major collections observed. */
  readonly majorCollections: number;
  /** See `LeakProgress`. */
  readonly leakWindows: number;
  readonly undecidedSites: number;
  readonly polls: number;
  readonly completePairs: number;
  readonly interruptedPairs: number;
  /** Number of things lost, on purpose or by failure, by reason. */
  readonly drops: Readonly<Record<string, number>>;
  /** Number of times the sampler was lost, by reason. */
  readonly lostSampler: Readonly<Record<string, number>>;
  /** CPU time of profiling in all threads of the process, in seconds; see `ProfilerStats.cpuMillis`. */
  readonly cpuSeconds: number;
  /** Bytes of the profiler thread's V8 heap and of V8's own allocations. */
  readonly memoryBytes: number;
  /** Memory of the control group, with the events since the start of the thread; undefined without one. */
  readonly cgroup: CgroupMemory | undefined;
}

/** Own metrics that the main thread makes, or that have more than one number. */
type OtherOwnMetric = 'status' | 'resident' | 'pollDuration' | 'timeToLimit';

/** Returns the series of the profiler's own metrics. */
export function ownSeries(
  figures: OwnFigures,
): Readonly<Record<Exclude<OwnMetric, OtherOwnMetric>, readonly Series[]>> {
  const one = (value: number) => [seriesOf({}, value)];
  const { completePairs, interruptedPairs, cgroup } = figures;
  return {
    samples: one(figures.samples),
    unobserved: one(figures.unseenSamples),
    shortLivedSamples: one(figures.shortLivedSamples),
    liveSamples: one(figures.liveSamples),
    samplingInterval: one(figures.samplingInterval),
    carriedOver: one(figures.carriedOverBytes),
    uncollected: one(figures.uncollectedBytes),
    majorCollections: one(figures.majorCollections),
    leakWindows: one(figures.leakWindows),
    undecidedSites: one(figures.undecidedSites),
    polls: one(figures.polls),
    pairs: [
      seriesOf({ [ATTR_PAIR]: 'complete' }, completePairs),
      seriesOf({ [ATTR_PAIR]: 'interrupted' }, interruptedPairs),
    ],
    cpu: one(figures.cpuSeconds),
    memory: one(figures.memoryBytes),
    limit: [...limit('cgroup', cgroup?.limit), ...limit('cgroup_high', cgroup?.high)],
    cgroupUsage: cgroup === undefined ? [] : cgroupUsage(cgroup),
    cgroupEvents: Object.entries(cgroup?.events ?? {}).map(([event, count]) =>
      seriesOf({ [ATTR_REASON]: event }, count),
    ),
    drops: byReason(figures.drops),
    lostSampler: byReason(figures.lostSampler),
  };
}

function limit(kind: string, bytes: number | undefined): readonly Series[] {
  return bytes === undefined ? [] : [seriesOf({ [ATTR_LIMIT_KIND]: kind }, bytes)];
}

/** Returns the usage of a control group in parts that add up to it. */
function cgroupUsage({ usage, reclaimable = 0 }: CgroupMemory): readonly Series[] {
  if (usage === undefined) return [];
  const cache = Math.min(usage, reclaimable);
  return [
    seriesOf({ [ATTR_CGROUP_PART]: 'working_set' }, usage - cache),
    seriesOf({ [ATTR_CGROUP_PART]: 'reclaimable' }, cache),
  ];
}

/** Returns counts by reason; a zero if there are none, so that a rate is defined before the first event. */
function byReason(counts: Readonly<Record<string, number>>): readonly Series[] {
  const entries = Object.entries(counts);
  if (entries.length === 0) return [seriesOf({ [ATTR_REASON]: 'none' }, 0)];
  return entries.map(([reason, count]) => seriesOf({ [ATTR_REASON]: reason }, count));
}
