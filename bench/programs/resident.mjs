// A service under a steady light load that measures its own resident memory once a second.
import fs from 'node:fs';
import { createWorkload } from '../workloads/json.mjs';
import { answer, programOptions } from './answer.mjs';
import { liveHeap } from './live-heap.mjs';
import { startProfiling } from './profiling.mjs';
import { ownYoungGeneration } from './young-generation.mjs';

const TICK_MILLIS = 40;
const SAMPLE_MILLIS = 1_000;
const MIB = 2 ** 20;

const { mode, megabytes, seconds, options } = programOptions();
ownYoungGeneration();
globalThis.profiling = await startProfiling(mode, options);
globalThis.held = liveHeap(megabytes);
const chunk = createWorkload();

const begin = performance.now();
const samples = [];
let next = begin;
while (performance.now() - begin < seconds * 1000) {
  chunk();
  if (performance.now() >= next) {
    next += SAMPLE_MILLIS;
    samples.push({ second: (performance.now() - begin) / 1000, ...residentMemory() });
  }
  await new Promise((resolve) => setTimeout(resolve, TICK_MILLIS));
}
answer(samples);

/** Returns MiB; the anonymous part, which is shared with no other process, only where the system reports it. */
function residentMemory() {
  const resident = process.memoryUsage.rss() / MIB;
  try {
    const [, kib] = fs.readFileSync('/proc/self/smaps_rollup', 'latin1').match(/^Anonymous:\s+(\d+)/m);
    return { resident, anonymous: Number(kib) / 1024 };
  } catch {
    return { resident };
  }
}
