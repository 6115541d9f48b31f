import { setTimeout as delay } from 'node:timers/promises';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import {
  InstrumentType,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { CommandError } from '../../errors.js';
import { CaptureMetrics, type CaptureSource } from './capture-metrics.js';

export interface OtlpPushOptions {
  /** URL of the receiver, with or without `/v1/metrics`. Default: that of the environment variables. */
  readonly url: URL | undefined;
  /** Writes a message for the user. */
  readonly note: (text: string) => void;
  /** Timeout of the last export in ms. Default 3,000: after a few seconds, supervisors kill the process. */
  readonly lastTimeoutMillis?: number | undefined;
}

/** Makes an exporter. The timeout in ms is that of the environment variables by default. */
type ExporterFactory = (timeoutMillis?: number) => PushMetricExporter;

const INTERVAL_MILLIS = 60_000;
const TIMEOUT_MILLIS = 30_000;
const LAST_TIMEOUT_MILLIS = 3_000;

/**
 * Sends metrics by OTLP over HTTP at regular intervals, with an exporter of the SDK. A failure is reported once, until
 * an export succeeds: the next export makes up for it, because values are cumulative by default.
 */
export class OtlpPush {
  /** The reader for the SDK's MeterProvider. */
  readonly reader: PeriodicExportingMetricReader;
  readonly #options: OtlpPushOptions;
  readonly #makeExporter: ExporterFactory;
  #pending = 0;
  #failed = false;

  private constructor(source: CaptureSource, makeExporter: ExporterFactory, options: OtlpPushOptions) {
    this.#options = options;
    this.#makeExporter = makeExporter;
    const exporter = makeExporter();
    const temporality = exporter.selectAggregationTemporality?.(InstrumentType.OBSERVABLE_COUNTER);
    const { note } = options;
    const exportIntervalMillis = millisFromEnv('OTEL_METRIC_EXPORT_INTERVAL', INTERVAL_MILLIS, note);
    const timeoutMillis = millisFromEnv('OTEL_METRIC_EXPORT_TIMEOUT', TIMEOUT_MILLIS, note);
    this.reader = new PeriodicExportingMetricReader({
      exporter: this.#reporting(exporter),
      exportIntervalMillis,
      exportTimeoutMillis: Math.min(timeoutMillis, exportIntervalMillis),
      metricProducers: [new CaptureMetrics(source, temporality)],
    });
  }

  /** @throws CommandError (rejects) when the protocol in the environment variables is not supported */
  static async create(source: CaptureSource, options: OtlpPushOptions): Promise<OtlpPush> {
    return new OtlpPush(source, await exporterFactory(options.url), options);
  }

  /** True if an export has not ended. The SDK cannot abort it, and it keeps the process alive. */
  get isSending(): boolean {
    return this.#pending > 0;
  }

  /** Starts an export now, in addition to those at intervals. */
  send(): void {
    void this.reader.forceFlush();
  }

  /** Sends the last values, even if another export has not ended. Resolves after `lastTimeoutMillis` at the latest. */
  async close(): Promise<void> {
    const millis = this.#options.lastTimeoutMillis ?? LAST_TIMEOUT_MILLIS;
    const { resourceMetrics } = await this.reader.collect();
    const sent = this.#send(this.#makeExporter(millis), resourceMetrics).then(() => true);
    const isSent = await Promise.race([sent, delay(millis, false, { ref: false })]);
    if (!isSent) this.#report(`no answer within ${millis / 1000} s`);
  }

  /** Returns an exporter for the reader, to which every export succeeds. Failures are reported here instead. */
  #reporting(exporter: PushMetricExporter): PushMetricExporter {
    return {
      export: (metrics, done) => {
        void this.#send(exporter, metrics).then(() => done({ code: ExportResultCode.SUCCESS }));
      },
      forceFlush: () => exporter.forceFlush(),
      shutdown: () => exporter.shutdown(),
    };
  }

  async #send(exporter: PushMetricExporter, metrics: ResourceMetrics): Promise<void> {
    this.#pending += 1;
    const { code, error } = await new Promise<ExportResult>((resolve) => exporter.export(metrics, resolve));
    this.#pending -= 1;
    if (code === ExportResultCode.SUCCESS) this.#failed = false;
    else this.#report(failureText(error));
  }

  #report(reason: string): void {
    const { url, note } = this.#options;
    if (!this.#failed) note(`${url?.href ?? 'OTLP'}: metrics not sent: ${reason}`);
    this.#failed = true;
  }
}

/** Returns the message of a failed export. An answer of the receiver has its status as code. */
function failureText(error: (Error & { readonly code?: unknown }) | undefined): string {
  if (error === undefined) return 'unknown error';
  return typeof error.code === 'number' ? `status ${error.code}` : error.message;
}

/**
 * Loads the exporter of the protocol in `OTEL_EXPORTER_OTLP_METRICS_PROTOCOL` or `OTEL_EXPORTER_OTLP_PROTOCOL`.
 *
 * @throws CommandError (rejects) when it is not supported
 */
async function exporterFactory(url: URL | undefined): Promise<ExporterFactory> {
  const name = ['OTEL_EXPORTER_OTLP_METRICS_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'].find((each) =>
    textFromEnv(each),
  );
  const protocol = (name && textFromEnv(name)) ?? 'http/protobuf';
  const target = url && { url: metricsUrl(url) };
  switch (protocol) {
    case 'http/protobuf': {
      const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto');
      return (timeoutMillis) =>
        new OTLPMetricExporter({ ...target, ...(timeoutMillis && { timeoutMillis }) });
    }
    case 'http/json': {
      const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-http');
      return (timeoutMillis) =>
        new OTLPMetricExporter({ ...target, ...(timeoutMillis && { timeoutMillis }) });
    }
    default:
      throw new CommandError(`${name}: ${protocol} is not valid: expected http/protobuf or http/json`);
  }
}

/** Returns the endpoint by the rule of OpenTelemetry's exporters: the path of the signal is added. */
function metricsUrl(url: URL): string {
  const full = new URL(url);
  if (!full.pathname.endsWith('/v1/metrics'))
    full.pathname = `${full.pathname.replace(/\/$/, '')}/v1/metrics`;
  return full.href;
}

/** Returns a time in ms from an environment variable, and the default if it is missing or not valid. */
function millisFromEnv(name: string, byDefault: number, note: (text: string) => void): number {
  const text = textFromEnv(name);
  if (text === undefined) return byDefault;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  note(`${name}: ${text} is not valid: expected milliseconds from 1; using ${byDefault}`);
  return byDefault;
}

function textFromEnv(name: string): string | undefined {
  return process.env[name]?.trim() || undefined;
}
