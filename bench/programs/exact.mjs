// Runs a fixed number of turns of a workload as an event loop does, and returns their wall-clock time: plain, with V8's own
// ways to record every allocation, or preloaded with heapray in exact mode.
import { createRequire } from 'node:module';
import { setImmediate as turn } from 'node:timers/promises';
import v8 from 'node:v8';
import { WORKLOADS } from '../workloads/index.mjs';
import { answer, programOptions } from './answer.mjs';

const FLAGS = ['--no-turbo-inlining', '--no-maglev-inlining', '--no-turbo-allocation-folding'];

const { workload, arm, warmUpTurns, turns } = programOptions();
if (arm === 'flags' || arm === 'sampler' || arm === 'tracking') setFlags();
if (arm === 'sampler') await startSampler();
if (arm === 'tracking') await startTracking();
const chunk = WORKLOADS[workload]();
await work(warmUpTurns);
const start = performance.now();
await work(turns);
answer({ millis: performance.now() - start });

async function work(times) {
  for (let done = 0; done < times; done++) {
    chunk();
    await turn();
  }
}

/** Sets the flags that heapray sets. */
function setFlags() {
  for (const flag of FLAGS) v8.setFlagsFromString(flag);
  if (Number.parseInt(process.versions.v8, 10) >= 13) v8.setFlagsFromString('--maglev-allocation-folding=0');
}

/** Starts V8's sampler at an interval of one byte, without polls. */
async function startSampler() {
  if (v8.startHeapProfile) {
    globalThis.profile = v8.startHeapProfile({ sampleInterval: 1, stackDepth: 128 });
    return;
  }
  const { resolve } = createRequire(import.meta.resolve('@heapray/instrumentation'));
  const { heap } = await import(resolve('@datadog/pprof'));
  heap.start(1, 128);
}

async function startTracking() {
  const { Session } = await import('node:inspector');
  globalThis.session = new Session();
  globalThis.session.connect();
  globalThis.session.post('HeapProfiler.startTrackingHeapObjects', { trackAllocations: true });
}
