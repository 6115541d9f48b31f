// A service under steady traffic: an API on loopback (allocators/http.mjs), and functions that become active and inactive. A
// rival takes the sampler when told. Reports once a second what is exported and how much memory the process has.
import inspector from 'node:inspector';
import { ALLOCATORS } from '../allocators/index.mjs';
import { answer, programOptions } from './answer.mjs';
import { witnessPolls } from './poll-witness.mjs';
import { ownYoungGeneration } from './young-generation.mjs';

const TICK_MILLIS = 40;
const LOOK_MILLIS = 1_000;
const MIB = 2 ** 20;
/** Number of functions that allocate much, as in a service; a part of them works at a time. */
const FUNCTIONS = 300;
const ACTIVE = 30;
/** Number of ticks for which the result of a function is kept. */
const KEPT_TICKS = 50;
/** Number of calls after which any function is worth optimizing. */
const WARM_UP_CALLS = 3_000;
/** Number of attempts to find a moment without a pending poll. */
const TRIES = 100;

const { profiled, seconds, rivalAt, options } = programOptions();
ownYoungGeneration();
// Warm up, because the compiler does not run 20 times faster: it would take hours of the service's time to optimize all
// code, and the memory of compiled code would grow meanwhile, of the service and the profiler alike.
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
  const onLeakSuspect = ({ message }) => suspects.push(message);
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
  // Steady pace: a tick that took longer is made up for.
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, ticks * TICK_MILLIS - elapsed() * 1000)));
}
answer({ looks, ticks, suspects, ...(profiled && { account: await settledAccount() }) });

/** Runs the active functions, which change slowly and repeat. */
function work() {
  const first = Math.floor(ticks++ / 3) % FUNCTIONS;
  for (let i = 0; i < ACTIVE; i++) kept.push(functions[(first + i) % FUNCTIONS](20));
  if (kept.length > ACTIVE * KEPT_TICKS) kept.splice(0, ACTIVE);
}

/** Makes a separate function for each number, in a file that exists only as a name. */
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

/** Stops the sampler, as another profiler does when it ends. */
function takeSampler() {
  const session = new inspector.Session();
  session.connect();
  session.post('HeapProfiler.stopSampling');
  session.disconnect();
}

/**
 * Returns heapray's count of its polls, and the numbers of polls that were sent and answered, at a moment without a
 * pending poll: these are the same before and after heapray is asked.
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

/** Returns how many series each metric has, and heapray's counts of its polls. */
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
