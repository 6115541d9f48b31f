// A service whose readers have heapray's metric producer, each its own: a scraped page of two call sites, and a
// periodic export by package. A second port controls it: /next frees its largest site and makes two larger ones,
// /export exports and answers with the exported metrics.
import { createServer } from 'node:http';
import { HeaprayInstrumentation, heaprayMetricProducer } from '@heapray/instrumentation';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { rememberOrder } from 'order-cache';

const ARRAYS_PER_MIB = 32;
const scraped = new PrometheusExporter({
  host: '127.0.0.1',
  port: Number(process.env.METRICS_PORT),
  metricProducers: [heaprayMetricProducer({ maxCallSites: 2 })],
});
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const pushed = new PeriodicExportingMetricReader({
  exporter,
  exportIntervalMillis: 3_600_000,
  metricProducers: [heaprayMetricProducer({ groupBy: 'package' })],
});
const sdk = new NodeSDK({
  metricReaders: [scraped, pushed],
  instrumentations: [new HeaprayInstrumentation()],
});
sdk.start();
process.once('SIGTERM', () => sdk.shutdown().then(() => process.exit(0)));

const kept = { first: [], second: [], third: [], fourth: [], fifth: [] };
/** Called too rarely to be optimised: an optimised function replaces its callees in a profile. */
function holdFirst() {
  kept.first.push(new Array(4096).fill(1));
}
function holdSecond() {
  kept.second.push(new Array(4096).fill(2));
}
function holdThird() {
  kept.third.push(new Array(4096).fill(3));
}
function holdFourth() {
  kept.fourth.push(new Array(4096).fill(4));
}
function holdFifth() {
  kept.fifth.push(new Array(4096).fill(5));
}
const hold = (mib, one) => {
  for (let i = 0; i < mib * ARRAYS_PER_MIB; i++) one();
};
hold(16, holdFirst);
hold(8, holdSecond);
hold(2, holdThird);
for (let order = 0; order < 8; order++) rememberOrder(order);

createServer(async ({ url }, response) => {
  if (url === '/next') {
    kept.first = [];
    hold(40, holdFourth);
    hold(32, holdFifth);
    globalThis.gc();
  } else {
    exporter.reset();
    await pushed.forceFlush();
  }
  response.end(JSON.stringify(exporter.getMetrics().at(-1)?.scopeMetrics ?? []));
}).listen(Number(process.env.CONTROL_PORT), '127.0.0.1', () => console.log('ready'));
