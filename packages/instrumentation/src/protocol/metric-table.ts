import { AGE_BUCKETS } from './age-buckets.js';
import { CGROUP_EVENTS, HEAP_GENERATIONS, HEAP_STATES, RESIDENT_KINDS } from './resident-memory.js';
import {
  ATTR_AGE,
  ATTR_CGROUP_PART,
  ATTR_HEAP_GENERATION,
  ATTR_HEAP_SPACE,
  ATTR_HEAP_STATE,
  ATTR_LIMIT_KIND,
  ATTR_MEMORY_KIND,
  ATTR_MODE,
  ATTR_PAIR,
  ATTR_REASON,
  METRIC_HEAP_SPACE_AVAILABLE,
  METRIC_HEAP_SPACE_PHYSICAL,
  METRIC_HEAP_SPACE_SIZE,
  METRIC_HEAP_USED,
  METRIC_PROCESS_MEMORY_USAGE,
} from './semconv.js';

export type MetricKind = 'counter' | 'updowncounter' | 'gauge' | 'histogram';

/** One row of the table from which instruments, the producer's metrics and docs are derived. */
export interface MetricSpec {
  readonly name: string;
  readonly kind: MetricKind;
  /** UCUM code. */
  readonly unit: string;
  readonly description: string;
  /** Attributes besides those of a call site, with their values; an empty list for an open set. */
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
  /** Text that docs add to the description. */
  readonly note?: string;
  readonly boundaries?: readonly number[];
}

/** Metrics with the attributes of a call site. */
export type SiteMetric = 'allocated' | 'allocations' | 'retained' | 'retainedObjects' | 'growth';
/** Metrics of the process and of the profiler itself. */
export type OwnMetric =
  | 'timeToLimit'
  | 'resident'
  | 'limit'
  | 'cgroupUsage'
  | 'cgroupEvents'
  | 'status'
  | 'samples'
  | 'unobserved'
  | 'shortLivedSamples'
  | 'liveSamples'
  | 'samplingInterval'
  | 'carriedOver'
  | 'uncollected'
  | 'majorCollections'
  | 'leakWindows'
  | 'undecidedSites'
  | 'polls'
  | 'pairs'
  | 'pollDuration'
  | 'drops'
  | 'lostSampler'
  | 'cpu'
  | 'memory';
/** Metrics named in OpenTelemetry's semantic conventions. */
export type ConventionMetric = 'usage' | 'spaceSize' | 'spaceUsed' | 'spaceAvailable' | 'spacePhysical';

export const SITE_METRICS: Readonly<Record<SiteMetric, MetricSpec>> = {
  allocated: {
    name: 'heapray.memory.allocated',
    kind: 'counter',
    unit: 'By',
    description: 'Heap bytes allocated, freed or not, by call site (sampled estimate)',
  },
  allocations: {
    name: 'heapray.memory.allocations',
    kind: 'counter',
    unit: '{allocation}',
    description: 'Objects allocated, freed or not, by call site (rough estimate from sample sizes)',
  },
  retained: {
    name: 'heapray.memory.retained',
    kind: 'updowncounter',
    unit: 'By',
    description: 'Heap bytes in use, by the call site that allocated them (sampled estimate)',
    attributes: { [ATTR_AGE]: AGE_BUCKETS },
    note: 'the age only with `retentionAges`: the time since a poll first showed them; `unknown` for what was carried over a restart of the sampler',
  },
  retainedObjects: {
    name: 'heapray.memory.retained_objects',
    kind: 'updowncounter',
    unit: '{object}',
    description: 'Objects in use, by the call site that allocated them (rough estimate from sample sizes)',
  },
  growth: {
    name: 'heapray.memory.growth',
    kind: 'gauge',
    unit: 'By/s',
    description: 'Growth of what leak suspects hold; zero for a site that is suspect no longer',
  },
};

export const OWN_METRICS: Readonly<Record<OwnMetric, MetricSpec>> = {
  timeToLimit: {
    name: 'heapray.memory.time_to_limit',
    kind: 'gauge',
    unit: 's',
    description: 'Time until the heap limit if the leak suspects continue to grow as they do',
    note: 'absent while nothing is suspected; only from a metric producer, see [below](#with-another-sdk-or-a-view)',
  },
  resident: {
    name: 'heapray.memory.resident',
    kind: 'updowncounter',
    unit: 'By',
    description: 'Resident memory of the process, split by kind; the kinds add up to it',
    attributes: {
      [ATTR_MEMORY_KIND]: RESIDENT_KINDS,
      [ATTR_HEAP_GENERATION]: HEAP_GENERATIONS,
      [ATTR_HEAP_STATE]: HEAP_STATES,
    },
    note: 'only `heap` has a generation and a state; see [below](#resident-memory)',
  },
  limit: {
    name: 'heapray.memory.limit',
    kind: 'updowncounter',
    unit: 'By',
    description: 'The limits that memory may not exceed',
    attributes: { [ATTR_LIMIT_KIND]: ['heap', 'cgroup', 'cgroup_high'] },
    note: '`cgroup` and `cgroup_high` only where there is a limit: above the first, the system kills a process; above the second, it slows the processes down',
  },
  cgroupUsage: {
    name: 'heapray.cgroup.usage',
    kind: 'updowncounter',
    unit: 'By',
    description: 'Memory charged to the control group of the process, with all processes in it',
    attributes: { [ATTR_CGROUP_PART]: ['working_set', 'reclaimable'] },
    note: 'see [below](#control-groups)',
  },
  cgroupEvents: {
    name: 'heapray.cgroup.events',
    kind: 'counter',
    unit: '{event}',
    description: 'Events of the control group since the profiler has started',
    attributes: { [ATTR_REASON]: CGROUP_EVENTS },
    note: 'see [below](#control-groups)',
  },
  status: {
    name: 'heapray.profiler.status',
    kind: 'updowncounter',
    unit: '{profiler}',
    description: 'How the heap sampler was started: 1 for the mode that is active',
    attributes: {
      [ATTR_MODE]: ['native-api', 'binding', 'inspector', 'none'],
      [ATTR_REASON]: [
        'limits',
        'node_version',
        'inspector',
        'sampler',
        'thread',
        'thread_died',
        'internal_error',
        'starting',
        'taken',
        'failed',
        'stopped',
        'restarted',
      ],
    },
    note: 'only `none` has a reason: why memory is not profiled. `limits`, `node_version`, `inspector` (not there, or not permitted), `sampler` and `thread` (cannot be started) and `internal_error` are for good, the others pass: `taken` is a sampler that other code uses',
  },
  samples: {
    name: 'heapray.profiler.samples',
    kind: 'counter',
    unit: '{sample}',
    description: 'Allocation samples that V8 has taken',
  },
  unobserved: {
    name: 'heapray.profiler.unobserved_samples',
    kind: 'counter',
    unit: '{sample}',
    description:
      'Samples born and dead between two polls; their number is exact, their call sites are estimated',
  },
  shortLivedSamples: {
    name: 'heapray.profiler.short_lived_samples',
    kind: 'counter',
    unit: '{sample}',
    description:
      'Samples of complete pairs that were gone at the next poll; they show which call sites the unobserved ones belong to',
  },
  liveSamples: {
    name: 'heapray.profiler.live_samples',
    kind: 'updowncounter',
    unit: '{sample}',
    description: 'Samples that are alive; the time for which a poll stops the main thread grows with them',
  },
  samplingInterval: {
    name: 'heapray.profiler.sampling_interval',
    kind: 'gauge',
    unit: 'By',
    description: 'Mean number of allocated bytes between two samples, at present',
  },
  carriedOver: {
    name: 'heapray.memory.carried_over',
    kind: 'updowncounter',
    unit: 'By',
    description:
      'Part of the heap bytes in use that was carried over when the sampler was restarted at another interval, less what has probably become unreachable since (sampled estimate)',
  },
  uncollected: {
    name: 'heapray.memory.uncollected',
    kind: 'updowncounter',
    unit: 'By',
    description:
      'Heap bytes that polls show and that are probably garbage not collected yet (sampled estimate); not part of what is retained',
  },
  majorCollections: {
    name: 'heapray.profiler.major_collections',
    kind: 'counter',
    unit: '{collection}',
    description: 'Major garbage collections observed; each shows what is reachable',
  },
  leakWindows: {
    name: 'heapray.profiler.leak_windows',
    kind: 'gauge',
    unit: '{window}',
    description: 'Windows of evidence that leak detection has; nothing is suspected before there are 11',
  },
  undecidedSites: {
    name: 'heapray.profiler.undecided_sites',
    kind: 'gauge',
    unit: '{site}',
    description:
      'Call sites that grow, and that are judged only after the next major collection has shown what is reachable',
  },
  polls: {
    name: 'heapray.profiler.polls',
    kind: 'counter',
    unit: '{poll}',
    description: 'Polls of the heap sampler',
  },
  pairs: {
    name: 'heapray.profiler.pairs',
    kind: 'counter',
    unit: '{pair}',
    description: 'Pairs of polls, by whether a garbage collection interrupted them',
    attributes: { [ATTR_PAIR]: ['complete', 'interrupted'] },
  },
  pollDuration: {
    name: 'heapray.profiler.poll.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Time for which a poll of the heap sampler stopped the main thread, at most',
    boundaries: [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.2],
  },
  drops: {
    name: 'heapray.profiler.drops',
    kind: 'counter',
    unit: '{event}',
    description: 'What the profiler gave up or left out, by reason',
    attributes: {
      [ATTR_REASON]: [
        'buffer_samples',
        'capture',
        'capture_paused',
        'capture_removed',
        'capture_restarted',
        'capture_stack',
        'capture_unassigned',
        'debug_server',
        'group_answer',
        'group_member',
        'live_port',
        'live_viewer',
        'compression',
        'native_dump',
        'not_pruned',
        'sampler_lost',
        'poll_overdue',
        'worker_skipped',
        'tree_full',
        'call_sites_full',
        'call_site_series',
        'limit_profile',
        'limit_guard',
        'event_profile',
        'exact_allocation',
        'export_rejected',
        'export_queue_full',
        'export_too_old',
        'export_failed',
        'export_skipped',
        'none',
      ],
    },
    note: '`buffer_samples` counts samples of Buffers that were not followed because a queue or table was full, `capture` captures given up, `capture_paused` pauses without a file descriptor, `capture_removed` capture files that were removed or moved away while they were written, `capture_restarted` captures begun anew after the profiler thread had died, `capture_stack` stacks left out of captures, `capture_unassigned` samples that are in no capture of a component because their component is unknown, `group_answer` answers of processes that did not come in time or could not be used, `group_member` processes that could not join, `live_viewer` events that a slow viewer never saw, `compression` captures left raw, `native_dump` dumps of jemalloc that could not be read, `not_pruned` old captures that could not be deleted, `sampler_lost` live samples that a loss of the sampler has hidden, `poll_overdue` polls that the main thread did not answer for 10 s, `worker_skipped` worker threads that ended before they were profiled, or could not be prepared for it, `tree_full` stacks folded into their caller, `call_sites_full` stacks charged to a caller because there are more than 20,000 call sites, `call_site_series` call sites that stay in `other` because instruments have told of too many others, `limit_profile` profiles near a memory limit that could not be written, `limit_guard` ends of the watch for limits by an internal error, `event_profile` profiles that `captureOn` asks for and that could not be written, `exact_allocation` allocations that exact mode only counted, `export_*` profiles that could not be sent: refused, without room in the queue, older than an hour, failed, skipped because the one before took too long',
  },
  lostSampler: {
    name: 'heapray.profiler.lost_sampler',
    kind: 'counter',
    unit: '{event}',
    description: 'How often the heap sampler was lost or refused, by reason',
    attributes: {
      [ATTR_REASON]: [
        'stopped',
        'restarted',
        'coarsened',
        'traced',
        'taken',
        'failed',
        'thread_died',
        'none',
      ],
    },
  },
  cpu: {
    name: 'heapray.profiler.cpu',
    kind: 'counter',
    unit: 's',
    description:
      'CPU time that profiling costs the process: the profiler thread, polls and samples on the main thread, and the part of V8 worker threads that collect garbage for it (estimated)',
    note: 'see [what profiling costs](how-it-works.md#what-profiling-costs)',
  },
  memory: {
    name: 'heapray.profiler.memory',
    kind: 'updowncounter',
    unit: 'By',
    description: 'Heap of the profiler thread',
  },
};

const SPACES: MetricSpec['attributes'] = { [ATTR_HEAP_SPACE]: [] };

/** Reported only with the option `semconvMetrics`. */
export const CONVENTION_METRICS: Readonly<Record<ConventionMetric, MetricSpec>> = {
  usage: {
    name: METRIC_PROCESS_MEMORY_USAGE,
    kind: 'updowncounter',
    unit: 'By',
    description: 'Resident memory of the process',
  },
  spaceSize: {
    name: METRIC_HEAP_SPACE_SIZE,
    kind: 'updowncounter',
    unit: 'By',
    description: 'Size of a heap space',
    attributes: SPACES,
  },
  spaceUsed: {
    name: METRIC_HEAP_USED,
    kind: 'updowncounter',
    unit: 'By',
    description: 'Bytes in use in a heap space',
    attributes: SPACES,
  },
  spaceAvailable: {
    name: METRIC_HEAP_SPACE_AVAILABLE,
    kind: 'updowncounter',
    unit: 'By',
    description: 'Bytes free in a heap space',
    attributes: SPACES,
  },
  spacePhysical: {
    name: METRIC_HEAP_SPACE_PHYSICAL,
    kind: 'updowncounter',
    unit: 'By',
    description: 'Bytes of a heap space that are backed by memory',
    attributes: SPACES,
  },
};

/** All metrics of heapray's own. */
export const METRICS: Readonly<Record<SiteMetric | OwnMetric, MetricSpec>> = {
  ...SITE_METRICS,
  ...OWN_METRICS,
};
