import {
  ATTR_CODE_COLUMN_NUMBER,
  ATTR_CODE_FILE_PATH,
  ATTR_CODE_FUNCTION_NAME,
  ATTR_CODE_LINE_NUMBER,
  ATTR_COMPONENT,
  ATTR_PACKAGE,
  ATTR_PACKAGE_VERSION,
  ATTR_THREAD_ID,
  ATTR_THREAD_NAME,
} from '../../protocol/semconv.js';
import { CONVENTION_METRICS, type MetricSpec, OWN_METRICS, SITE_METRICS } from './metric-table.js';

const CALL_SITE = 'call site';

/** Returns a table in Markdown; ends with a line feed. */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replace(/[\\|]/g, '\\$&')).join(' | ')} |`;
  return `${[head, head.map(() => '---'), ...rows].map(line).join('\n')}\n`;
}

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
function metricsMarkdown(): string {
  const sites = Object.values(SITE_METRICS).map((spec) => metricRow(spec, [CALL_SITE]));
  return markdownTable(METRIC_HEAD, [
    ...sites,
    ...Object.values(OWN_METRICS).map((spec) => metricRow(spec, [])),
  ]);
}

/** Returns the table of the conventions' metrics, which are off by default. */
function conventionMetricsMarkdown(): string {
  return markdownTable(
    METRIC_HEAD,
    Object.values(CONVENTION_METRICS).map((spec) => metricRow(spec, [])),
  );
}

/** Returns the table of call-site attributes, with the groupings that keep them. */
function siteAttributesMarkdown(): string {
  const rows = [
    [ATTR_CODE_FUNCTION_NAME, 'the function; `(anonymous)` for one without a name', 'function'],
    [ATTR_CODE_FILE_PATH, 'its file', 'function, file'],
    [ATTR_CODE_LINE_NUMBER, 'the line on which the function starts, where V8 tells it', 'function'],
    [
      ATTR_CODE_COLUMN_NUMBER,
      'the column at which it starts, only where several functions start on the line, or may: the source cannot be read',
      'function',
    ],
    [
      ATTR_PACKAGE,
      "the npm package the file belongs to; `node:` for the runtime; the application's own name",
      'function, file, package',
    ],
    [ATTR_PACKAGE_VERSION, 'its version, where its manifest says one', 'function, file'],
    [
      ATTR_COMPONENT,
      'the component whose wrapped function is on the stack (`profileComponent`); else what this process is',
      'all',
    ],
    [ATTR_THREAD_ID, '0', 'all'],
    [ATTR_THREAD_NAME, '`main`', 'all'],
  ];
  return markdownTable(
    ['attribute', 'is', 'there with `groupBy`'],
    rows.map(([name, is = '', groupings = '']) => [`\`${name}\``, is, groupings]),
  );
}

/** Returns the tables of docs/metrics.md by name, in Markdown; each ends with a line feed. */
export function metricTables(): Record<string, string> {
  return {
    metrics: metricsMarkdown(),
    'convention metrics': conventionMetricsMarkdown(),
    'call site attributes': siteAttributesMarkdown(),
  };
}
