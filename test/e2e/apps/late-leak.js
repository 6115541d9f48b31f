// Many call sites hold memory first, as imports do; then one leaks. Each SIGUSR2 begins the next phase. With `sdk`, it runs in
// an OpenTelemetry SDK whose reader is set up as users do.
import vm from 'node:vm';

const PLACES = 45;
const PHASES = 3;

if (process.argv[2] === 'sdk') {
  const { HeaprayInstrumentation } = await import('@heapray/instrumentation');
  const { PrometheusExporter } = await import('@opentelemetry/exporter-prometheus');
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const reader = new PrometheusExporter({ host: '127.0.0.1', port: Number(process.env.METRICS_PORT) });
  new NodeSDK({ metricReaders: [reader], instrumentations: [new HeaprayInstrumentation()] }).start();
}

let held = [];
let phase = 0;
const place = (name) => {
  const code = `(function ${name}(length) { return new Array(length).fill(1); })`;
  return vm.runInThisContext(code, { filename: `/places/${name}.js` });
};
const leak = place('leak');

function next() {
  held = [];
  globalThis.gc();
  if (phase < PHASES) {
    for (let at = 0; at < PLACES; at++) {
      const allocate = place(`f${phase * PLACES + at}`);
      // Each phase holds three times as much as the one before, in arrays that are large enough to be sampled.
      for (let count = 0; count < 16 * 3 ** phase; count++) held.push(allocate(4096));
    }
  } else for (let count = 0; count < 2048; count++) held.push(leak(4096));
  phase++;
  globalThis.gc();
  console.log(`phase ${phase}`);
}

process.on('SIGUSR2', next);
next();
setInterval(() => {}, 60_000);
