// A program whose largest call sites keep changing, scraped through the Prometheus exporter. Answers with the number of series,
// and with the CPU time and garbage of a scrape on the main thread, without the HTTP server.
import { setTimeout as sleep } from 'node:timers/promises';
import vm from 'node:vm';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics';
import { quantile } from '../lib/statistics.mjs';
import { answer, programOptions } from './answer.mjs';

const { mode, hasView, churnMillis, batches } = programOptions();
const FUNCTIONS = 400;
const PACKAGES = 40;
/** Number of functions that allocate at a time; the next ones take over after a step. */
const ACTIVE = 20;
const STEP_MILLIS = 20;
/** Number of steps after which the set of active functions has changed completely. */
const STEPS_PER_SET = 100;
const SCRAPE_EVERY_MILLIS = 500;
/** Number of scrapes that are measured together: the system keeps the CPU time of a thread only by its switches. */
const BATCH = 10;

const exporter = new PrometheusExporter({ preventServerStart: true });
const views = hasView
  ? [{ instrumentName: 'heapray.memory.allocated', aggregation: { type: AggregationType.DEFAULT } }]
  : [];
const meterProvider = new MeterProvider({ readers: [exporter], views });
if (mode === 'heapray') {
  const { HeaprayInstrumentation } = await import('@heapray/instrumentation');
  globalThis.heapray = new HeaprayInstrumentation({ home: '/nonexistent' });
  globalThis.heapray.setMeterProvider(meterProvider);
}

const functions = Array.from({ length: FUNCTIONS }, (_, i) => {
  const file = `/srv/shop/node_modules/package-${i % PACKAGES}/index.js`;
  return vm.runInThisContext(
    `${'\n'.repeat(i)}(function allocate${i}(count) { return Array.from({ length: count }, (_, at) => ({ at, of: ${i} })); })`,
    { filename: file },
  );
});
const kept = new Map();
let mostSeries = 0;
const end = performance.now() + churnMillis;
let nextScrape = performance.now();
for (let step = 0; performance.now() < end; step++) {
  churn(step);
  await sleep(STEP_MILLIS);
  if (performance.now() < nextScrape) continue;
  nextScrape = performance.now() + SCRAPE_EVERY_MILLIS;
  mostSeries = Math.max(mostSeries, seriesOf(await scrape()).length);
}

const [cpu, garbage] = [[], []];
let page = '';
for (let batch = 0; batch < batches; batch++) {
  const before = await threadMicros();
  for (let at = 0; at < BATCH; at++) page = await scrape();
  cpu.push(((await threadMicros()) - before) / 1000 / BATCH);
  const heapBefore = process.memoryUsage().heapUsed;
  page = await scrape();
  const more = process.memoryUsage().heapUsed - heapBefore;
  // Less after a garbage collection.
  if (more > 0) garbage.push(more / 1024);
}
const series = seriesOf(page);
answer({
  series: series.length,
  mostSeries,
  zeroShare: series.filter((line) => line.endsWith(' 0')).length / Math.max(1, series.length),
  cpuMillis: quantile(cpu, 0.5),
  garbageKib: quantile(garbage, 0.5),
});

/** Lets the active functions keep objects for some steps; the later ones keep more. */
function churn(step) {
  const first = Math.floor((step / STEPS_PER_SET) * ACTIVE);
  for (let at = 0; at < ACTIVE; at++) {
    const index = (first + at) % FUNCTIONS;
    const list = kept.get(index) ?? [];
    list.push(functions[index](50 * (1 + at)));
    if (list.length > 100) list.shift();
    kept.set(index, list);
  }
  for (const index of kept.keys()) {
    if ((index - first + FUNCTIONS) % FUNCTIONS >= 3 * ACTIVE) kept.delete(index);
  }
}

/** Returns the page as the exporter's own server answers with it. */
function scrape() {
  return new Promise((resolve) => {
    exporter.getMetricsRequestHandler({}, { setHeader() {}, end: resolve });
  });
}

function seriesOf(text) {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

/** Returns the CPU time of the main thread, in microseconds; waits first, so that all of it is counted. */
async function threadMicros() {
  await sleep(5);
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
