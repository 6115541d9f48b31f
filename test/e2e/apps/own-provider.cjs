// A service with a MeterProvider of its own, which it registers at once or after it has run for a while. In CommonJS,
// because `require` comes back to no event loop: "at once" is before any timer, however long loading takes.
const { metrics } = require('@opentelemetry/api');
const { PrometheusExporter } = require('@opentelemetry/exporter-prometheus');
const { MeterProvider } = require('@opentelemetry/sdk-metrics');

const exporter = new PrometheusExporter({ host: '127.0.0.1', port: Number(process.env.METRICS_PORT) });

function setUp() {
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));
  console.log('provider registered');
}

if (process.argv[2] === 'late') process.once('SIGUSR2', setUp);
else setUp();
void import('./leaky-service.js');
