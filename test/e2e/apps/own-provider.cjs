// A service with a MeterProvider of its own. In CommonJS, because `require` does not return to the event loop: "at once" is
// before any timer, however long loading takes.
//
//   at-once          registers it at once
//   late             opens its endpoint at once, and registers the provider at SIGUSR2
//   late-exporter    does both at SIGUSR2
//   late-server      opens a server that is not an endpoint, at SIGUSR2
//   no-reader        registers a provider without readers, as set-ups for traces only may
//   replaced         registers one at once, and replaces it at SIGUSR2
const { createServer } = require('node:http');
const { metrics } = require('@opentelemetry/api');
const { PrometheusExporter } = require('@opentelemetry/exporter-prometheus');
const { MeterProvider } = require('@opentelemetry/sdk-metrics');

const [, , when, host = '127.0.0.1'] = process.argv;

function openExporter(port = process.env.METRICS_PORT) {
  const listening = (error) => console.log(error ? `cannot listen: ${error.code}` : 'exporter listens');
  return new PrometheusExporter({ host, port: Number(port) }, listening);
}

function registerProvider(exporter) {
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));
  console.log('provider registered');
}

function openServer() {
  const server = createServer((_, response) => response.end('orders'));
  server.on('error', ({ code }) => console.log(`cannot listen: ${code}`));
  server.listen(Number(process.env.METRICS_PORT), host, () => console.log('server listens'));
}

const STARTS = {
  'at-once': () => registerProvider(openExporter()),
  late() {
    const exporter = openExporter();
    setTimeout(() => console.log('1.5 s later'), 1500);
    process.once('SIGUSR2', () => registerProvider(exporter));
  },
  'late-exporter': () => process.once('SIGUSR2', () => registerProvider(openExporter())),
  'late-server': () => process.once('SIGUSR2', openServer),
  'no-reader': () => metrics.setGlobalMeterProvider(new MeterProvider()),
  replaced() {
    registerProvider(openExporter());
    process.once('SIGUSR2', () => {
      metrics.disable();
      registerProvider(openExporter(process.env.SECOND_PORT));
    });
  },
};

STARTS[when]();
void import('./leaky-service.js');
