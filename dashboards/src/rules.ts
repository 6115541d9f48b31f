import type { MetricNames } from './metric-names.ts';
import { toYaml } from './yaml.ts';

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  /** Time for which the condition must hold, in Prometheus' notation. */
  readonly for: string;
  readonly severity: 'critical' | 'warning';
  readonly summary: string;
  readonly description: string;
  /** The expressions that are compared: they have results also while the condition does not hold. */
  readonly compared: readonly string[];
}

export interface Rules {
  readonly recording: readonly RecordingRule[];
  readonly alerts: readonly AlertRule[];
}

/** The page with a section for each alert. */
const RUNBOOK = 'https://github.com/heapray/heapray/blob/main/docs/runbook.md';

/** Drops that an operator can act on. Others are ports in use, slow viewers, samples of no component, very many stacks. */
const LOSSES = [
  'capture',
  'capture_paused',
  'capture_removed',
  'capture_restarted',
  'capture_stack',
  'compression',
  'not_pruned',
  'sampler_lost',
  'poll_overdue',
  'limit_profile',
  'limit_guard',
  'event_profile',
  'export_rejected',
  'export_queue_full',
  'export_too_old',
  'export_failed',
].join('|');

/** Reasons for which heapray itself restarts the sampler, and that of the series that shows zero. */
const OWN_RESTARTS = 'coarsened|traced|none';

/** Returns the recording and alert rules in one form of names. */
export function rulesOf(names: MetricNames): Rules {
  return {
    recording: recordingRules(names),
    alerts: [
      ...limitAlerts(names),
      ...growthAlerts(names),
      ...profilerAlerts(names),
      ...captureAlerts(names),
    ],
  };
}

/** Returns the rules as a rule file of Prometheus. */
export function ruleFile({ recording, alerts }: Rules): string {
  const groups = [
    { name: 'heapray-recording', rules: recording.map(({ record, expr }) => ({ record, expr })) },
    { name: 'heapray-alerts', rules: alerts.map(alertEntry) },
  ];
  return `# Made by \`npm run dashboards\`; change dashboards/src/rules.ts instead.\n${toYaml({ groups })}`;
}

function alertEntry({ alert, expr, for: duration, severity, summary, description }: AlertRule) {
  const runbook_url = `${RUNBOOK}#${alert.toLowerCase()}`;
  const annotations = { summary, description, runbook_url };
  return { alert, expr, for: duration, labels: { severity }, annotations };
}

function recordingRules(m: MetricNames): readonly RecordingRule[] {
  const resident = m.of('heapray.memory.resident');
  const limit = m.of('heapray.memory.limit');
  const parts = 'heapray_memory_kind, heapray_heap_generation, heapray_heap_state';
  const bytes = (kinds: string) => `sum without (${parts}) (${resident}${kinds})`;
  const ratio = (sum: string, kind: string) =>
    `heapray:${sum}:sum / ignoring (heapray_limit_kind) ${limit}{heapray_limit_kind="${kind}"}`;
  return [
    { record: 'heapray:memory_resident_bytes:sum', expr: bytes('') },
    { record: 'heapray:memory_heap_bytes:sum', expr: bytes('{heapray_memory_kind=~"heap|code"}') },
    // Memory that V8 keeps without objects in it does not count against its limit.
    {
      record: 'heapray:memory_heap_used_bytes:sum',
      expr: bytes('{heapray_memory_kind=~"heap|code", heapray_heap_state!="free"}'),
    },
    // Pages of files can be read again, so the system takes them back when memory is short.
    {
      record: 'heapray:memory_outside_heap_bytes:sum',
      expr: bytes('{heapray_memory_kind!~"heap|code|mapped_file"}'),
    },
    { record: 'heapray:memory_heap_bytes:deriv1h', expr: 'deriv(heapray:memory_heap_bytes:sum[1h])' },
    {
      record: 'heapray:memory_outside_heap_bytes:deriv1h',
      expr: 'deriv(heapray:memory_outside_heap_bytes:sum[1h])',
    },
    { record: 'heapray:heap_limit:ratio', expr: ratio('memory_heap_used_bytes', 'heap') },
    { record: 'heapray:cgroup_limit:ratio', expr: ratio('memory_resident_bytes', 'cgroup') },
  ];
}

function limitAlerts(m: MetricNames): readonly AlertRule[] {
  const timeToLimit = m.of('heapray.memory.time_to_limit');
  const events = m.of('heapray.cgroup.events');
  return [
    {
      alert: 'HeaprayNearHeapLimit',
      expr: 'heapray:heap_limit:ratio > 0.9',
      compared: ['heapray:heap_limit:ratio'],
      for: '5m',
      severity: 'critical',
      summary: 'The heap of {{ $labels.job }} on {{ $labels.instance }} is near its limit',
      description:
        'V8\'s heap takes {{ $value | humanizePercentage }} of its limit. At the limit, Node ends with "JavaScript heap out of memory".',
    },
    {
      alert: 'HeaprayNearCgroupLimit',
      expr: 'heapray:cgroup_limit:ratio > 0.9',
      compared: ['heapray:cgroup_limit:ratio'],
      for: '5m',
      severity: 'critical',
      summary: '{{ $labels.job }} on {{ $labels.instance }} is near the memory limit of its container',
      description:
        "The process takes {{ $value | humanizePercentage }} of its control group's limit. At the limit, the system kills it without a message of Node.",
    },
    {
      alert: 'HeaprayCgroupOomKill',
      expr: newEvents(`${events}{heapray_reason="oom_kill"}`),
      compared: [events],
      for: '0m',
      severity: 'critical',
      summary:
        'The system has killed a process in the container of {{ $labels.job }} on {{ $labels.instance }}',
      description:
        'The control group of the process had reached its memory limit. The process itself runs, so another one of the container was killed.',
    },
    {
      alert: 'HeaprayHeapLimitSoon',
      expr: `${timeToLimit} < 6 * 3600`,
      compared: [timeToLimit],
      for: '10m',
      severity: 'warning',
      summary:
        '{{ $labels.job }} on {{ $labels.instance }} reaches its heap limit in {{ $value | humanizeDuration }}',
      description: 'The leak suspects of the process fill the heap in that time if they grow as they do now.',
    },
  ];
}

function growthAlerts(m: MetricNames): readonly AlertRule[] {
  const growth = m.of('heapray.memory.growth');
  const heap = 'heapray:memory_heap_bytes:deriv1h';
  const outside = 'heapray:memory_outside_heap_bytes:deriv1h';
  return [
    {
      alert: 'HeaprayLeakSuspect',
      expr: `${growth}{code_function_name!="other"} > 0`,
      compared: [growth],
      for: '15m',
      severity: 'warning',
      summary:
        '{{ $labels.job }} on {{ $labels.instance }} may leak: {{ $labels.code_function_name }} of {{ $labels.heapray_package_name }}',
      description:
        'What {{ $labels.code_function_name }} ({{ $labels.code_file_path }}:{{ $labels.code_line_number }}) allocates and the program keeps grows by {{ $value | humanize1024 }}B a second.',
    },
    {
      alert: 'HeaprayGrowsOutsideHeap',
      expr: [
        `${outside} * 3600 > 64 * 1024 * 1024`,
        `  and ${outside} * 3600 > 0.1 * heapray:memory_resident_bytes:sum`,
        `  and ${outside} > 4 * ${heap}`,
        '  and heapray:memory_outside_heap_bytes:sum offset 1h',
      ].join('\n'),
      compared: [outside, heap, 'heapray:memory_resident_bytes:sum', 'heapray:memory_outside_heap_bytes:sum'],
      for: '30m',
      severity: 'warning',
      summary: 'Memory of {{ $labels.job }} on {{ $labels.instance }} grows outside of the heap',
      description:
        'At the rate of the last hour, memory outside of the heap grows by {{ $value | humanize1024 }}B an hour, and the heap by less than a quarter of that.',
    },
  ];
}

function profilerAlerts(m: MetricNames): readonly AlertRule[] {
  const status = m.of('heapray.profiler.status');
  const lost = `${m.of('heapray.profiler.lost_sampler')}{heapray_reason!~"${OWN_RESTARTS}"}`;
  const drops = `${m.of('heapray.profiler.drops')}{heapray_reason=~"${LOSSES}"}`;
  return [
    {
      alert: 'HeaprayNotProfiling',
      expr: `${status}{heapray_profiler_mode="none", heapray_reason!="starting"} == 1`,
      compared: [status],
      for: '5m',
      severity: 'warning',
      summary: 'Memory of {{ $labels.job }} on {{ $labels.instance }} is not profiled',
      description: 'The reason is {{ $labels.heapray_reason }}.',
    },
    {
      alert: 'HeaprayProfilerLost',
      expr: newEvents(lost),
      compared: [m.of('heapray.profiler.lost_sampler')],
      for: '0m',
      severity: 'warning',
      summary: 'heapray has lost its sampler in {{ $labels.job }} on {{ $labels.instance }}',
      description: 'The reason is {{ $labels.heapray_reason }}. Figures of what is in use start over.',
    },
    {
      alert: 'HeaprayProfilerDropping',
      expr: newEvents(drops),
      compared: [m.of('heapray.profiler.drops')],
      for: '0m',
      severity: 'warning',
      summary: 'heapray loses data in {{ $labels.job }} on {{ $labels.instance }}',
      description: 'The reason is {{ $labels.heapray_reason }}.',
    },
  ];
}

/** Returns the events of the last 15 minutes. A reason has no series before its first event, which `increase` does not see. */
function newEvents(counter: string): string {
  return [`increase(${counter}[15m]) > 0`, `  or ${counter} > 0`, `    unless ${counter} offset 15m`].join(
    '\n',
  );
}

function captureAlerts(m: MetricNames): readonly AlertRule[] {
  const status = m.of('heapray.capture.status');
  const hint = m.of('heapray.watch.hint');
  const inState = (series: string) =>
    `max without (heapray_capture_state, heapray_process_id) (${series}) == 1`;
  const running = `${status}{heapray_capture_state=~"following|idle"}`;
  return [
    {
      alert: 'HeaprayCaptureDiskNearlyFull',
      expr: `${hint}{heapray_hint="disk_space"} == 1`,
      compared: [hint],
      for: '5m',
      severity: 'warning',
      summary: 'The disk with the captures of {{ $labels.heapray_component }} is nearly full',
      description: 'Less room is left on the disk than the captures there take already.',
    },
    {
      alert: 'HeaprayComponentNotTraced',
      expr: [
        inState(`max_over_time(${running}[1d])`),
        `  unless ${inState(`${status}{heapray_capture_state=~"following|idle|reading"}`)}`,
        '  and on (job, instance) target_info',
        `or max without (heapray_hint) (${hint}{heapray_hint="old_capture"}) == 1`,
      ].join('\n'),
      compared: [inState(`max_over_time(${running}[1d])`), hint, 'target_info'],
      for: '10m',
      severity: 'warning',
      summary: '{{ $labels.heapray_component }} is no longer traced',
      description:
        'The component was traced within the last day, or left a capture that blocks its next start, and no process writes its capture.',
    },
  ];
}
