import type * as watchTable from '../../packages/cli/src/watch/metrics/metric-table.js';
import type * as nodeTable from '../../packages/instrumentation/src/protocol/metric-table.js';
import type { MetricDefinition } from './metric-names.ts';

/** The modules with the tables of metrics. Passed in, because tests read them as source and the script as built. */
export interface MetricTables {
  readonly node: Pick<typeof nodeTable, 'METRICS'>;
  readonly watch: Pick<typeof watchTable, 'SITE_METRICS' | 'CAPTURE_METRICS'>;
}

/** From OpenTelemetry's `runtime-node` instrumentation; there only if the application uses it. */
export const GC_DURATION: MetricDefinition = { name: 'v8js.gc.duration', kind: 'histogram', unit: 's' };

/** Returns all metrics that dashboards and rules may use, each once. */
export function metricDefinitions({ node, watch }: MetricTables): readonly MetricDefinition[] {
  const all = [node.METRICS, watch.SITE_METRICS, watch.CAPTURE_METRICS].flatMap((table): MetricDefinition[] =>
    Object.values(table),
  );
  const byName = new Map(all.map((definition) => [definition.name, definition]));
  return [...byName.values(), GC_DURATION];
}
