// A service under steady traffic: an API on loopback (allocators/http.mjs), and besides code that comes and goes. A
// rival takes the sampler when told. Looks once a second at what is exported and how much memory the process has.
import inspector from 'node:inspector';
import { ALLOCATORS } from '../allocators/index.mjs';
import { answer, programOptions } from './answer.mjs';
import { witnessPolls } from './poll-witness.mjs';
import { ownYoungGeneration } from './young-generation.mjs';

const TICK_MILLIS = 40;
const LOOK_MILLIS = 1_000;
const MIB = 2 ** 20;
/** As many functions as a service has that allocate much; so many of them work at a time. */
const FUNCTIONS = 300;
const ACTIVE = 30;
/** What one keeps, of what it allocates, and for how long. */
const KEPT_TICKS = 50;
/** So many calls make any function worth optimizing. */
const WARM_UP_CALLS = 3_000;
/** How often to look for a moment in which no poll is under way. */
const TRIES = 100;

const { profiled, seconds, rivalAt, options } = programOptions();
ownYoungGeneration();
// The compiler does not run 20 times faster: it would take hours of the service's time to have all code optimized, and
// what it keeps meanwhile grows for the service and for the profiler alike.
const functions = Array.from({ length: FUNCTIONS }, (_, i) => newFunction(i));
for (const work of functions) for (let call = 0; call < WARM_UP_CALLS; call++) work(20);
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
const serve = await ALLOCATORS.http.createRounds();
const kept = [];

const begin = performance.now();
const elapsed = () => (performance.now() - begin) / 1000;
const looks = [];
const rivals = profiled ? [...rivalAt] : [];
let ticks = 0;
let nextLook = LOOK_MILLIS / 1000;
while (elapsed() < seconds) {
  await serve();
  work();
  if (elapsed() >= rivals[0]) {
    rivals.shift();
    takeSampler();
  }
  if (elapsed() >= nextLook) {
    nextLook += LOOK_MILLIS / 1000;
    looks.push({ second: elapsed(), resident: process.memoryUsage.rss() / MIB, ...(await exported()) });
  }
  // Steady by the clock: a tick that took longer is made up for.
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, ticks * TICK_MILLIS - elapsed() * 1000)));
}
answer({ looks, ticks, suspects, ...(profiled && { account: await settledAccount() }) });

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

/**
 * What heapray says of its polls, next to those that were asked and answered, of a moment in which none is under way:
 * the same before and after heapray is asked.
 */
async function settledAccount() {
  for (let tries = 0; tries < TRIES; tries++) {
    const { asked, answered } = polls.counts();
    const { readings, lost } = await exported();
    const after = polls.counts();
    if (asked === answered && after.asked === asked) return { asked, answered, readings, lost };
    await new Promise((resolve) => setTimeout(resolve, 7));
  }
  throw new Error('a poll is always under way');
}

/** How many series each metric has, and heapray's account of its polls. */
async function exported() {
  const { resourceMetrics } = await reader.collect();
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  const points = (name) => metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
  const sum = (name) => points(name).reduce((total, { value }) => total + value, 0);
  const lost = points('heapray.profiler.lost_sampler');
  return {
    series: Object.fromEntries(
      metrics.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints.length]),
    ),
    readings: sum('heapray.profiler.polls'),
    lost: Object.fromEntries(lost.map(({ attributes, value }) => [attributes['heapray.reason'], value])),
    samples: sum('heapray.profiler.samples'),
    profilerMib: sum('heapray.profiler.memory') / MIB,
  };
}
