// Spins on a big heap and notes every moment in which the main thread stood still.
import { answer, programOptions } from './answer.mjs';
import { liveHeap } from './live-heap.mjs';
import { clockMillis, witnessPolls } from './poll-witness.mjs';
import { startProfiling } from './profiling.mjs';

/** Shorter gaps between two looks at the clock are the loop itself. */
const GAP_MILLIS = 0.03;
const MAX_GAPS = 1_000_000;
/** Now and then the event loop must come round, or heapray's own timers and messages would starve. */
const SPIN_MILLIS = 500;
const SETTLE_MILLIS = 4_000;

const { mode, megabytes, seconds, options } = programOptions();
const polls = witnessPolls();
globalThis.profiling = await startProfiling(mode, options);
globalThis.held = liveHeap(megabytes);
await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLIS));

/** Per gap: its begin and end, and how much CPU time this thread used in it. */
const GAP_WORDS = 3;
const gaps = new Float64Array(GAP_WORDS * MAX_GAPS);
let gapCount = 0;
let cpuBefore = 0;
let gapEndBefore = 0;
// The clock of the loop is the cheap one; this is what leads from it to the common one.
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

/** Allocates nothing as long as nothing happens, so that it causes no collection itself. */
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

/** Between two gaps the loop had the processor for itself, so the rest of the CPU time was used in the gap. */
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
