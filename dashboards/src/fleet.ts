import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { finished, newDashboard, uidOf } from './dashboard.ts';
import { withPackageOther } from './expressions.ts';
import type { MetricNames } from './metric-names.ts';
import { row, table, timeSeries } from './panels.ts';
import { JOBS } from './variables.ts';

const SERVICES = 'job=~"$job"';
const SITES = `${SERVICES}, code_function_name!="(dropped)"`;

/** Returns the dashboard that compares services and versions. */
export function fleetDashboard(m: MetricNames): Dashboard {
  const dashboard = newDashboard(m, {
    id: 'fleet',
    title: 'Fleet',
    description:
      'All services side by side: which grow, which packages are behind it, and what a version has changed.',
    variables: [JOBS(m)],
    links: [],
  });
  dashboard.withRow(row('Services'));
  for (const panel of servicePanels(m)) dashboard.withPanel(panel);
  dashboard.withRow(row('Packages'));
  for (const panel of packagePanels(m)) dashboard.withPanel(panel);
  dashboard.withRow(row('Versions'));
  for (const panel of versionPanels(m)) dashboard.withPanel(panel);
  return finished(dashboard);
}

function servicePanels(m: MetricNames) {
  const resident = `${m.of('heapray.memory.resident')}{${SERVICES}}`;
  const heap = `${m.of('heapray.memory.resident')}{${SERVICES}, heapray_memory_kind=~"heap|code"}`;
  const heapLimit = `${m.of('heapray.memory.limit')}{${SERVICES}, heapray_limit_kind="heap"}`;
  const growth = `${m.of('heapray.memory.growth')}{${SERVICES}}`;
  const timeToLimit = `${m.of('heapray.memory.time_to_limit')}{${SERVICES}}`;
  const service = {
    title: 'Open the dashboard of this service',
    url: `/d/${uidOf(m, 'service')}?\${datasource:queryparam}&var-job=\${__data.fields.job}&\${__url_time_range}`,
  };
  return [
    table({
      title: 'Services',
      description:
        'One row for each service; the fullest heap and the earliest limit are those of the worst process. Click a service to open it.',
      span: 24,
      height: 9,
      link: { column: 'job', ...service },
      columns: [
        { name: 'processes', unit: 'none' },
        { name: 'resident memory', unit: 'bytes' },
        { name: 'growth in an hour', unit: 'bytes' },
        { name: 'fullest heap', unit: 'percentunit' },
        { name: 'leak suspects', unit: 'none' },
        { name: 'heap limit reached in', unit: 's' },
      ],
      queries: [
        { expr: `count by (job) (sum by (job, instance, process_pid) (${resident}))` },
        { expr: `sum by (job) (${resident})` },
        { expr: `sum by (job) (deriv(${resident}[1h])) * 3600` },
        {
          expr: `max by (job) (sum by (job, instance, process_pid) (${heap}) / sum by (job, instance, process_pid) (${heapLimit}))`,
        },
        { expr: `count by (job) (${growth} > 0)` },
        { expr: `min by (job) (${timeToLimit})` },
      ],
    }),
    timeSeries({
      title: 'Resident memory by service',
      description: 'Resident memory of all processes of a service.',
      unit: 'bytes',
      span: 12,
      queries: [{ expr: `sum by (job) (${resident})`, legend: '{{job}}' }],
    }),
    timeSeries({
      title: 'Growth by service, over an hour',
      description:
        'How fast the resident memory of the ten services that grow most has grown over the last hour.',
      unit: 'binBps',
      span: 12,
      queries: [{ expr: `topk(10, sum by (job) (deriv(${resident}[1h])))`, legend: '{{job}}' }],
    }),
  ];
}

function packagePanels(m: MetricNames) {
  const growth = `${m.of('heapray.memory.growth')}{${SERVICES}}`;
  const retained = `${m.of('heapray.memory.retained')}{${SITES}}`;
  const allocated = `${m.of('heapray.memory.allocated')}{${SITES}}`;
  return [
    timeSeries({
      title: 'Growth of leak suspects by package',
      description: 'How fast the memory of suspected call sites grows, by npm package, in all services.',
      unit: 'binBps',
      span: 12,
      noValue: 'no suspect, or no data',
      queries: [
        {
          expr: withPackageOther(`topk(10, sum by (heapray_package_name, job) (${growth}))`),
          legend: '{{heapray_package_name}} in {{job}}',
        },
      ],
    }),
    table({
      title: 'Packages that grew most in the time shown',
      description:
        'Change of what is in use by npm package, in all services, over the time range of the dashboard.',
      span: 12,
      columns: [
        { name: 'growth', unit: 'bytes' },
        { name: 'in use', unit: 'bytes' },
      ],
      queries: [
        { expr: withPackageOther(`topk(15, sum by (heapray_package_name) (delta(${retained}[$__range])))`) },
        { expr: withPackageOther(`topk(50, sum by (heapray_package_name) (${retained}))`) },
      ],
    }),
    timeSeries({
      title: 'Allocation rate by package',
      description: 'Bytes a second that the ten packages allocate that allocate most, in all services.',
      unit: 'binBps',
      span: 24,
      queries: [
        {
          expr: withPackageOther(
            `topk(10, sum by (heapray_package_name) (rate(${allocated}[$__rate_interval])))`,
          ),
          legend: '{{heapray_package_name}}',
        },
      ],
    }),
  ];
}

function versionPanels(m: MetricNames) {
  const perProcess = `sum by (job, instance, process_pid) (${m.of('heapray.memory.resident')}{${SERVICES}})`;
  const versions = `max by (job, instance, service_version) (target_info{${SERVICES}})`;
  // Processes without the resource's attributes count, too, as of no version.
  const versionOf = `(${versions} or on (job, instance) max by (job, instance) (${perProcess}) ^ 0)`;
  const retained = `${m.of('heapray.memory.retained')}{${SITES}, heapray_package_version!=""}`;
  const allocated = `${m.of('heapray.memory.allocated')}{${SITES}, heapray_package_version!=""}`;
  const byVersion = 'job, heapray_package_name, heapray_package_version';
  return [
    timeSeries({
      title: 'Resident memory of a process, by version of the service',
      description:
        "Mean of the processes of each version (the resource's service.version). After a release, the new version should run level with the old one.",
      unit: 'bytes',
      span: 12,
      queries: [
        {
          expr: `avg by (job, service_version) (${perProcess} * on (job, instance) group_left (service_version) ${versionOf})`,
          legend: '{{job}} {{service_version}}',
        },
      ],
    }),
    table({
      title: 'Packages by version',
      description:
        'What each version of a package has in use and allocates, for each service: compare the rows of one package.',
      span: 12,
      columns: [
        { name: 'in use', unit: 'bytes' },
        { name: 'bytes a second', unit: 'binBps' },
      ],
      sortBy: 'heapray_package_name',
      queries: [
        { expr: `sum by (${byVersion}) (${retained})` },
        { expr: `sum by (${byVersion}) (rate(${allocated}[5m]))` },
      ],
    }),
  ];
}
