import type { ResourceAttributes } from '../../profile/index.js';

export interface SeriesLabel {
  readonly name: string;
  readonly value: string;
}

/** Limits of Pyroscope's server by default, in bytes of UTF-8. */
export const MAX_LABELS = 30;
const MAX_NAME_BYTES = 1024;
const MAX_VALUE_BYTES = 2048;

/** Resource attributes that become labels first, where there are too many. */
const FIRST: readonly string[] = [
  'service.namespace',
  'service.instance.id',
  'service.version',
  'deployment.environment.name',
  'deployment.environment',
  'host.name',
  'k8s.cluster.name',
  'k8s.namespace.name',
  'k8s.pod.name',
  'k8s.container.name',
  'container.id',
  'cloud.region',
  'process.pid',
];
/** Resource attributes that do not become labels: they are long, or differ with each start of a process. */
const LEFT_OUT = /^(?:process\.(?:command|executable|owner|runtime\.description)|telemetry\.)/;

/**
 * Returns the labels of a series: `__name__`, `service_name`, then tags, then attributes of the resource. Names are made of
 * letters, digits and underscores; of two that become equal, the first stays. What exceeds the server's limits is left out or
 * cut.
 */
export function seriesLabels(
  appName: string | undefined,
  tags: Readonly<Record<string, string>>,
  resource: ResourceAttributes,
): readonly SeriesLabel[] {
  const labels = new Map([
    ['__name__', 'memory'],
    ['service_name', cut(appName || textOf(resource['service.name']) || 'unknown_service:node')],
  ]);
  const names = Object.keys(resource).filter((name) => name !== 'service.name' && !LEFT_OUT.test(name));
  const rest = [
    ...FIRST.filter((name) => names.includes(name)),
    ...names.filter((name) => !FIRST.includes(name)).sort(),
  ];
  const wanted = [
    ...Object.entries(tags),
    ...rest.map((name): [string, string] => [name, textOf(resource[name])]),
  ];
  for (const [name, value] of wanted) {
    if (labels.size >= MAX_LABELS) break;
    const clean = labelName(name);
    const text = cut(value);
    if (clean !== undefined && text !== '' && !labels.has(clean)) labels.set(clean, text);
  }
  return [...labels].map(([name, value]) => ({ name, value }));
}

/** Returns the name with other characters replaced; undefined for a name that the server reserves or refuses. */
function labelName(name: string): string | undefined {
  const clean = name.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');
  if (clean === '' || clean.startsWith('__') || clean.length > MAX_NAME_BYTES) return undefined;
  return clean;
}

function textOf(value: ResourceAttributes[string] | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'object' ? value.join(',') : String(value);
}

/** Returns text that is valid UTF-8 and not too long. */
function cut(text: string): string {
  const bytes = Buffer.from(text.toWellFormed(), 'utf8');
  if (bytes.length <= MAX_VALUE_BYTES) return bytes.toString('utf8');
  // A character that is cut in two is left out.
  let end = MAX_VALUE_BYTES;
  while ((bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
