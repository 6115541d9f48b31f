// Sees when heapray polls, without changing heapray: its profiler thread is started through
// witness-thread.mjs, which notes when every inspector request of that thread was sent and answered.
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';

const MAX_POLLS = 20_000;
/** Per poll: when it was sent, when it was answered, and how many samples the answer held. */
export const WORDS = 3;

/** To be called before heapray is loaded. Returns what reads the polls seen so far, in ms of `clockMillis`. */
export function witnessPolls() {
  const shared = new SharedArrayBuffer((1 + WORDS * MAX_POLLS) * Float64Array.BYTES_PER_ELEMENT);
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
  return () =>
    Array.from({ length: Math.min(values[0], MAX_POLLS) }, (_, i) => {
      const [sent, answered, samples] = values.subarray(1 + i * WORDS, 1 + (i + 1) * WORDS);
      return { sent, answered, samples };
    });
}

/** One clock for all threads of the process, ms: `performance.now()` begins anew in each. */
export function clockMillis() {
  return Number(process.hrtime.bigint()) / 1e6;
}
