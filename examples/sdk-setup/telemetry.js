// Fifteen lines: heapray in the set-up of the OpenTelemetry SDK.
import { HeaprayInstrumentation } from '@heapray/instrumentation';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { NodeSDK } from '@opentelemetry/sdk-node';

const sdk = new NodeSDK({
  serviceName: 'sdk-setup',
  instrumentations: [new HeaprayInstrumentation({ debugAddress: '127.0.0.1:6464' })],
  metricReaders: [new PrometheusExporter({ host: '127.0.0.1', port: 9464 })],
  spanProcessors: [],
  logRecordProcessors: [],
});
sdk.start();
