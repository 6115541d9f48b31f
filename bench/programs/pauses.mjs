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

const gaps = new Float64Array(2 * MAX_GAPS);
let gapCount = 0;
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
  gaps: Array.from({ length: gapCount }, (_, i) => [gaps[2 * i] - begin, gaps[2 * i + 1] - begin]),
  heapMegabytes: process.memoryUsage().heapUsed / 2 ** 20,
});

/** Allocates nothing, so that no collection interrupts it. */
function spin(until) {
  let last = performance.now();
  while (last < until) {
    const now = performance.now();
    if (now - last > GAP_MILLIS && gapCount < MAX_GAPS) {
      gaps[2 * gapCount] = last;
      gaps[2 * gapCount + 1] = now;
      gapCount++;
    }
    last = now;
  }
}
