// Series for which an alert must fire, and others for which it must not. A list of over 400 lines: one case after another.
import type { MetricNames } from '../../../dashboards/src/metric-names.ts';

export interface AlertCase {
  readonly alert: string;
  readonly title: string;
  /** Values of each series in promtool's notation, one a minute. */
  readonly series: (m: MetricNames) => Readonly<Record<string, string>>;
  /** Time of the check. */
  readonly at: string;
  /** The alert that is expected; undefined if none must fire. */
  readonly fires?: {
    readonly labels: Readonly<Record<string, string>>;
    readonly summary: string;
    readonly description: string;
  };
}

const PROCESS = { job: 'shop', instance: 'shop-1:9464' };
const WATCH = { job: 'airflow', instance: 'host:9465' };
const SCHEDULER = { ...WATCH, heapray_component: 'scheduler' };
const MIB = 2 ** 20;

function series(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return `${name}{${pairs.join(',')}}`;
}

const resident = (m: MetricNames, kind: string) =>
  series(m.of('heapray.memory.resident'), { ...PROCESS, heapray_memory_kind: kind });
const heapPart = (m: MetricNames, state: string) =>
  series(m.of('heapray.memory.resident'), {
    ...PROCESS,
    heapray_memory_kind: 'heap',
    heapray_heap_generation: 'old',
    heapray_heap_state: state,
  });
const limit = (m: MetricNames, kind: string) =>
  series(m.of('heapray.memory.limit'), { ...PROCESS, heapray_limit_kind: kind });
const timeToLimit = (m: MetricNames) => series(m.of('heapray.memory.time_to_limit'), PROCESS);
const SITE = {
  ...PROCESS,
  code_function_name: 'rememberOrder',
  code_file_path: 'index.js',
  code_line_number: '7',
  heapray_package_name: 'order-cache',
};
const growth = (m: MetricNames, name = 'rememberOrder') =>
  series(m.of('heapray.memory.growth'), { ...SITE, code_function_name: name });
const profilerStatus = (m: MetricNames, mode: string, reason?: string) =>
  series(m.of('heapray.profiler.status'), {
    ...PROCESS,
    heapray_profiler_mode: mode,
    ...(reason !== undefined && { heapray_reason: reason }),
  });
const byReason = (m: MetricNames, name: string, reason: string) =>
  series(m.of(name), { ...PROCESS, heapray_reason: reason });
const state = (m: MetricNames, name: string, more = {}) =>
  series(m.of('heapray.capture.status'), { ...SCHEDULER, ...more, heapray_capture_state: name });
const hint = (m: MetricNames, name: string) =>
  series(m.of('heapray.watch.hint'), { ...SCHEDULER, heapray_hint: name });
const watchInfo = series('target_info', { ...WATCH, service_name: 'heapray-watch' });

const LIMITS: readonly AlertCase[] = [
  {
    alert: 'HeaprayNearHeapLimit',
    title: 'heap and code are 95 % of the limit',
    series: (m) => ({
      [resident(m, 'heap')]: '900x20',
      [resident(m, 'code')]: '50x20',
      [resident(m, 'unexplained')]: '500x20',
      [limit(m, 'heap')]: '1000x20',
    }),
    at: '10m',
    fires: {
      labels: PROCESS,
      summary: 'The heap of shop on shop-1:9464 is near its limit',
      description:
        'V8\'s heap takes 95% of its limit. At the limit, Node ends with "JavaScript heap out of memory".',
    },
  },
  {
    alert: 'HeaprayNearHeapLimit',
    title: 'the heap is at 80 %, and much is outside of it',
    series: (m) => ({
      [resident(m, 'heap')]: '800x20',
      [resident(m, 'array_buffers')]: '800x20',
      [limit(m, 'heap')]: '1000x20',
    }),
    at: '15m',
  },
  {
    alert: 'HeaprayNearHeapLimit',
    title: 'a peak of three minutes',
    series: (m) => ({ [resident(m, 'heap')]: '500x5 950x2 500x10', [limit(m, 'heap')]: '1000x20' }),
    at: '8m',
  },
  {
    alert: 'HeaprayNearCgroupLimit',
    title: 'all kinds together are 92 % of the limit',
    series: (m) => ({
      [resident(m, 'heap')]: '420x20',
      [resident(m, 'unexplained')]: '500x20',
      [limit(m, 'cgroup')]: '1000x20',
      [limit(m, 'heap')]: '4000x20',
    }),
    at: '10m',
    fires: {
      labels: PROCESS,
      summary: 'shop on shop-1:9464 is near the memory limit of its container',
      description:
        "The process takes 92% of its control group's limit. At the limit, the system kills it without a message of Node.",
    },
  },
  {
    alert: 'HeaprayNearCgroupLimit',
    title: 'there is no limit of a container',
    series: (m) => ({ [resident(m, 'heap')]: '990x20', [limit(m, 'heap')]: '1000x20' }),
    at: '15m',
  },
  {
    alert: 'HeaprayNearCgroupLimit',
    title: 'half of the limit',
    series: (m) => ({ [resident(m, 'heap')]: '500x20', [limit(m, 'cgroup')]: '1000x20' }),
    at: '15m',
  },
  {
    alert: 'HeaprayNearHeapLimit',
    title: 'much of the heap is free',
    series: (m) => ({
      [heapPart(m, 'used')]: '600x20',
      [heapPart(m, 'free')]: '500x20',
      [limit(m, 'heap')]: '1000x20',
    }),
    at: '15m',
  },
  {
    alert: 'HeaprayCgroupOomKill',
    title: 'a process was killed',
    series: (m) => ({ [byReason(m, 'heapray.cgroup.events', 'oom_kill')]: '0x10 1x10' }),
    at: '12m',
    fires: {
      labels: { ...PROCESS, heapray_reason: 'oom_kill' },
      summary: 'The system has killed a process in the container of shop on shop-1:9464',
      description:
        'The control group of the process had reached its memory limit. The process itself runs, so another one of the container was killed.',
    },
  },
  {
    alert: 'HeaprayCgroupOomKill',
    title: 'the limit was reached only',
    series: (m) => ({
      [byReason(m, 'heapray.cgroup.events', 'oom_kill')]: '0x20',
      [byReason(m, 'heapray.cgroup.events', 'max')]: '0x10 5x10',
    }),
    at: '12m',
  },
  {
    alert: 'HeaprayHeapLimitSoon',
    title: 'five hours',
    series: (m) => ({ [timeToLimit(m)]: '18000x20' }),
    at: '12m',
    fires: {
      labels: PROCESS,
      summary: 'shop on shop-1:9464 reaches its heap limit in 5h 0m 0s',
      description: 'The leak suspects of the process fill the heap in that time if they grow as they do now.',
    },
  },
  {
    alert: 'HeaprayHeapLimitSoon',
    title: 'seven hours',
    series: (m) => ({ [timeToLimit(m)]: '25200x20' }),
    at: '15m',
  },
  {
    alert: 'HeaprayHeapLimitSoon',
    title: 'the suspicion ends after five minutes',
    series: (m) => ({ [timeToLimit(m)]: '600x5 stale' }),
    at: '15m',
  },
];

const GROWTH: readonly AlertCase[] = [
  {
    alert: 'HeaprayLeakSuspect',
    title: 'a suspect for 20 minutes',
    series: (m) => ({ [growth(m)]: '2048x30' }),
    at: '20m',
    fires: {
      labels: SITE,
      summary: 'shop on shop-1:9464 may leak: rememberOrder of order-cache',
      description: 'What rememberOrder (index.js:7) allocates and the program keeps grows by 2kiB a second.',
    },
  },
  {
    alert: 'HeaprayLeakSuspect',
    title: 'a suspect for ten minutes, which is none then',
    series: (m) => ({ [growth(m)]: '2048x10 0x20' }),
    at: '20m',
  },
  {
    alert: 'HeaprayLeakSuspect',
    title: 'the sum of the suspects without a series of their own',
    series: (m) => ({ [growth(m, 'other')]: '2048x30' }),
    at: '20m',
  },
  {
    alert: 'HeaprayGrowsOutsideHeap',
    title: '120 MiB an hour, and the heap stays',
    series: (m) => ({
      [resident(m, 'heap')]: `${200 * MIB}x180`,
      [resident(m, 'unexplained')]: `${100 * MIB}+${2 * MIB}x180`,
    }),
    at: '170m',
    fires: {
      labels: PROCESS,
      summary: 'Memory of shop on shop-1:9464 grows outside of the heap',
      description:
        'At the rate of the last hour, memory outside of the heap grows by 120MiB an hour, and the heap by less than a quarter of that.',
    },
  },
  {
    alert: 'HeaprayGrowsOutsideHeap',
    title: 'the first hour of a process',
    series: (m) => ({
      [resident(m, 'heap')]: `${200 * MIB}x60`,
      [resident(m, 'unexplained')]: `${100 * MIB}+${2 * MIB}x60`,
    }),
    at: '58m',
  },
  {
    alert: 'HeaprayGrowsOutsideHeap',
    title: 'the heap grows as well',
    series: (m) => ({
      [resident(m, 'heap')]: `${200 * MIB}+${MIB}x180`,
      [resident(m, 'array_buffers')]: `${100 * MIB}+${2 * MIB}x180`,
    }),
    at: '170m',
  },
  {
    alert: 'HeaprayGrowsOutsideHeap',
    title: 'only pages of files grow',
    series: (m) => ({
      [resident(m, 'heap')]: `${200 * MIB}x180`,
      [resident(m, 'malloc')]: `${100 * MIB}x180`,
      [resident(m, 'mapped_file')]: `${100 * MIB}+${2 * MIB}x180`,
    }),
    at: '170m',
  },
  {
    alert: 'HeaprayGrowsOutsideHeap',
    title: '30 MiB an hour',
    series: (m) => ({
      [resident(m, 'heap')]: `${200 * MIB}x180`,
      [resident(m, 'unexplained')]: `${100 * MIB}+${MIB / 2}x180`,
    }),
    at: '170m',
  },
];

const PROFILER: readonly AlertCase[] = [
  {
    alert: 'HeaprayNotProfiling',
    title: 'another profiler has the sampler',
    series: (m) => ({
      [profilerStatus(m, 'binding')]: '0x20',
      [profilerStatus(m, 'none', 'taken')]: '1x20',
    }),
    at: '10m',
    fires: {
      labels: { ...PROCESS, heapray_profiler_mode: 'none', heapray_reason: 'taken' },
      summary: 'Memory of shop on shop-1:9464 is not profiled',
      description: 'The reason is taken.',
    },
  },
  {
    alert: 'HeaprayNotProfiling',
    title: 'it is profiled, and was not before',
    series: (m) => ({
      [profilerStatus(m, 'binding')]: '1x20',
      [profilerStatus(m, 'none', 'taken')]: '0x20',
    }),
    at: '10m',
  },
  {
    alert: 'HeaprayNotProfiling',
    title: 'it is starting',
    series: (m) => ({ [profilerStatus(m, 'none', 'starting')]: '1x20' }),
    at: '10m',
  },
  {
    alert: 'HeaprayProfilerLost',
    title: 'for the first time',
    series: (m) => ({
      [byReason(m, 'heapray.profiler.lost_sampler', 'none')]: '0x20 stale',
      [byReason(m, 'heapray.profiler.lost_sampler', 'stopped')]: '_x20 1x20',
    }),
    at: '22m',
    fires: {
      labels: { ...PROCESS, heapray_reason: 'stopped' },
      summary: 'heapray has lost its sampler in shop on shop-1:9464',
      description: 'The reason is stopped. Figures of what is in use start over.',
    },
  },
  {
    alert: 'HeaprayProfilerLost',
    title: '20 minutes ago',
    series: (m) => ({ [byReason(m, 'heapray.profiler.lost_sampler', 'stopped')]: '_x10 1x40' }),
    at: '31m',
  },
  {
    alert: 'HeaprayProfilerLost',
    title: 'heapray itself restarts the sampler',
    series: (m) => ({
      [byReason(m, 'heapray.profiler.lost_sampler', 'coarsened')]: '0x10 1x10 2x10',
      [byReason(m, 'heapray.profiler.lost_sampler', 'traced')]: '_x10 1x20',
    }),
    at: '22m',
  },
  {
    alert: 'HeaprayProfilerDropping',
    title: 'a capture is given up, after another one long ago',
    series: (m) => ({ [byReason(m, 'heapray.profiler.drops', 'capture')]: '1x30 2x20' }),
    at: '32m',
    fires: {
      labels: { ...PROCESS, heapray_reason: 'capture' },
      summary: 'heapray loses data in shop on shop-1:9464',
      description: 'The reason is capture.',
    },
  },
  {
    alert: 'HeaprayProfilerDropping',
    title: 'very many stacks, and a slow viewer',
    series: (m) => ({
      [byReason(m, 'heapray.profiler.drops', 'tree_full')]: '0+10x30',
      [byReason(m, 'heapray.profiler.drops', 'live_viewer')]: '0+10x30',
    }),
    at: '20m',
  },
  {
    alert: 'HeaprayProfilerDropping',
    title: 'nothing has been dropped so far',
    series: (m) => ({ [byReason(m, 'heapray.profiler.drops', 'none')]: '0x30' }),
    at: '20m',
  },
];

const FORKED = { heapray_process_id: '77' };

const CAPTURES: readonly AlertCase[] = [
  {
    alert: 'HeaprayCaptureDiskNearlyFull',
    title: 'the hint is there',
    series: (m) => ({ [hint(m, 'disk_space')]: '1x20' }),
    at: '10m',
    fires: {
      labels: { ...SCHEDULER, heapray_hint: 'disk_space' },
      summary: 'The disk with the captures of scheduler is nearly full',
      description: 'Less room is left on the disk than the captures there take already.',
    },
  },
  {
    alert: 'HeaprayCaptureDiskNearlyFull',
    title: 'another hint',
    series: (m) => ({ [hint(m, 'memray_format')]: '1x20' }),
    at: '10m',
  },
  {
    alert: 'HeaprayComponentNotTraced',
    title: 'the component has ended, and its capture is still there',
    series: (m) => ({
      [state(m, 'following')]: '1x10 0x30',
      [state(m, 'stopped')]: '0x10 1x30',
      [watchInfo]: '1x40',
    }),
    at: '25m',
    fires: notTraced('scheduler'),
  },
  {
    alert: 'HeaprayComponentNotTraced',
    title: 'its capture was moved away, and there is no new one',
    series: (m) => ({ [state(m, 'following')]: '1x10 stale', [watchInfo]: '1x40' }),
    at: '25m',
    fires: notTraced('scheduler'),
  },
  {
    alert: 'HeaprayComponentNotTraced',
    title: 'an old capture blocks the next start, since before heapray watches',
    series: (m) => ({ [state(m, 'stopped')]: '1x40', [hint(m, 'old_capture')]: '1x40', [watchInfo]: '1x40' }),
    at: '25m',
    fires: notTraced('scheduler'),
  },
  {
    alert: 'HeaprayComponentNotTraced',
    title: 'it runs again within five minutes',
    series: (m) => ({
      [state(m, 'following')]: '1x10 0x5 1x30',
      [state(m, 'stopped')]: '0x10 1x5 0x30',
      [watchInfo]: '1x50',
    }),
    at: '25m',
  },
  {
    alert: 'HeaprayComponentNotTraced',
    title: 'it is idle',
    series: (m) => ({
      [state(m, 'following')]: '1x10 0x30',
      [state(m, 'idle')]: '0x10 1x30',
      [watchInfo]: '1x40',
    }),
    at: '25m',
  },
  {
    alert: 'HeaprayComponentNotTraced',
    title: 'one of its forked processes has ended',
    series: (m) => ({
      [state(m, 'following')]: '1x40',
      [state(m, 'following', FORKED)]: '1x10 0x30',
      [state(m, 'stopped', FORKED)]: '0x10 1x30',
      [watchInfo]: '1x40',
    }),
    at: '25m',
  },
  {
    alert: 'HeaprayComponentNotTraced',
    title: 'heapray watch has ended, so nothing is known',
    series: (m) => ({ [state(m, 'following')]: '1x10 stale', [watchInfo]: '1x10 stale' }),
    at: '25m',
  },
];

function notTraced(component: string): NonNullable<AlertCase['fires']> {
  return {
    labels: { ...WATCH, heapray_component: component },
    summary: `${component} is no longer traced`,
    description:
      'The component was traced within the last day, or left a capture that blocks its next start, and no process writes its capture.',
  };
}

export const ALERT_CASES: readonly AlertCase[] = [...LIMITS, ...GROWTH, ...PROFILER, ...CAPTURES];
