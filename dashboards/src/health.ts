import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { COLORS } from './colors.ts';
import { finished, newDashboard } from './dashboard.ts';
import type { MetricNames } from './metric-names.ts';
import { row, table, timeSeries } from './panels.ts';
import { INSTANCES, JOBS } from './variables.ts';

const PROCESSES = 'job=~"$job", instance=~"$instance"';
const PROCESS_LEGEND = '{{job}} {{instance}} {{process_pid}}';

/** Returns the dashboard about heapray itself. */
export function healthDashboard(m: MetricNames): Dashboard {
  const dashboard = newDashboard(m, {
    id: 'health',
    title: 'Profiler health',
    description: 'What heapray costs, what it has lost, and how sure its estimates are.',
    variables: [JOBS(m), INSTANCES(m)],
    links: [],
  });
  dashboard.withRow(row('State'));
  for (const panel of statePanels(m)) dashboard.withPanel(panel);
  dashboard.withRow(row('Cost'));
  for (const panel of costPanels(m)) dashboard.withPanel(panel);
  dashboard.withRow(row('Losses'));
  for (const panel of lossPanels(m)) dashboard.withPanel(panel);
  dashboard.withRow(row('Evidence'));
  for (const panel of evidencePanels(m)) dashboard.withPanel(panel);
  return finished(dashboard);
}

function of(m: MetricNames, name: string, more = ''): string {
  return `${m.of(name)}{${PROCESSES}${more}}`;
}

function statePanels(m: MetricNames) {
  return [
    table({
      title: 'How memory is sampled',
      description:
        'The mode of each process, and the reason where memory is not profiled; the interval is the mean number of bytes between two samples.',
      span: 24,
      columns: [
        { name: 'active', unit: 'none', hidden: true },
        { name: 'sampling interval', unit: 'bytes' },
        { name: 'live samples', unit: 'short' },
      ],
      queries: [
        {
          expr: `max by (job, instance, process_pid, heapray_profiler_mode, heapray_reason) (${of(m, 'heapray.profiler.status')}) == 1`,
        },
        { expr: `max by (job, instance, process_pid) (${of(m, 'heapray.profiler.sampling_interval')})` },
        { expr: `max by (job, instance, process_pid) (${of(m, 'heapray.profiler.live_samples')})` },
      ],
    }),
  ];
}

function costPanels(m: MetricNames) {
  const duration = (part: 'bucket' | 'sum' | 'count') =>
    `${m.of('heapray.profiler.poll.duration', part)}{${PROCESSES}}[$__rate_interval]`;
  const quantile = (share: number) =>
    `histogram_quantile(${share}, sum by (le) (rate(${duration('bucket')})))`;
  return [
    timeSeries({
      title: 'Cost, as a share of a core',
      description:
        'Processor time that profiling takes, in all threads of the process; 1 % is a hundredth of one core.',
      unit: 'percentunit',
      span: 12,
      min: 0,
      queries: [
        {
          expr: `sum by (job, instance, process_pid) (rate(${of(m, 'heapray.profiler.cpu')}[$__rate_interval]))`,
          legend: PROCESS_LEGEND,
        },
      ],
    }),
    timeSeries({
      title: 'Duration of polls',
      description:
        'For how long a poll stops the main thread, at most: the median, 99 of 100, and the mean, over all processes.',
      unit: 's',
      span: 12,
      min: 0,
      colors: { median: COLORS.blue, '99 of 100': COLORS.vermilion, mean: COLORS.grey },
      queries: [
        { expr: quantile(0.5), legend: 'median' },
        { expr: quantile(0.99), legend: '99 of 100' },
        { expr: `sum(rate(${duration('sum')})) / sum(rate(${duration('count')}))`, legend: 'mean' },
      ],
    }),
    timeSeries({
      title: 'Polls a second',
      description:
        'How often the sampler is polled; polls become rarer when they would cost more than the budget.',
      unit: 'short',
      span: 12,
      min: 0,
      queries: [
        {
          expr: `sum by (job, instance, process_pid) (rate(${of(m, 'heapray.profiler.polls')}[$__rate_interval]))`,
          legend: PROCESS_LEGEND,
        },
      ],
    }),
    timeSeries({
      title: "Memory of heapray's own thread",
      description: 'Heap of the profiler thread; it is part of the resident memory of the process.',
      unit: 'bytes',
      span: 12,
      min: 0,
      queries: [
        {
          expr: `sum by (job, instance, process_pid) (${of(m, 'heapray.profiler.memory')})`,
          legend: PROCESS_LEGEND,
        },
      ],
    }),
  ];
}

function lossPanels(m: MetricNames) {
  return [
    timeSeries({
      title: 'Dropped, by reason',
      description:
        'What heapray gave up or left out, within five minutes, by reason; "none" means that nothing has been dropped so far.',
      unit: 'short',
      span: 12,
      min: 0,
      queries: [
        {
          expr: `sum by (heapray_reason) (increase(${of(m, 'heapray.profiler.drops')}[5m]))`,
          legend: '{{heapray_reason}}',
        },
      ],
    }),
    timeSeries({
      title: 'Sampler lost, by reason',
      description:
        'How often the sampler was lost, within five minutes, by reason; "coarsened" and "traced" are restarts of heapray\'s own, "none" means never.',
      unit: 'short',
      span: 12,
      min: 0,
      queries: [
        {
          expr: `sum by (heapray_reason) (increase(${of(m, 'heapray.profiler.lost_sampler')}[5m]))`,
          legend: '{{heapray_reason}}',
        },
      ],
    }),
  ];
}

function evidencePanels(m: MetricNames) {
  const rate = (name: string, more = '') => `sum(rate(${of(m, name, more)}[$__rate_interval]))`;
  return [
    timeSeries({
      title: 'Samples a second',
      description:
        'Allocation samples, and those of them that were born and died between two polls, whose call sites are estimated from the short-lived ones that were seen.',
      unit: 'short',
      span: 12,
      min: 0,
      colors: { all: COLORS.blue, unobserved: COLORS.vermilion, 'short-lived, seen': COLORS.green },
      queries: [
        { expr: rate('heapray.profiler.samples'), legend: 'all' },
        { expr: rate('heapray.profiler.unobserved_samples'), legend: 'unobserved' },
        { expr: rate('heapray.profiler.short_lived_samples'), legend: 'short-lived, seen' },
      ],
    }),
    timeSeries({
      title: 'Share of samples that were not observed',
      description: 'The larger the share, the more of the allocation by call site is an estimate.',
      unit: 'percentunit',
      span: 12,
      min: 0,
      max: 1,
      queries: [
        {
          expr: `sum by (job, instance, process_pid) (rate(${of(m, 'heapray.profiler.unobserved_samples')}[$__rate_interval])) / sum by (job, instance, process_pid) (rate(${of(m, 'heapray.profiler.samples')}[$__rate_interval]))`,
          legend: PROCESS_LEGEND,
        },
      ],
    }),
    timeSeries({
      title: 'Pairs of polls a second',
      description:
        'Complete pairs show where short-lived memory comes from; a garbage collection interrupts the others.',
      unit: 'short',
      span: 12,
      min: 0,
      stacked: true,
      colors: { complete: COLORS.blue, interrupted: COLORS.orange },
      queries: [
        {
          expr: `sum by (heapray_pair) (rate(${of(m, 'heapray.profiler.pairs')}[$__rate_interval]))`,
          legend: '{{heapray_pair}}',
        },
      ],
    }),
    timeSeries({
      title: 'Leak detection',
      description:
        'Windows of evidence (nothing is suspected before there are 11), and call sites that wait for the next major collection.',
      unit: 'short',
      span: 12,
      min: 0,
      queries: [
        {
          expr: `min by (job, instance, process_pid) (${of(m, 'heapray.profiler.leak_windows')})`,
          legend: `windows, ${PROCESS_LEGEND}`,
        },
        {
          expr: `max by (job, instance, process_pid) (${of(m, 'heapray.profiler.undecided_sites')})`,
          legend: `undecided, ${PROCESS_LEGEND}`,
        },
      ],
    }),
    timeSeries({
      title: 'Estimated parts of what is in use',
      description:
        'Bytes that were carried over a restart of the sampler, and bytes that polls show but are probably garbage.',
      unit: 'bytes',
      span: 24,
      min: 0,
      colors: { 'carried over': COLORS.orange, 'not collected yet': COLORS.grey },
      queries: [
        { expr: `sum(${of(m, 'heapray.memory.carried_over')})`, legend: 'carried over' },
        { expr: `sum(${of(m, 'heapray.memory.uncollected')})`, legend: 'not collected yet' },
      ],
    }),
  ];
}
