import {
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { MetricNames } from './metric-names.ts';

/** A link of a value; the title is its text. */
export interface Link {
  readonly title: string;
  readonly url: string;
}

/** The data source that all panels and variables use. */
export const DATASOURCE: { type: string; uid: string } = {
  type: 'prometheus',
  uid: valueOfVariable('datasource'),
};

export const DATASOURCE_VARIABLE: DatasourceVariableBuilder = new DatasourceVariableBuilder('datasource')
  .label('Data source')
  .type('prometheus');

interface ValuesOptions {
  readonly label: string;
  readonly query: string;
  /** Selects several values, and all of them by default. */
  readonly several?: boolean;
}

type Make = (m: MetricNames) => QueryVariableBuilder;

/** A metric that every profiled process has, and a watched capture has not. */
const POLLS = 'heapray.profiler.polls';
/** A metric that every watched capture has. */
const STATUS = 'heapray.capture.status';

export const JOB: Make = (m) => values('job', { label: 'Job', query: `${m.of(POLLS)}, job` });

export const JOBS: Make = (m) => values('job', { label: 'Job', query: `${m.of(POLLS)}, job`, several: true });

export const INSTANCE: Make = (m) =>
  values('instance', { label: 'Instance', query: `${m.of(POLLS)}{job="$job"}, instance` });

export const INSTANCES: Make = (m) =>
  values('instance', {
    label: 'Instance',
    query: `${m.of(POLLS)}{job=~"$job"}, instance`,
    several: true,
  });

export const COMPONENT: Make = (m) =>
  values('component', {
    label: 'Component',
    query: `${m.of('heapray.memory.retained')}{job="$job", instance="$instance"}, heapray_component`,
    several: true,
  });

export const WATCH_JOB: Make = (m) => values('job', { label: 'Job', query: `${m.of(STATUS)}, job` });

export const WATCH_INSTANCE: Make = (m) =>
  values('instance', { label: 'Instance', query: `${m.of(STATUS)}{job="$job"}, instance` });

export const WATCH_COMPONENT: Make = (m) =>
  values('component', {
    label: 'Component',
    query: `${m.of(STATUS)}{job="$job", instance="$instance"}, heapray_component`,
    several: true,
  });

/** Forked processes. All of them is the default, and includes the parent, which has no ID. */
export const WATCH_PROCESS: Make = (m) =>
  values('process', {
    label: 'Forked process',
    query: `${m.of(STATUS)}{job="$job", instance="$instance", heapray_component=~"$component"}, heapray_process_id`,
    several: true,
  });

/** Processes that share a page of metrics. All of them is the default, and includes a process alone, which has no ID. */
export const SHARED_PROCESS: Make = (m) =>
  values('process', {
    label: 'Process',
    query: `${m.of(POLLS)}{job="$job", instance="$instance"}, process_pid`,
    several: true,
  });

export const DEBUG_PORT: TextBoxVariableBuilder = new TextBoxVariableBuilder('debug_port')
  .label('Debug port')
  .defaultValue('6464');

/** The host of `/debug/ui`: that of the scraped instance. Metrics that come by OTLP do not contain it. */
export function debugHost(m: MetricNames): QueryVariableBuilder | TextBoxVariableBuilder {
  if (m.form === 'otlp')
    return new TextBoxVariableBuilder('debug_host').label('Debug host').defaultValue('127.0.0.1');
  const query = `${m.of(POLLS)}{job="$job", instance="$instance"}, instance`;
  return values('debug_host', { label: 'Debug host', query })
    .regex('/^(.*?)(?::\\d+)?$/')
    .hide(VariableHide.HideVariable);
}

/** The address of `heapray watch`: the scraped instance itself. Metrics that come by OTLP do not contain it. */
export function watchAddress(m: MetricNames): readonly TextBoxVariableBuilder[] {
  if (m.form === 'scraped') return [];
  return [
    new TextBoxVariableBuilder('watch').label('Address of heapray watch').defaultValue('127.0.0.1:9465'),
  ];
}

/** The page of the selected process. */
export const UI: Link = {
  title: 'Flame graph of this process',
  url: `http://${valueOfVariable('debug_host')}:${valueOfVariable('debug_port')}/debug/ui`,
};

export const UI_LINK: DashboardLinkBuilder = uiLink(UI.title, UI.url);

export const WATCH_LINK = (m: MetricNames): DashboardLinkBuilder =>
  uiLink(
    'Flame graphs of these components',
    `http://${valueOfVariable(m.form === 'scraped' ? 'instance' : 'watch')}/debug/ui`,
  );

function uiLink(title: string, url: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .icon('external link')
    .url(url)
    .targetBlank(true);
}

/** Returns a variable with the values of a label: `query` is a selector, a comma and the label. */
function values(name: string, { label, query, several = false }: ValuesOptions): QueryVariableBuilder {
  const variable = new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({
      qryType: 1,
      query: `label_values(${query})`,
      refId: 'PrometheusVariableQueryEditor-VariableQuery',
    })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(several)
    .includeAll(several);
  return several ? variable.allValue('.*').current({ text: ['All'], value: ['$__all'] }) : variable;
}

/** Returns Grafana's notation for the value of a variable in a URL or text. */
function valueOfVariable(name: string): string {
  return `$\{${name}}`;
}
