import { type MetricData, MetricReader } from '@opentelemetry/sdk-metrics';

/** A metric reader that collects when the test calls it. */
export class TestReader extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}

  /** Returns all metrics of all meters, by name. */
  async metrics(): Promise<ReadonlyMap<string, MetricData>> {
    const { resourceMetrics, errors } = await this.collect();
    if (errors.length > 0) throw errors[0];
    const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    return new Map(all.map((metric) => [metric.descriptor.name, metric]));
  }
}

/** Returns the series of a metric: its values by the named attributes, joined with a blank. */
export function seriesOf(metric: MetricData | undefined, ...attributes: string[]): Record<string, unknown> {
  if (!metric) return {};
  const nameOf = (point: { attributes: Record<string, unknown> }) =>
    attributes.map((name) => String(point.attributes[name])).join(' ');
  return Object.fromEntries(metric.dataPoints.map((point) => [nameOf(point), point.value]));
}
