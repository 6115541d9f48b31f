// OpenTelemetry with heapray in it, the same for all services. Where metrics go, and under which name, is in the environment:
// OTEL_SERVICE_NAME, OTEL_METRICS_EXPORTER, HEAPRAY_DEBUG_ADDR.
import { HeaprayInstrumentation } from '@heapray/instrumentation';
import { NodeSDK } from '@opentelemetry/sdk-node';

const heapray = new HeaprayInstrumentation();
const sdk = new NodeSDK({ instrumentations: [heapray], spanProcessors: [], logRecordProcessors: [] });
sdk.start();

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await heapray.shutdown();
    await sdk.shutdown();
    process.exit(0);
  });
}
