// The leaky service in an SDK with the service name `shop`; argument `instance`: heapray is among its instrumentations.
import { HeaprayInstrumentation } from '@heapray/instrumentation';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { NodeSDK } from '@opentelemetry/sdk-node';

const sdk = new NodeSDK({
  serviceName: 'shop',
  metricReaders: [new PrometheusExporter({ host: '127.0.0.1', port: Number(process.env.METRICS_PORT) })],
  instrumentations: process.argv[2] === 'instance' ? [new HeaprayInstrumentation()] : [],
});
sdk.start();
process.once('SIGTERM', () => process.exit(0));
await import('./leaky-service.js');
