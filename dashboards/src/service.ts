import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { AGE_COLORS, COLORS, KIND_COLORS } from './colors.ts';
import { finished, newDashboard } from './dashboard.ts';
import { withPackageOther } from './expressions.ts';
import type { MetricNames } from './metric-names.ts';
import { barGauge, callSiteTable, row, stat, table, timeSeries } from './panels.ts';
import { COMPONENT, DEBUG_PORT, debugHost, INSTANCE, JOB, SHARED_PROCESS, UI, UI_LINK } from './variables.ts';

/** The process that is selected. */
const PROCESS = 'job="$job", instance="$instance", process_pid=~"$process"';
/** Windows that leak detection needs before it suspects anything: `WINDOWS` in suspect-rules.ts. */
const NEEDED_WINDOWS = 11;
const SITES = `${PROCESS}, heapray_component=~"$component"`;
const SITE_LABELS =
  'code_function_name, code_file_path, code_line_number, code_column_number, heapray_package_name, heapray_package_version';

/** Returns the dashboard of one process. */
export function serviceDashboard(m: MetricNames): Dashboard {
  const dashboard = newDashboard(m, {
    id: 'service',
    title: 'Service',
    description:
      'Memory of one process: what it consists of, what grows, who allocates it, and when a limit is reached.',
    variables: [JOB(m), INSTANCE(m), COMPONENT(m), SHARED_PROCESS(m), debugHost(m), DEBUG_PORT],
    links: [UI_LINK],
  });
  dashboard.withRow(row('Now'));
  for (const panel of nowPanels(m)) dashboard.withPanel(panel);
  dashboard.withRow(row('Memory of the process'));
  for (const panel of memoryPanels(m)) dashboard.withPanel(panel);
  dashboard.withRow(row('What grows'));
  for (const panel of growthPanels(m)) dashboard.withPanel(panel);
  dashboard.withRow(row('Who allocates, and whose memory is in use'));
  for (const panel of sitePanels(m)) dashboard.withPanel(panel);
  dashboard.withRow(row('Garbage collection'));
  for (const panel of collectionPanels(m)) dashboard.withPanel(panel);
  return finished(dashboard);
}

function resident(m: MetricNames, kinds = ''): string {
  return `${m.of('heapray.memory.resident')}{${PROCESS}${kinds}}`;
}

function limit(m: MetricNames, kind: 'heap' | 'cgroup'): string {
  return `${m.of('heapray.memory.limit')}{${PROCESS}, heapray_limit_kind="${kind}"}`;
}

const HEAP_KINDS = ', heapray_memory_kind=~"heap|code"';

function nowPanels(m: MetricNames) {
  const growth = `${m.of('heapray.memory.growth')}{${PROCESS}}`;
  const status = `${m.of('heapray.profiler.status')}{${PROCESS}}`;
  const windows = `${m.of('heapray.profiler.leak_windows')}{${PROCESS}}`;
  return [
    stat({
      title: 'Resident memory',
      description: 'Memory that the process takes, as the system counts it.',
      unit: 'bytes',
      span: 4,
      queries: [{ expr: `sum(${resident(m)})` }],
      sparkline: true,
    }),
    barGauge({
      title: 'Share of each limit',
      description:
        "How much of V8's heap limit the heap takes, and how much of the container's limit the process takes, where there is one.",
      unit: 'percentunit',
      span: 6,
      max: 1,
      thresholds: [
        [0, COLORS.sky],
        [0.75, COLORS.orange],
        [0.9, COLORS.vermilion],
      ],
      queries: [
        { expr: `sum(${resident(m, HEAP_KINDS)}) / sum(${limit(m, 'heap')})`, legend: 'heap' },
        { expr: `sum(${resident(m)}) / sum(${limit(m, 'cgroup')})`, legend: 'container' },
      ],
    }),
    stat({
      title: 'Heap limit reached in',
      description: 'Time until the leak suspects have filled the heap, if they grow as they do now.',
      unit: 's',
      span: 5,
      noValue: 'no suspect, or no data',
      thresholds: [
        [0, COLORS.vermilion],
        [6 * 3600, COLORS.orange],
        [24 * 3600, COLORS.sky],
      ],
      queries: [{ expr: `min(${m.of('heapray.memory.time_to_limit')}{${PROCESS}})` }],
    }),
    stat({
      title: 'Leak suspects',
      description:
        'Call sites whose memory grows and survives garbage collections. Nothing is suspected in the first four minutes.',
      unit: 'none',
      span: 4,
      noValue: 'not known yet',
      thresholds: [
        [0, COLORS.sky],
        [1, COLORS.vermilion],
      ],
      // Zero is an answer only if leak detection has the windows that it needs.
      queries: [{ expr: `count(${growth} > 0) or 0 * max(${windows} >= ${NEEDED_WINDOWS})` }],
    }),
    stat({
      title: 'Profiler',
      description: 'How the heap is sampled. With "none" memory is not profiled, and the reason follows.',
      unit: 'none',
      span: 5,
      showName: true,
      queries: [
        {
          expr: `max by (heapray_profiler_mode, heapray_reason) (${status}) == 1`,
          legend: '{{heapray_profiler_mode}} {{heapray_reason}}',
        },
      ],
    }),
    table({
      title: 'Process',
      description:
        'What the resource of the process says about it; which columns are filled depends on its resource detectors.',
      span: 24,
      height: 4,
      columns: [{ name: 'there', unit: 'none', hidden: true }],
      queries: [
        {
          expr: `max by (job, instance, service_version, host_name, process_pid, process_runtime_version) (target_info{${PROCESS}})`,
        },
      ],
    }),
  ];
}

function memoryPanels(m: MetricNames) {
  const retained = `sum(${m.of('heapray.memory.retained')}{${PROCESS}})`;
  return [
    timeSeries({
      title: 'Resident memory by kind',
      description:
        'The kinds add up to all of the resident memory. "allocator_retained" is at most what malloc has freed and keeps; "unexplained" is the rest, below zero while memory is reserved and not touched yet.',
      unit: 'bytes',
      span: 12,
      stacked: true,
      colors: KIND_COLORS,
      lines: ['all'],
      queries: [
        {
          expr: `sum by (heapray_memory_kind) (${resident(m)})`,
          legend: '{{heapray_memory_kind}}',
        },
        { expr: `sum(${resident(m)})`, legend: 'all' },
      ],
    }),
    timeSeries({
      title: 'Heap and limits',
      description:
        'What the program has in use and the garbage not collected yet are estimates; the heap contains both. The limits are dashed.',
      unit: 'bytes',
      span: 12,
      colors: {
        'in use': COLORS.green,
        'not collected yet': COLORS.grey,
        heap: COLORS.blue,
        'heap limit': COLORS.orange,
        'container limit': COLORS.vermilion,
      },
      dashed: ['heap limit', 'container limit'],
      queries: [
        { expr: retained, legend: 'in use' },
        { expr: `sum(${m.of('heapray.memory.uncollected')}{${PROCESS}})`, legend: 'not collected yet' },
        { expr: `sum(${resident(m, HEAP_KINDS)})`, legend: 'heap' },
        { expr: `sum(${limit(m, 'heap')})`, legend: 'heap limit' },
        { expr: `sum(${limit(m, 'cgroup')})`, legend: 'container limit' },
      ],
    }),
    timeSeries({
      title: 'Growth by kind, over an hour',
      description:
        'How fast each kind of memory has grown over the last hour. If the heap stays and another kind grows, the leak is outside of the heap.',
      unit: 'binBps',
      span: 12,
      colors: KIND_COLORS,
      queries: [
        {
          expr: `sum by (heapray_memory_kind) (deriv(${resident(m)}[1h]))`,
          legend: '{{heapray_memory_kind}}',
        },
      ],
    }),
    timeSeries({
      title: 'Control group',
      description:
        'Memory charged to the container with all of its processes. The system takes back the reclaimable part first. The limits are dashed; above the high one, it slows the processes down.',
      unit: 'bytes',
      span: 12,
      stacked: true,
      colors: {
        working_set: COLORS.blue,
        reclaimable: COLORS.lightGrey,
        cgroup: COLORS.vermilion,
        cgroup_high: COLORS.orange,
      },
      lines: ['cgroup', 'cgroup_high'],
      dashed: ['cgroup', 'cgroup_high'],
      queries: [
        {
          expr: `sum by (heapray_cgroup_part) (${m.of('heapray.cgroup.usage')}{${PROCESS}})`,
          legend: '{{heapray_cgroup_part}}',
        },
        {
          expr: `sum by (heapray_limit_kind) (${m.of('heapray.memory.limit')}{${PROCESS}, heapray_limit_kind!="heap"})`,
          legend: '{{heapray_limit_kind}}',
        },
      ],
    }),
    timeSeries({
      title: 'Events of the control group',
      description:
        'How often the container has reached a limit in 5 minutes: high slows it down, max makes the system take memory back, oom finds none, and oom_kill ends a process.',
      unit: 'none',
      span: 12,
      queries: [
        {
          expr: `sum by (heapray_reason) (increase(${m.of('heapray.cgroup.events')}{${PROCESS}}[5m]))`,
          legend: '{{heapray_reason}}',
        },
      ],
    }),
    timeSeries({
      title: 'Heap by generation',
      description:
        "V8's heap by generation: used by objects, garbage included, or free but kept. Free memory that stays high after a peak is given back only when V8 collects.",
      unit: 'bytes',
      span: 12,
      stacked: true,
      queries: [
        {
          expr: `sum by (heapray_heap_generation, heapray_heap_state) (${resident(m, ', heapray_memory_kind="heap"')})`,
          legend: '{{heapray_heap_generation}} {{heapray_heap_state}}',
        },
      ],
    }),
    timeSeries({
      title: 'In use by age',
      description:
        'What is in use, by the time since it was first seen (option retentionAges). A leak shows as old memory that grows; without the option there is one area.',
      unit: 'bytes',
      span: 12,
      stacked: true,
      colors: AGE_COLORS,
      queries: [
        {
          expr: `label_replace(sum by (heapray_age) (${m.of('heapray.memory.retained')}{${SITES}}), "heapray_age", "all ages", "heapray_age", "")`,
          legend: '{{heapray_age}}',
        },
      ],
    }),
  ];
}

function growthPanels(m: MetricNames) {
  const growth = `${m.of('heapray.memory.growth')}{${SITES}}`;
  const retained = `${m.of('heapray.memory.retained')}{${SITES}}`;
  return [
    timeSeries({
      title: 'Growth of leak suspects',
      description:
        'How fast the memory of each suspected call site grows. A suspect that has ended falls to zero.',
      unit: 'binBps',
      link: UI,
      span: 12,
      noValue: 'no suspect, or no data',
      queries: [
        {
          expr: `sum by (code_function_name, code_file_path, code_line_number, heapray_package_name) (${growth})`,
          legend: '{{code_function_name}} {{code_file_path}}:{{code_line_number}} ({{heapray_package_name}})',
        },
      ],
    }),
    timeSeries({
      title: 'Time to the heap limit',
      description: 'Time until the leak suspects have filled the heap, if they grow as they do now.',
      unit: 's',
      span: 12,
      min: 0,
      noValue: 'no suspect, or no data',
      colors: { 'time to the limit': COLORS.vermilion },
      queries: [
        { expr: `min(${m.of('heapray.memory.time_to_limit')}{${PROCESS}})`, legend: 'time to the limit' },
      ],
    }),
    callSiteTable({
      title: 'What grew most in the time shown',
      description: 'Change of what is in use by call site, over the time range of the dashboard.',
      span: 24,
      link: { column: 'function', ...UI },
      columns: [{ name: 'growth', unit: 'bytes' }],
      queries: [{ expr: `topk(15, sum by (${SITE_LABELS}) (delta(${retained}[$__range])))` }],
    }),
  ];
}

function sitePanels(m: MetricNames) {
  const allocated = `${m.of('heapray.memory.allocated')}{${SITES}, code_function_name!="(dropped)"}`;
  const allocations = `${m.of('heapray.memory.allocations')}{${SITES}, code_function_name!="(dropped)"}`;
  const retained = `${m.of('heapray.memory.retained')}{${SITES}}`;
  const objects = `${m.of('heapray.memory.retained_objects')}{${SITES}}`;
  return [
    timeSeries({
      title: 'Allocation rate by package',
      description:
        'Bytes allocated a second, freed or not, by the npm package of the call site. Much of it means work for the garbage collector, not a leak.',
      unit: 'binBps',
      span: 12,
      stacked: true,
      queries: [
        {
          expr: withPackageOther(`sum by (heapray_package_name) (rate(${allocated}[$__rate_interval]))`),
          legend: '{{heapray_package_name}}',
        },
      ],
    }),
    timeSeries({
      title: 'In use by package',
      description: 'Bytes in use by the npm package whose code allocated them.',
      unit: 'bytes',
      span: 12,
      stacked: true,
      queries: [
        {
          expr: withPackageOther(`sum by (heapray_package_name) (${retained})`),
          legend: '{{heapray_package_name}}',
        },
      ],
    }),
    callSiteTable({
      title: 'Top allocators',
      description: 'Call sites that allocate most, as bytes and objects a second over five minutes.',
      span: 12,
      link: { column: 'function', ...UI },
      columns: [
        { name: 'bytes a second', unit: 'binBps' },
        { name: 'objects a second', unit: 'short' },
      ],
      queries: [
        { expr: `topk(15, sum by (${SITE_LABELS}) (rate(${allocated}[5m])))` },
        { expr: `topk(15, sum by (${SITE_LABELS}) (rate(${allocations}[5m])))` },
      ],
    }),
    callSiteTable({
      title: 'Top retainers',
      description: 'Call sites whose memory is in use most, as bytes and objects.',
      span: 12,
      link: { column: 'function', ...UI },
      columns: [
        { name: 'bytes', unit: 'bytes' },
        { name: 'objects', unit: 'short' },
      ],
      queries: [
        { expr: `topk(15, sum by (${SITE_LABELS}) (${retained}))` },
        { expr: `topk(15, sum by (${SITE_LABELS}) (${objects}))` },
      ],
    }),
  ];
}

function collectionPanels(m: MetricNames) {
  const seconds = `${m.of('v8js.gc.duration', 'sum')}{${PROCESS}}`;
  return [
    timeSeries({
      title: 'Garbage collections',
      description:
        'Major collections a second that heapray has seen, and the share of time in collections by type, if the runtime-node instrumentation reports it.',
      unit: 'short',
      span: 24,
      min: 0,
      rightAxis: { regex: '^time in .*', unit: 'percentunit' },
      colors: {
        'major collections a second': COLORS.blue,
        'time in major': COLORS.vermilion,
        'time in minor': COLORS.sky,
        'time in incremental': COLORS.orange,
        'time in weakcb': COLORS.grey,
      },
      queries: [
        {
          expr: `sum(rate(${m.of('heapray.profiler.major_collections')}{${PROCESS}}[$__rate_interval]))`,
          legend: 'major collections a second',
        },
        {
          expr: `sum by (v8js_gc_type) (rate(${seconds}[$__rate_interval]))`,
          legend: 'time in {{v8js_gc_type}}',
        },
      ],
    }),
  ];
}
