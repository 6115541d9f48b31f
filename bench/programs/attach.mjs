// A server under load to which the command attaches. Answers with the gaps of its event loop, less the time of garbage
// collections in them, and with what the requests gave.
import { spawn } from 'node:child_process';
import http from 'node:http';
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { answer, programOptions } from './answer.mjs';
import { liveHeap } from './live-heap.mjs';

const { seconds, megabytes, command } = programOptions();
const TICK_MILLIS = 1;
const SETTLE_MILLIS = 2_000;
/** Gaps up to this many ms are those of requests. */
const LEAST_GAP_MILLIS = 5;
/** The command runs for this part of the time, so that its begin and its end are inside. */
const PART = 0.6;

globalThis.held = liveHeap(megabytes);
globalThis.kept = [];
const server = http.createServer((request, response) => {
  globalThis.kept.push({ url: request.url, words: new Array(100).fill(0) });
  const rows = Array.from({ length: 200 }, (_, id) => ({ id, name: `product ${id}` }));
  response.end(JSON.stringify(rows));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const client = new Worker(new URL('attach-client.mjs', import.meta.url), {
  workerData: { port: server.address().port },
});
let counts = { answers: 0, errors: 0 };
client.on('message', (message) => {
  counts = message;
});
await sleep(SETTLE_MILLIS);

const collections = [];
const observer = new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries())
    collections.push([startTime, startTime + duration]);
});
observer.observe({ entryTypes: ['gc'] });
const gaps = [];
let last = performance.now();
let lastCpu = threadMillis();
const timer = setInterval(() => {
  const now = performance.now();
  const cpu = threadMillis();
  if (now - last > LEAST_GAP_MILLIS) gaps.push({ from: last, to: now, cpuMillis: cpu - lastCpu });
  last = now;
  lastCpu = cpu;
}, TICK_MILLIS);
const ended = command && attach();
await sleep(1000 * seconds);
const status = ended && (await ended);
clearInterval(timer);
// Entries of collections arrive later.
await sleep(100);
observer.disconnect();
await client.terminate();
server.close();
const beyond = gaps.map(({ from, to }) => to - from - collectedIn(from, to));
// Other programs of the machine do not count here. Collections are taken off by their wall-clock time, which is longer.
const beyondCpu = gaps.map(({ from, to, cpuMillis }) => cpuMillis - collectedIn(from, to));
answer({
  status,
  longestMillis: Math.max(0, ...gaps.map(({ from, to }) => to - from)),
  beyondMillis: Math.max(0, ...beyond),
  beyondCpuMillis: Math.max(0, ...beyondCpu),
  collectionMillis: Math.max(0, ...collections.map(([from, to]) => to - from)),
  ...counts,
});

/** Returns the processor time of the main thread, in ms. */
function threadMillis() {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function attach() {
  const args = [command, 'attach', `${process.pid}`, '--seconds', `${PART * seconds}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  return new Promise((resolve) => {
    child.once('exit', resolve);
  });
}

function collectedIn(from, to) {
  return collections.reduce(
    (sum, [start, end]) => sum + Math.max(0, Math.min(end, to) - Math.max(start, from)),
    0,
  );
}
