import type * as metricTable from '../../packages/instrumentation/src/protocol/metric-table.js';
import type * as semconv from '../../packages/instrumentation/src/protocol/semconv.js';
import { markdownTable } from './markdown-table.ts';

type MetricSpec = metricTable.MetricSpec;
/** The modules that the tables are made of. Passed in, because tests read them as source and the script as built. */
type Modules = typeof metricTable & typeof semconv;

const CALL_SITE = 'call site';

function metricRow(spec: MetricSpec, shared: readonly string[]): string[] {
  const own = Object.entries(spec.attributes ?? {}).map(([name, values]) => {
    const list = values.map((value) => `\`${value}\``).join(', ');
    return list === '' ? `\`${name}\`` : `\`${name}\`: ${list}`;
  });
  const note = spec.note === undefined ? '' : `; ${spec.note}`;
  return [
    `\`${spec.name}\``,
    `${spec.kind}, ${spec.unit}`,
    [...shared, ...own].join(', '),
    `${spec.description}${note}`,
  ];
}

const METRIC_HEAD = ['name', 'kind, unit', 'attributes', 'is'];

/** Returns the table of heapray's own metrics. */
function metricsMarkdown({ OWN_METRICS, SITE_METRICS }: Modules): string {
  const sites = Object.values(SITE_METRICS).map((spec) => metricRow(spec, [CALL_SITE]));
  return markdownTable(METRIC_HEAD, [
    ...sites,
    ...Object.values(OWN_METRICS).map((spec) => metricRow(spec, [])),
  ]);
}

/** Returns the table of the conventions' metrics, which are off by default. */
function conventionMetricsMarkdown({ CONVENTION_METRICS }: Modules): string {
  return markdownTable(
    METRIC_HEAD,
    Object.values(CONVENTION_METRICS).map((spec) => metricRow(spec, [])),
  );
}

/** Returns the table of call-site attributes, with the groupings that keep them. */
function siteAttributesMarkdown(names: Modules): string {
  const rows = [
    [names.ATTR_CODE_FUNCTION_NAME, 'the function; `(anonymous)` for one without a name', 'function'],
    [names.ATTR_CODE_FILE_PATH, 'its file', 'function, file'],
    [
      names.ATTR_CODE_LINE_NUMBER,
      'the line on which the function starts, where V8 reports it; for Buffers the line of the call',
      'function',
    ],
    [
      names.ATTR_CODE_COLUMN_NUMBER,
      'the column at which it starts, only where several functions start on the line, or may: the source cannot be read',
      'function',
    ],
    [
      names.ATTR_PACKAGE_NAME,
      "the npm package the file belongs to; `node:` for the runtime; the application's own name",
      'function, file, package',
    ],
    [names.ATTR_PACKAGE_VERSION, 'its version, where its manifest says one', 'function, file'],
    [
      names.ATTR_COMPONENT,
      'the component whose wrapped function is on the stack (`profileComponent`); else what this process is',
      'all',
    ],
    [names.ATTR_MEMORY_KIND, '`array_buffer` for Buffers (`offHeap`); absent for the heap', 'all'],
    [names.ATTR_THREAD_ID, "Node's id of the worker thread; absent for the main thread", 'all'],
    [names.ATTR_THREAD_NAME, 'its name; `worker` without one', 'all'],
  ];
  return markdownTable(
    ['attribute', 'is', 'there with `groupBy`'],
    rows.map(([name, is = '', groupings = '']) => [`\`${name}\``, is, groupings]),
  );
}

/** Returns the tables of docs/metrics.md by name, in Markdown; each ends with a line feed. */
export function metricTables(modules: Modules): Record<string, string> {
  return {
    metrics: metricsMarkdown(modules),
    'convention metrics': conventionMetricsMarkdown(modules),
    'call site attributes': siteAttributesMarkdown(modules),
  };
}
