// One service, two signals: metrics and profiles go to a Collector by OTLP, with one resource.
import { OtlpProfileExporter, PeriodicExportingProfileReader } from '@heapray/exporter/export';
import { HeaprayInstrumentation } from '@heapray/instrumentation';
import { NodeSDK } from '@opentelemetry/sdk-node';

process.env.OTEL_METRICS_EXPORTER ??= 'otlp';
const exportIntervalMillis = Number(process.env.OTEL_METRIC_EXPORT_INTERVAL ?? 60_000);
const reader = new PeriodicExportingProfileReader({
  exporter: new OtlpProfileExporter(),
  exportIntervalMillis,
});
const heapray = new HeaprayInstrumentation({ profileReaders: [reader] });
const rest = { spanProcessors: [], logRecordProcessors: [] };
new NodeSDK({ serviceName: 'cart-service', instrumentations: [heapray], ...rest }).start();

const carts = [];
setInterval(function addCart() {
  carts.push(Array.from({ length: 100 }, (_, item) => ({ item, cart: carts.length })));
}, 10);
