// The OpenTelemetry SDK with heapray in it. OTEL_METRICS_EXPORTER says where metrics go: `prometheus` or `otlp`.
import { HeaprayInstrumentation } from '@heapray/instrumentation';
import { NodeSDK } from '@opentelemetry/sdk-node';

process.env.OTEL_METRICS_EXPORTER ??= 'prometheus';
process.env.HEAPRAY_DEBUG_ADDR ??= '127.0.0.1:6464';

export const heapray = new HeaprayInstrumentation();
new NodeSDK({
  serviceName: 'fastify-shop',
  instrumentations: [heapray],
  spanProcessors: [],
  logRecordProcessors: [],
}).start();
