// OpenTelemetry with heapray in it: metrics for Prometheus, profiles for pprof, captures for memray.
import { defineComponents, HeaprayInstrumentation } from '@heapray/instrumentation';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { log } from './log.js';

const say =
  (level) =>
  (...parts) =>
    log(level, 'telemetry', { text: parts.join(' ') });
diag.setLogger(
  { error: say('error'), warn: say('warn'), info: say('info'), debug: say('debug'), verbose: say('debug') },
  DiagLogLevel.INFO,
);

// Declare components before the profiler starts: it samples more finely if one of them is traced.
defineComponents(['api', 'scheduler', 'dag_processor']);

const heapray = new HeaprayInstrumentation({
  component: 'leaky-service',
  debugAddress: process.env.HEAPRAY_DEBUG_ADDR ?? '127.0.0.1:6464',
});

const metricsPort = Number(process.env.OTEL_EXPORTER_PROMETHEUS_PORT || 9464);
const sdk = new NodeSDK({
  serviceName: 'leaky-service',
  instrumentations: [heapray],
  metricReaders: [new PrometheusExporter({ host: '127.0.0.1', port: metricsPort })],
  // Metrics only, with the service's name as the only resource attribute.
  autoDetectResources: false,
  spanProcessors: [],
  logRecordProcessors: [],
});
sdk.start();

/** Returns the addresses of metrics and profiles; that of profiles once their server listens. */
export function telemetryAddresses() {
  const { debugAddress } = heapray;
  return {
    metrics: `http://127.0.0.1:${metricsPort}/metrics`,
    profiles: debugAddress && `http://${debugAddress}/debug/pprof/`,
  };
}

/** Finishes captures and exports. Stops heapray first, because the SDK does not stop its instrumentations. */
export async function closeTelemetry() {
  await heapray.shutdown();
  await sdk.shutdown();
}
