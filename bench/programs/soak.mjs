// A service under a steady load of code that comes and goes, with a rival that takes the sampler now and then. Looks
// once a second at what it exports and how much memory it has.
import inspector from 'node:inspector';
import v8 from 'node:v8';
import { answer, programOptions } from './answer.mjs';
import { witnessPolls } from './poll-witness.mjs';

const TICK_MILLIS = 40;
const LOOK_MILLIS = 1_000;
const MIB = 2 ** 20;
/** As many functions as a service has that allocate much; so many of them work at a time. */
const FUNCTIONS = 300;
const ACTIVE = 30;
/** What one keeps, of what it allocates, and for how long. */
const KEPT_TICKS = 50;

const { profiled, seconds, rivalSeconds, options } = programOptions();
// The flags that this program is started with are for its main thread alone.
for (const flag of ['--min-semi-space-size=0', '--max-semi-space-size=0']) v8.setFlagsFromString(flag);
const polls = witnessPolls();
const { HeaprayInstrumentation } = await import('@heapray/instrumentation');
const { MeterProvider, MetricReader } = await import('@opentelemetry/sdk-metrics');

class Reader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

const reader = new Reader();
const suspects = [];
const meterProvider = new MeterProvider({ readers: [reader] });
if (profiled) {
  const onLeakSuspect = ({ verdict }) => suspects.push(verdict);
  globalThis.heapray = new HeaprayInstrumentation({ ...options, onLeakSuspect });
  globalThis.heapray.setMeterProvider(meterProvider);
}
const functions = Array.from({ length: FUNCTIONS }, (_, i) => newFunction(i));
const kept = [];

const begin = performance.now();
const elapsed = () => (performance.now() - begin) / 1000;
const looks = [];
let ticks = 0;
let nextLook = LOOK_MILLIS / 1000;
let nextRival = rivalSeconds;
while (elapsed() < seconds) {
  work();
  if (profiled && elapsed() >= nextRival) {
    nextRival += rivalSeconds;
    takeSampler();
  }
  if (elapsed() >= nextLook) {
    nextLook += LOOK_MILLIS / 1000;
    looks.push({ second: elapsed(), resident: process.memoryUsage.rss() / MIB, ...(await exported()) });
  }
  await new Promise((resolve) => setTimeout(resolve, TICK_MILLIS));
}
// In this order: a poll may end between the two, and must not seem to be missing.
const last = await exported();
const seen = polls().length;
answer({ looks, last, seen, suspects });

/** Which functions work changes slowly, and comes round again. */
function work() {
  const first = Math.floor(ticks++ / 3) % FUNCTIONS;
  for (let i = 0; i < ACTIVE; i++) kept.push(functions[(first + i) % FUNCTIONS](20));
  if (kept.length > ACTIVE * KEPT_TICKS) kept.splice(0, ACTIVE);
}

/** Every one is a function of its own, of a file that only exists as a name. */
function newFunction(number) {
  const body = `
    const rows = [];
    for (let i = 0; i < count; i++) rows.push({ id: i, name: 'row ' + i, tags: [i, ${number}], next: null });
    return rows;`;
  return new Function(
    'count',
    `return function work${number}(count) {${body}}\n//# sourceURL=/soak/part${number}.js`,
  )();
}

/** Somebody else stops the sampler, as another profiler does that ends. */
function takeSampler() {
  const session = new inspector.Session();
  session.connect();
  session.post('HeapProfiler.stopSampling');
  session.disconnect();
}

/** How many series there are, and heapray's account of its polls. */
async function exported() {
  const { resourceMetrics } = await reader.collect();
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  const points = (name) => metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
  const sum = (name) => points(name).reduce((total, { value }) => total + value, 0);
  const lost = points('heapray.profiler.lost_sampler');
  return {
    series: metrics.reduce((total, { dataPoints }) => total + dataPoints.length, 0),
    sites: points('heapray.memory.allocated').length,
    readings: sum('heapray.profiler.polls'),
    lost: Object.fromEntries(lost.map(({ attributes, value }) => [attributes['heapray.reason'], value])),
    samples: sum('heapray.profiler.samples'),
    profilerMib: sum('heapray.profiler.memory') / MIB,
  };
}
