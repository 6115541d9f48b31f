/** A value with its attributes, whose names are dotted as in OpenTelemetry. */
export interface MetricPoint {
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Start of a counter, in ms since the Unix epoch. */
  readonly startMillis?: number;
}

/** All values of one name. */
export interface MetricFamily {
  /** Dotted name, without unit and `total`. */
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  /** Unit in UCUM, as in OpenTelemetry. */
  readonly unit: string;
  readonly help: string;
  readonly points: readonly MetricPoint[];
}

export const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

/** Formats metrics in Prometheus' text format. Families without a value are omitted. */
export function prometheusText(families: readonly MetricFamily[]): string {
  return families
    .filter(({ points }) => points.length > 0)
    .map(familyText)
    .join('');
}

function familyText({ name, kind, help, points }: MetricFamily): string {
  const exposed = kind === 'counter' ? `${exposedName(name)}_total` : exposedName(name);
  const lines = points.map(
    ({ attributes, value }) => `${exposed}${labels(attributes)} ${valueText(value)}\n`,
  );
  return `# HELP ${exposed} ${escapeHelp(help)}\n# TYPE ${exposed} ${kind}\n${lines.join('')}`;
}

function labels(attributes: MetricPoint['attributes']): string {
  const parts = Object.entries(attributes).map(
    ([name, value]) => `${exposedName(name)}="${escapeValue(`${value}`)}"`,
  );
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function exposedName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=\d)/, '_');
}

function valueText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/**
 * Escapes a label value. Lone surrogates have no UTF-8 form, and some readers treat a carriage return as the end of the
 * line.
 */
function escapeValue(text: string): string {
  return text
    .toWellFormed()
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('"', '\\"')
    .replaceAll('\r', ' ');
}
