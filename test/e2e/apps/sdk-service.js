// The leaky service with OpenTelemetry, set up as users do: `node-sdk`, or `register-instrumentations`.
import { HeaprayInstrumentation } from '@heapray/instrumentation';
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';

const port = Number(process.env.METRICS_PORT);
const exporter = new PrometheusExporter({ host: '127.0.0.1', port });
const heapray = new HeaprayInstrumentation();

const SETUPS = {
  async 'node-sdk'() {
    const { NodeSDK } = await import('@opentelemetry/sdk-node');
    const sdk = new NodeSDK({ metricReaders: [exporter], instrumentations: [heapray] });
    sdk.start();
    process.once('SIGTERM', () => sdk.shutdown().then(() => process.exit(0)));
  },
  async 'register-instrumentations'() {
    const { registerInstrumentations } = await import('@opentelemetry/instrumentation');
    const { MeterProvider } = await import('@opentelemetry/sdk-metrics');
    const meterProvider = new MeterProvider({ readers: [exporter] });
    metrics.setGlobalMeterProvider(meterProvider);
    const unregister = registerInstrumentations({ meterProvider, instrumentations: [heapray] });
    process.once('SIGTERM', () => {
      unregister();
      meterProvider.shutdown().then(() => process.exit(0));
    });
  },
};

await SETUPS[process.argv[2]]();
await import('./leaky-service.js');
