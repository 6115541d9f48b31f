// Observes when heapray polls, without changing heapray: starts its profiler thread through
// witness-thread.mjs, which notes when every inspector request of that thread was sent and answered.
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';

/** Number of polls that are kept; all are counted. */
const MAX_POLLS = 20_000;
/** Number of counters: polls sent, and polls answered. */
export const COUNTERS = 2;
/** Numbers per poll: when it was sent, when it was answered, and how many samples the answer held. */
export const WORDS = 3;

/** Call it before heapray is loaded. Returns a function that reads the polls so far, in ms of `clockMillis`, with `counts()`. */
export function witnessPolls() {
  const shared = new SharedArrayBuffer((COUNTERS + WORDS * MAX_POLLS) * Float64Array.BYTES_PER_ELEMENT);
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(file, options) {
      const witness = { shared, entry: file.href };
      super(new URL('./witness-thread.mjs', import.meta.url), {
        ...options,
        workerData: { ...options.workerData, witness },
      });
    }
  };
  syncBuiltinESMExports();
  const values = new Float64Array(shared);
  const polls = () =>
    Array.from({ length: Math.min(values[1], MAX_POLLS) }, (_, i) => {
      const [sent, answered, samples] = values.subarray(COUNTERS + i * WORDS, COUNTERS + (i + 1) * WORDS);
      return { sent, answered, samples };
    });
  polls.counts = () => ({ asked: values[0], answered: values[1] });
  return polls;
}

/** Returns ms on a clock that all threads of the process share: `performance.now()` has another origin in each. */
export function clockMillis() {
  return Number(process.hrtime.bigint()) / 1e6;
}
