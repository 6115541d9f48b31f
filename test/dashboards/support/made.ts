// The dashboards and rules, made from the sources as they are now.

import { madeFiles } from '../../../dashboards/src/files.ts';
import { metricDefinitions } from '../../../dashboards/src/metric-definitions.ts';
import { MetricNames, type NameForm } from '../../../dashboards/src/metric-names.ts';
import { type Rules, rulesOf } from '../../../dashboards/src/rules.ts';
import * as watchTable from '../../../packages/cli/src/watch/metrics/metric-table.js';
import * as nodeTable from '../../../packages/instrumentation/src/protocol/metric-table.js';

const TABLES = { node: nodeTable, watch: watchTable };

export const DEFINITIONS = metricDefinitions(TABLES);

/** Contents of all made files, by their path in dashboards/. */
export const MADE: ReadonlyMap<string, string> = madeFiles(TABLES);

export function namesOf(form: NameForm): MetricNames {
  return new MetricNames(form, DEFINITIONS);
}

export function rulesIn(form: NameForm): Rules {
  return rulesOf(namesOf(form));
}
