// Starts ten worker threads a second, which end in every way there is, beside one that leaks. Prints how many ended when
// STARTS have, and lives on.
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const STARTS = 60;
const EVERY_MILLIS = 100;
const kept = [];

function leakBesides() {
  for (let i = 0; i < 400; i++) kept.push({ i, text: `leak ${i}` });
}

function work() {
  for (let i = 0; i < 2000; i++) kept.push({ i, text: `work ${i}` });
}

const WAYS = {
  returns: work,
  exits() {
    setTimeout(() => process.exit(3), 150).ref();
    work();
  },
  throws() {
    setTimeout(() => {
      throw new Error('thrown on purpose');
    }, 50);
    work();
  },
  terminated: () => setInterval(work, 10),
  loops() {
    for (;;) {
      work();
      kept.length = 0;
    }
  },
  'terminated at once': () => setInterval(work, 10),
  isolated: () => setTimeout(work, 300),
  limited: () => setTimeout(work, 300),
};

function start(way) {
  const options = {
    isolated: { env: {}, execArgv: [] },
    limited: { resourceLimits: { maxOldGenerationSizeMb: 32, stackSizeMb: 1 } },
  };
  const worker = new Worker(new URL(import.meta.url), { workerData: way, name: way, ...options[way] });
  worker.on('error', () => {});
  if (way === 'terminated at once') void worker.terminate();
  if (way === 'terminated' || way === 'loops') setTimeout(() => worker.terminate(), 250);
  return new Promise((resolve) => worker.once('exit', resolve));
}

if (isMainThread) {
  const leak = new Worker(new URL(import.meta.url), { workerData: 'leak', name: 'leak' });
  leak.on('error', (error) => console.log(`the leak has ended: ${error.message}`));
  const ends = [];
  const ways = Object.keys(WAYS);
  const timer = setInterval(() => {
    ends.push(start(ways[ends.length % ways.length]));
    if (ends.length < STARTS) return;
    clearInterval(timer);
    void Promise.all(ends).then(() => console.log(`${ends.length} workers have ended`));
  }, EVERY_MILLIS);
} else if (workerData === 'leak') {
  setInterval(leakBesides, 50);
} else WAYS[workerData]();
