// A service with a MeterProvider of its own, which it registers at once or after it has run for a while.
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

const exporter = new PrometheusExporter({ host: '127.0.0.1', port: Number(process.env.METRICS_PORT) });

function setUp() {
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));
  console.log('provider registered');
}

if (process.argv[2] === 'late') process.once('SIGUSR2', setUp);
else setUp();
await import('./leaky-service.js');
