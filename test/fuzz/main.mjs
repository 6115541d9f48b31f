// Damages small captures in many ways and reads them in every way. Only the expected error may be
// thrown, no file may take long, and memory must stay small. Failures are written to files, and can be reproduced
// by their seed and number.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

const USAGE = `usage: npm run fuzz -- [options]
  --seed N      which mutations (1 without it)
  --count N     how many (a million without it)
  --first N     the number of the first one (0 without it)
  --threads N   how many threads share the work (1 without it)`;
const OUT = path.join(import.meta.dirname, '..', '..', 'fuzz-out');
const TICK_MILLIS = 1000;
const PROGRESS_MILLIS = 15_000;
/** Longest time for a capture: none takes a second on an idle machine, but this one may be busy. */
const HANG_MILLIS = 60_000;
const MAX_HEAP_MIB = 512;
const MAX_RESIDENT = 1.5 * 2 ** 30;

const options = parse(process.argv.slice(2));
const start = Date.now();
const failures = [];
const workers = Array.from({ length: options.threads }, (_, at) => startWorker(at));
const ticker = setInterval(watch, TICK_MILLIS);
let nextProgress = Date.now() + PROGRESS_MILLIS;
note(`seed ${options.seed}, ${options.count} mutations from number ${options.first} on`);
const refused = await Promise.all(workers.map(({ done }) => done));
clearInterval(ticker);
const seconds = Math.round((Date.now() - start) / 1000);
note(
  `seed ${options.seed}: ${options.count} mutations in ${seconds} s, ${sum(refused)} of them refused in some way, ` +
    `${failures.length} failures`,
);
process.exitCode = failures.length > 0 ? 1 : 0;

function startWorker(at) {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const { seed, first, count, threads } = options;
  const worker = new Worker(new URL('worker.mjs', import.meta.url), {
    workerData: { seed, first: first + at, end: first + count, step: threads, progress },
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  });
  const state = { progress, last: -1, since: Date.now(), ended: false };
  const done = new Promise((resolve) => {
    const end = (refused) => {
      state.ended = true;
      resolve(refused);
    };
    worker.on('message', (message) => {
      if (message.refused !== undefined) end(message.refused);
      else fail(message);
    });
    worker.on('error', (error) => {
      fail({ number: Atomics.load(progress, 0), reason: String(error) });
      end(0);
    });
  });
  return Object.assign(state, { done });
}

/** Ends the run if a worker hangs or uses too much memory, because it cannot be continued. */
function watch() {
  for (const worker of workers) {
    const number = Atomics.load(worker.progress, 0);
    if (number !== worker.last) {
      worker.last = number;
      worker.since = Date.now();
    }
    if (!worker.ended && Date.now() - worker.since > HANG_MILLIS) stop(number, 'it hangs');
  }
  const resident = process.memoryUsage.rss();
  if (resident > MAX_RESIDENT) stop(workers[0].last, `${Math.round(resident / 2 ** 20)} MiB are resident`);
  if (Date.now() < nextProgress) return;
  nextProgress += PROGRESS_MILLIS;
  const reached = Math.min(...workers.map(({ last }) => last)) - options.first;
  note(`${reached} done, ${Math.round(resident / 2 ** 20)} MiB resident, ${failures.length} failures`);
}

function stop(number, reason) {
  fail({ number, reason });
  process.exit(1);
}

function fail({ number, reason, bytes }) {
  failures.push(number);
  note(`FAILED: --seed ${options.seed} --first ${number} --count 1\n${reason}`);
  if (bytes === undefined) return;
  mkdirSync(OUT, { recursive: true });
  writeFileSync(path.join(OUT, `${options.seed}-${number}.bin`), bytes);
}

function parse(args) {
  try {
    const string = { type: 'string' };
    const { values } = parseArgs({
      args,
      options: { seed: string, count: string, first: string, threads: string },
    });
    const { seed = '1', count = '1000000', first = '0', threads = '1' } = values;
    return {
      seed: natural('seed', seed, 0),
      count: natural('count', count, 1),
      first: natural('first', first, 0),
      threads: natural('threads', threads, 1),
    };
  } catch (error) {
    process.stderr.write(`${error.message}\n${USAGE}\n`);
    process.exit(2);
  }
}

function natural(name, text, least) {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value < 2 ** 31) return value;
  throw new Error(`--${name}: a number from ${least} on, not ${text}`);
}

function note(text) {
  process.stderr.write(`[fuzz] ${text}\n`);
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
