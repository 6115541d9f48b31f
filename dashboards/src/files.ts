import { airflowDashboard } from './airflow.ts';
import { fleetDashboard } from './fleet.ts';
import { healthDashboard } from './health.ts';
import { type MetricTables, metricDefinitions } from './metric-definitions.ts';
import { MetricNames, NAME_FORMS, type NameForm } from './metric-names.ts';
import { ruleFile, rulesOf } from './rules.ts';
import { serviceDashboard } from './service.ts';

const DASHBOARDS = {
  service: serviceDashboard,
  fleet: fleetDashboard,
  airflow: airflowDashboard,
  health: healthDashboard,
} as const;

/** Folders of the dashboards, and names of the rule files, by the form of metric names. */
export const FOLDERS: Readonly<Record<NameForm, string>> = { scraped: 'grafana', otlp: 'grafana-otlp' };
export const RULE_FILES: Readonly<Record<NameForm, string>> = {
  scraped: 'prometheus/heapray-rules.yml',
  otlp: 'prometheus/heapray-rules-otlp.yml',
};

/** Returns the contents of all made files by their path in `dashboards/`. */
export function madeFiles(tables: MetricTables): ReadonlyMap<string, string> {
  const definitions = metricDefinitions(tables);
  return new Map(
    NAME_FORMS.flatMap((form) => {
      const names = new MetricNames(form, definitions);
      const dashboards = Object.entries(DASHBOARDS).map(([id, make]): [string, string] => [
        `${FOLDERS[form]}/${id}.json`,
        `${JSON.stringify(make(names), null, 2)}\n`,
      ]);
      return [...dashboards, [RULE_FILES[form], ruleFile(rulesOf(names))]] as [string, string][];
    }),
  );
}
