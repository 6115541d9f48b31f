import { DiagLogLevel, diag } from '@opentelemetry/api';
import {
  defaultResource,
  detectResources,
  type Resource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { MetricsPage, type PageSource } from './metrics-page.js';
import type { OtlpPush } from './otlp-push.js';

export interface WatchMetricsOptions {
  /** URL to send metrics to, true for that of the environment variables; undefined to send none. */
  readonly otlp: URL | true | undefined;
  /** Writes a message for the user. */
  readonly note: (text: string) => void;
  /** See {@link OtlpPushOptions}. */
  readonly lastTimeoutMillis?: number | undefined;
}

/** Ways in which metrics leave `heapray watch`. */
export interface WatchMetrics {
  readonly page: MetricsPage;
  readonly push: OtlpPush | undefined;
}

/** Maximum number of different warnings of the SDK that are reported. */
const MAX_WARNINGS = 100;

/**
 * Sets up the SDK for the metrics of captures.
 *
 * @throws CommandError (rejects) when an environment variable for OTLP is not valid
 */
export async function startWatchMetrics(
  source: PageSource,
  { otlp, note, lastTimeoutMillis }: WatchMetricsOptions,
): Promise<WatchMetrics> {
  reportWarnings(note);
  const page = new MetricsPage(source);
  if (otlp === undefined) {
    new MeterProvider({ resource: watchResource(), readers: [page] });
    return { page, push: undefined };
  }
  // Loaded on demand: with its dependencies it takes 2 MiB.
  const { OtlpPush } = await import('./otlp-push.js');
  const push = await OtlpPush.create(source, {
    url: otlp === true ? undefined : otlp,
    note,
    lastTimeoutMillis,
  });
  new MeterProvider({ resource: watchResource(), readers: [page, push.reader] });
  return { page, push };
}

/** Returns the resource: that of the environment variables, and `service.name` `heapray-watch` by default. */
function watchResource(): Resource {
  const detectors = [resourceAttributesEnvDetector, serviceNameEnvDetector];
  return defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'heapray-watch' }))
    .merge(detectResources({ detectors }));
}

/** Reports the SDK's warnings, for example about environment variables, once each. */
function reportWarnings(note: (text: string) => void): void {
  const reported = new Set<string>();
  const warn = (message: string, ...details: readonly unknown[]) => {
    const text = [message, ...details.map(String)].join(' ');
    if (reported.has(text) || reported.size >= MAX_WARNINGS) return;
    reported.add(text);
    note(`OpenTelemetry: ${text}`);
  };
  const ignore = () => {};
  diag.setLogger(
    { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
