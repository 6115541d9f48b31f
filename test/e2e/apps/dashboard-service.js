// A service for the dashboards: it leaks through a dependency, has Buffers, a traced component, OpenTelemetry's runtime metrics
// and a version. A minute of an ordinary service is a second here.
import { defineComponents, HeaprayInstrumentation, profileComponent } from '@heapray/instrumentation';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { priceOf } from 'price-cache';
import { newStore } from './stores.js';

const REQUEST_MILLIS = 200;
const COLLECTION_MILLIS = 450;

defineComponents(['scheduler']);
const scraped = new PrometheusExporter({ host: '127.0.0.1', port: Number(process.env.METRICS_PORT) });
const pushed = new PeriodicExportingMetricReader({
  exporter: new OTLPMetricExporter(),
  exportIntervalMillis: 1000,
  exportTimeoutMillis: 1000,
});
new NodeSDK({
  resource: resourceFromAttributes({
    'service.name': 'shop',
    'service.version': '1.4.0',
    'service.instance.id': process.env.INSTANCE,
  }),
  metricReaders: [scraped, pushed],
  instrumentations: [new HeaprayInstrumentation(), new RuntimeNodeInstrumentation()],
  autoDetectResources: false,
  spanProcessors: [],
  logRecordProcessors: [],
}).start();

const started = performance.now();
const sessions = newStore('sessions');
const buffers = [];
let requests = 0;

/** Called too rarely to be optimised: an optimised function replaces its callees in a profile. */
function serve() {
  priceOf(requests++);
  sessions((performance.now() - started) / 1000);
  buffers.push(Buffer.alloc(65_536, 1));
}

const runScheduler = profileComponent('scheduler', () => {
  setInterval(serve, REQUEST_MILLIS);
  return new Promise((resolve) => process.once('SIGTERM', resolve));
});
setInterval(globalThis.gc, COLLECTION_MILLIS);
void runScheduler().then(() => process.exit());
console.log('ready');
