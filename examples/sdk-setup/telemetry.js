// Fifteen lines: heapray beside whatever else the SDK is set up with.
import { HeaprayInstrumentation } from '@heapray/instrumentation';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { NodeSDK } from '@opentelemetry/sdk-node';

const sdk = new NodeSDK({
  serviceName: 'sdk-setup',
  instrumentations: [new HeaprayInstrumentation({ debugServer: '127.0.0.1:6464' })],
  metricReaders: [new PrometheusExporter({ host: '127.0.0.1', port: 9464 })],
  spanProcessors: [],
  logRecordProcessors: [],
});
sdk.start();
