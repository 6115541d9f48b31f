// Spins on a big heap and notes every stall of the main thread.
import { answer, programOptions } from './answer.mjs';
import { liveHeap } from './live-heap.mjs';
import { clockMillis, witnessPolls } from './poll-witness.mjs';
import { startProfiling } from './profiling.mjs';

/** Smallest gap that counts; shorter gaps between two looks at the clock are the loop itself. */
const GAP_MILLIS = 0.03;
const MAX_GAPS = 1_000_000;
/** Time between two turns of the event loop; without turns, heapray's timers and messages would starve. */
const SPIN_MILLIS = 500;
const SETTLE_MILLIS = 4_000;

const { mode, megabytes, seconds, options } = programOptions();
const polls = witnessPolls();
globalThis.profiling = await startProfiling(mode, options);
globalThis.held = liveHeap(megabytes);
await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLIS));

/** Numbers per gap: its begin and end, and the CPU time that this thread used in it. */
const GAP_WORDS = 3;
const gaps = new Float64Array(GAP_WORDS * MAX_GAPS);
let gapCount = 0;
let cpuBefore = 0;
let gapEndBefore = 0;
// The loop reads `performance.now()`, which is cheap; this is its offset from the common clock.
const offset = clockMillis() - performance.now();
const begin = performance.now();
const end = begin + seconds * 1000;
const spins = [];
while (performance.now() < end) {
  const from = performance.now();
  spin(from + SPIN_MILLIS);
  spins.push([from, performance.now()]);
  await new Promise((resolve) => setTimeout(resolve, 1));
}
const toOffset = (clock) => clock - offset - begin;
const isSpun = ({ sent, answered }) =>
  spins.some(([from, to]) => sent - offset > from && answered - offset < to);
answer({
  polls: polls()
    .filter((poll) => isSpun(poll))
    .map(({ sent, answered, samples }) => ({ from: toOffset(sent), to: toOffset(answered), samples })),
  gaps: Array.from({ length: gapCount }, (_, i) => gapAt(i)),
  heapMegabytes: process.memoryUsage().heapUsed / 2 ** 20,
});

/** Spins until then. Allocates nothing except in a gap, so that it causes no collection itself. */
function spin(until) {
  let last = performance.now();
  cpuBefore = threadCpuMillis();
  gapEndBefore = last;
  while (last < until) {
    const now = performance.now();
    if (now - last > GAP_MILLIS && gapCount < MAX_GAPS) {
      noteGap(last, now);
      last = performance.now();
    } else last = now;
  }
}

/** Notes a gap. Between two gaps the loop used the processor all the time, so the rest of the CPU time belongs to the gap. */
function noteGap(start, end) {
  const cpu = threadCpuMillis();
  const inGap = cpu - cpuBefore - (start - gapEndBefore);
  gaps.set([start, end, Math.min(end - start, Math.max(0, inGap))], GAP_WORDS * gapCount);
  gapCount++;
  cpuBefore = cpu;
  gapEndBefore = end;
}

function gapAt(index) {
  const [start, end, cpu] = gaps.subarray(GAP_WORDS * index, GAP_WORDS * (index + 1));
  return [start - begin, end - begin, cpu];
}

function threadCpuMillis() {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
