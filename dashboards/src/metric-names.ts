/**
 * Names under which Prometheus has the metrics:
 *
 * - `scraped`: from `@opentelemetry/exporter-prometheus`, heapray's own endpoint and `heapray watch`
 * - `otlp`: received by OTLP (Prometheus' default translation), or from the Collector's Prometheus exporters
 */
export type NameForm = 'scraped' | 'otlp';

export const NAME_FORMS: readonly NameForm[] = ['scraped', 'otlp'];

/** A row of the tables from which the packages make their metrics. */
export interface MetricDefinition {
  /** Dotted name, without unit and `total`. */
  readonly name: string;
  readonly kind: 'counter' | 'updowncounter' | 'gauge' | 'histogram';
  /** UCUM code. */
  readonly unit: string;
}

/** One of the series that a histogram consists of. */
export type HistogramPart = 'bucket' | 'sum' | 'count';

/** Units that OTLP ingestion appends to names. Units in braces are not appended. */
const UNIT_SUFFIXES: Readonly<Record<string, string>> = {
  By: '_bytes',
  'By/s': '_bytes_per_second',
  s: '_seconds',
};

/** Finds the Prometheus names of metrics in one form. */
export class MetricNames {
  readonly form: NameForm;
  readonly #definitions: ReadonlyMap<string, MetricDefinition>;

  constructor(form: NameForm, definitions: readonly MetricDefinition[]) {
    this.form = form;
    this.#definitions = new Map(definitions.map((definition) => [definition.name, definition]));
  }

  /**
   * Returns the Prometheus name of a metric.
   *
   * @param part for histograms only
   * @throws Error when no metric has this name
   */
  of(name: string, part?: HistogramPart): string {
    const definition = this.#definitions.get(name);
    if (definition === undefined) throw new Error(`no metric is called ${name}`);
    return prometheusName(definition, this.form) + (part === undefined ? '' : `_${part}`);
  }
}

/** Returns the Prometheus name of a metric, for histograms without `_bucket`, `_sum` and `_count`. */
export function prometheusName({ name, kind, unit }: MetricDefinition, form: NameForm): string {
  const base = labelName(name);
  const total = kind === 'counter' ? '_total' : '';
  return form === 'scraped' ? `${base}${total}` : `${base}${unitSuffix(unit, kind)}${total}`;
}

/** Returns the Prometheus label of an attribute, which is the same in both forms. */
export function labelName(attribute: string): string {
  return attribute.replaceAll(/[^A-Za-z0-9]+/g, '_');
}

function unitSuffix(unit: string, kind: MetricDefinition['kind']): string {
  if (unit.startsWith('{')) return '';
  if (unit === '1') return kind === 'gauge' ? '_ratio' : '';
  const suffix = UNIT_SUFFIXES[unit];
  if (suffix === undefined) throw new Error(`no Prometheus suffix is known for the unit ${unit}`);
  return suffix;
}
