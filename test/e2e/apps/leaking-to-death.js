// Leaks until it dies of out of memory: in one synchronous loop (`sync`), from SIGUSR2 on; in turns of the event loop
// (`turns`); or in a worker thread (`worker`), whose end it survives.
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const [how, megabytesPerSecond] = isMainThread ? process.argv.slice(2) : workerData;
const kept = [];

export function keepForever() {
  const numbers = new Array(1024);
  for (let i = 0; i < numbers.length; i++) numbers[i] = i + 0.5;
  kept.push(numbers);
}

function leakSome() {
  for (let i = 0; i < 64; i++) keepForever();
}

/** Allocates what the rate allows, and never returns to the event loop. */
function leak() {
  const started = performance.now();
  for (let leaked = 0; ; ) {
    const due = ((performance.now() - started) / 1000) * Number(megabytesPerSecond) * 2 ** 20;
    for (; leaked < due; leaked += 8 * 1024) keepForever();
  }
}

if (how === 'sync' && isMainThread) {
  const timer = setInterval(() => {}, 1000);
  process.once('SIGUSR2', () => {
    clearInterval(timer);
    leak();
  });
  process.stdout.write('ready\n');
} else if (!isMainThread) setInterval(leakSome, 5);
else if (how === 'worker') {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: ['turns', megabytesPerSecond],
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  });
  worker.on('error', ({ code }) => process.stdout.write(`worker: ${code}\n`));
} else {
  await profile();
  // Slow enough that the event loop turns between the first warning and the end.
  setInterval(leakSome, 25);
}

async function profile() {
  const { HeaprayInstrumentation } = await import('@heapray/instrumentation');
  const log = (level, text) => process.stdout.write(`${level}: ${text}\n`);
  const onNearLimit = ({ kind, message, profile }) => {
    process.stdout.write(`near ${kind}: ${message}; ${profile}\n`);
    throw new Error('a hook that fails');
  };
  new HeaprayInstrumentation({ component: 'shop', captureOn: ['limit'], log, onNearLimit });
}
