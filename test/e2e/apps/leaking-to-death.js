// Leaks until it dies of out of memory, in one synchronous loop (`sync`), in turns of the event loop (`turns`), or in a worker
// thread (`worker`), whose end it survives.
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const [how = 'sync', megabytesPerSecond = '200'] = isMainThread ? process.argv.slice(2) : workerData;
const kept = [];
const started = performance.now();
let leaked = 0;

export function keepForever() {
  const numbers = Array.from({ length: 8192 }, (_, i) => i + 0.5);
  kept.push(numbers);
  leaked += 8 * numbers.length;
}

/** Allocates what the rate allows by now. */
function step() {
  const due = ((performance.now() - started) / 1000) * Number(megabytesPerSecond) * 2 ** 20;
  while (leaked < due) keepForever();
}

if (how === 'worker') {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: ['sync', megabytesPerSecond],
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  });
  worker.on('error', ({ code }) => process.stdout.write(`worker: ${code}\n`));
} else if (how === 'turns') {
  if (process.env.WITH_HOOK) await hook();
  setInterval(step, 1);
} else for (;;) step();

async function hook() {
  const { HeaprayInstrumentation } = await import('@heapray/instrumentation');
  const log = (level, text) => process.stdout.write(`${level}: ${text}\n`);
  const onNearLimit = ({ kind, message, profile }) => {
    process.stdout.write(`near ${kind}: ${message}; ${profile}\n`);
    throw new Error('a hook that fails');
  };
  new HeaprayInstrumentation({ component: 'shop', captureOn: ['limit'], log, onNearLimit });
}
