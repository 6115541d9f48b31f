// Does an exact amount of work and counts the garbage collections.
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { createWorkload } from '../workloads/lru.mjs';
import { answer, programOptions } from './answer.mjs';
import { liveHeap } from './live-heap.mjs';
import { clockMillis, witnessPolls } from './poll-witness.mjs';
import { startProfiling } from './profiling.mjs';

const CHUNK_PAUSE_MILLIS = 4;

const { mode, megabytes, chunks, options } = programOptions();
const polls = witnessPolls();
globalThis.profiling = await startProfiling(mode, options);
globalThis.held = liveHeap(megabytes);
await new Promise((resolve) => setTimeout(resolve, 1_000));

const majors = [];
let minors = 0;
const offset = clockMillis() - performance.now();
const observer = new PerformanceObserver((list) => {
  for (const { detail, startTime, duration } of list.getEntries()) {
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) majors.push([startTime + offset, duration]);
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) minors++;
  }
});
observer.observe({ entryTypes: ['gc'] });
const pollsBefore = polls().length;
const chunk = createWorkload();
for (let done = 0; done < chunks; done++) {
  chunk();
  await new Promise((resolve) => setTimeout(resolve, CHUNK_PAUSE_MILLIS));
}
// Wait, because the entries of the last collections are delivered later.
await new Promise((resolve) => setTimeout(resolve, 100));

const during = polls().slice(pollsBefore);
const inPoll = majors.filter(([at, duration]) =>
  during.some(({ sent, answered }) => at >= sent - 0.1 && at + duration <= answered + 0.1),
);
answer({ majors: majors.length, minors, inPoll: inPoll.length, polls: during.length });
