import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MetricReader } from '@opentelemetry/sdk-metrics';
import { CaptureMetrics, type CaptureSource } from './capture-metrics.js';

export interface PageSource extends CaptureSource {
  /** Number of polls that have ended. The page is the same until the next one. */
  readonly polls: number;
}

/** Makes the page `/metrics`, for heapray's own HTTP server. */
export class MetricsPage extends MetricReader {
  readonly #source: PageSource;
  // Without labels for the scope: heapray is the only one.
  readonly #serializer: PrometheusSerializer = new PrometheusSerializer(
    undefined,
    false,
    undefined,
    false,
    true,
  );
  #page: { readonly polls: number; readonly bytes: Promise<Uint8Array> } | undefined;

  constructor(source: PageSource) {
    super({ metricProducers: [new CaptureMetrics(source)] });
    this.#source = source;
  }

  /** Returns the metrics in Prometheus' text format. */
  bytes(): Promise<Uint8Array> {
    const { polls } = this.#source;
    if (this.#page?.polls !== polls) this.#page = { polls, bytes: this.#serialize() };
    return this.#page.bytes;
  }

  async #serialize(): Promise<Uint8Array> {
    const { resourceMetrics } = await this.collect();
    return Buffer.from(this.#serializer.serialize(resourceMetrics));
  }

  protected override async onForceFlush(): Promise<void> {}

  protected override async onShutdown(): Promise<void> {}
}
