import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { COLORS } from './colors.ts';
import { finished, newDashboard } from './dashboard.ts';
import { withPackageOther } from './expressions.ts';
import type { MetricNames } from './metric-names.ts';
import { callSiteTable, row, stateTimeline, table, timeSeries } from './panels.ts';
import {
  WATCH_COMPONENT,
  WATCH_INSTANCE,
  WATCH_JOB,
  WATCH_LINK,
  WATCH_PROCESS,
  watchAddress,
} from './variables.ts';

const WATCH = 'job="$job", instance="$instance", heapray_component=~"$component"';
const CAPTURES = `${WATCH}, heapray_process_id=~"$process"`;
const SITE_LABELS =
  'heapray_component, code_function_name, code_file_path, code_line_number, heapray_package_name';

/** States of a capture, by the number that stands for each in the panel. */
const STATES = [
  ['waiting', COLORS.grey],
  ['reading', COLORS.sky],
  ['following', COLORS.blue],
  ['idle', COLORS.green],
  ['finished', COLORS.darkGrey],
  ['stopped', COLORS.orange],
  ['damaged', COLORS.vermilion],
  ['limited', COLORS.purple],
  ['unreadable', COLORS.vermilion],
] as const;

/** Returns the dashboard of the components that `heapray watch` follows. */
export function airflowDashboard(m: MetricNames): Dashboard {
  const dashboard = newDashboard(m, {
    id: 'airflow',
    title: 'Airflow',
    description: 'Components of Airflow, and other programs under memray, as heapray watch follows them.',
    variables: [WATCH_JOB(m), WATCH_INSTANCE(m), WATCH_COMPONENT(m), WATCH_PROCESS(m), ...watchAddress(m)],
    links: [WATCH_LINK(m)],
  });
  dashboard.withRow(row('Components'));
  for (const panel of statePanels(m)) dashboard.withPanel(panel);
  dashboard.withRow(row('Memory'));
  for (const panel of memoryPanels(m)) dashboard.withPanel(panel);
  dashboard.withRow(row('Call sites'));
  for (const panel of sitePanels(m)) dashboard.withPanel(panel);
  dashboard.withRow(row('Captures'));
  for (const panel of capturePanels(m)) dashboard.withPanel(panel);
  return finished(dashboard);
}

function of(m: MetricNames, name: string, more = ''): string {
  return `${m.of(name)}{${CAPTURES}${more}}`;
}

function statePanels(m: MetricNames) {
  const numbered = STATES.map(
    ([state], index) =>
      `${of(m, 'heapray.capture.status', `, heapray_capture_state="${state}"`)} * ${index + 1}`,
  );
  return [
    stateTimeline({
      title: 'State of each component',
      description:
        '"following" is a component that runs and is traced. "stopped" has ended without finishing its capture, "finished" properly.',
      span: 16,
      values: STATES.map(([text, color], index) => ({ value: index + 1, text, color })),
      queries: [
        {
          expr: `max by (heapray_component, heapray_process_id) (\n  ${numbered.join('\n  or ')}\n)`,
          legend: '{{heapray_component}} {{heapray_process_id}}',
        },
      ],
    }),
    table({
      title: 'Hints',
      description: 'Problems that need action, each explained in docs/airflow.md and in the runbook.',
      span: 8,
      noValue: 'no hint, or no data',
      columns: [{ name: 'active', unit: 'none', hidden: true }],
      queries: [
        { expr: `max by (heapray_component, heapray_hint) (${m.of('heapray.watch.hint')}{${WATCH}}) == 1` },
      ],
    }),
  ];
}

function memoryPanels(m: MetricNames) {
  const retained = of(m, 'heapray.memory.retained');
  const byComponent = 'heapray_component';
  return [
    timeSeries({
      title: 'Resident memory',
      description:
        'Resident memory of the traced process, and of the processes that it has started, which are not traced: tasks, workers, parsers of DAG files.',
      unit: 'bytes',
      span: 12,
      queries: [
        {
          expr: `sum by (${byComponent}, heapray_process_role) (${of(m, 'heapray.capture.resident')})`,
          legend: '{{heapray_component}}, {{heapray_process_role}}',
        },
      ],
    }),
    timeSeries({
      title: 'Heap in use, and its peak',
      description: 'Bytes that are allocated and not freed, now and when they were most.',
      unit: 'bytes',
      span: 12,
      queries: [
        { expr: `sum by (${byComponent}) (${retained})`, legend: '{{heapray_component}}' },
        {
          expr: `sum by (${byComponent}) (${of(m, 'heapray.memory.peak')})`,
          legend: '{{heapray_component}}, peak',
        },
      ],
    }),
    timeSeries({
      title: 'Growth, over 30 minutes',
      description: 'How fast the heap of each component has grown over the last half hour.',
      unit: 'binBps',
      span: 12,
      queries: [
        { expr: `sum by (${byComponent}) (deriv(${retained}[30m]))`, legend: '{{heapray_component}}' },
      ],
    }),
    timeSeries({
      title: 'Allocation rate by package',
      description: 'Bytes a second that the ten packages allocate that allocate most, freed or not.',
      unit: 'binBps',
      span: 12,
      queries: [
        {
          expr: withPackageOther(
            `topk(10, sum by (${byComponent}, heapray_package_name) (rate(${of(m, 'heapray.memory.allocated', ', code_function_name!="(dropped)"')}[$__rate_interval])))`,
          ),
          legend: '{{heapray_package_name}} in {{heapray_component}}',
        },
      ],
    }),
  ];
}

function sitePanels(m: MetricNames) {
  const allocations = of(m, 'heapray.memory.allocations', ', code_function_name!="(dropped)"');
  return [
    callSiteTable({
      title: 'What grew most in the time shown',
      description: 'Change of what is in use by call site, over the time range of the dashboard.',
      span: 12,
      columns: [{ name: 'growth', unit: 'bytes' }],
      queries: [
        {
          expr: `topk(15, sum by (${SITE_LABELS}) (delta(${of(m, 'heapray.memory.retained')}[$__range])))`,
        },
      ],
    }),
    callSiteTable({
      title: 'Top retainers',
      description:
        'Call sites whose memory is in use most: bytes, allocations, and bytes when the heap was largest.',
      span: 12,
      columns: [
        { name: 'bytes', unit: 'bytes' },
        { name: 'allocations', unit: 'short' },
        { name: 'at the peak', unit: 'bytes' },
      ],
      queries: [
        { expr: `topk(15, sum by (${SITE_LABELS}) (${of(m, 'heapray.memory.retained')}))` },
        { expr: `topk(15, sum by (${SITE_LABELS}) (${of(m, 'heapray.memory.retained_objects')}))` },
        { expr: `topk(15, sum by (${SITE_LABELS}) (${of(m, 'heapray.memory.peak')}))` },
      ],
    }),
    callSiteTable({
      title: 'Top allocators',
      description: 'Call sites that allocate most, as allocations a second over five minutes.',
      span: 24,
      columns: [{ name: 'allocations a second', unit: 'short' }],
      queries: [{ expr: `topk(15, sum by (${SITE_LABELS}) (rate(${allocations}[5m])))` }],
    }),
  ];
}

function capturePanels(m: MetricNames) {
  return [
    table({
      title: 'Captures',
      description:
        'The file of each process: its size, how long ago it grew, when its run began, how many runs there were.',
      span: 24,
      columns: [
        { name: 'size', unit: 'bytes' },
        { name: 'data', unit: 'bytes' },
        { name: 'last grew', unit: 's' },
        { name: 'run began', unit: 'dateTimeFromNow' },
        { name: 'runs', unit: 'none' },
        { name: 'damaged', unit: 'bool_yes_no' },
      ],
      queries: [
        { expr: `max by (heapray_component, heapray_process_id) (${of(m, 'heapray.capture.size')})` },
        { expr: `max by (heapray_component, heapray_process_id) (${of(m, 'heapray.capture.data')})` },
        { expr: `max by (heapray_component, heapray_process_id) (${of(m, 'heapray.capture.age')})` },
        // Grafana's dates are in milliseconds.
        {
          expr: `max by (heapray_component, heapray_process_id) (${of(m, 'heapray.capture.start_time')}) * 1000`,
        },
        { expr: `max by (heapray_component, heapray_process_id) (${of(m, 'heapray.capture.runs')})` },
        { expr: `max by (heapray_component, heapray_process_id) (${of(m, 'heapray.capture.damaged')})` },
      ],
    }),
    timeSeries({
      title: 'Growth of the files',
      description: 'How fast each capture grows on the disk.',
      unit: 'binBps',
      span: 12,
      queries: [
        {
          expr: `sum by (heapray_component) (deriv(${of(m, 'heapray.capture.data')}[$__rate_interval]))`,
          legend: '{{heapray_component}}',
        },
      ],
    }),
    timeSeries({
      title: 'What heapray reads',
      description:
        'Allocations and deallocations a second, and bytes a second, that heapray watch reads from the captures.',
      unit: 'short',
      span: 12,
      rightAxis: { regex: '.* bytes$', unit: 'binBps' },
      queries: [
        {
          expr: `sum by (heapray_component) (rate(${of(m, 'heapray.capture.events')}[$__rate_interval]))`,
          legend: '{{heapray_component}}, events',
        },
        {
          expr: `sum by (heapray_component) (rate(${of(m, 'heapray.watch.read')}[$__rate_interval]))`,
          legend: '{{heapray_component}}, bytes',
        },
      ],
    }),
  ];
}
