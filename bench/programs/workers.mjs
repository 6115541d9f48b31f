// A process with many worker threads, each of which works a little and keeps a few MiB. Returns the CPU time of the whole
// process over a while, and its resident memory at the end.
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { answer, programOptions } from './answer.mjs';
import { startProfiling } from './profiling.mjs';

const TICK_MILLIS = 100;

if (isMainThread) {
  const { workers, threads, warmUpMillis, millis } = programOptions();
  globalThis.profiling = await startProfiling('heapray', { workers });
  for (let at = 0; at < threads; at++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { at } });
    // Start one after another, as pools do.
    await new Promise((resolve) => worker.once('online', resolve));
  }
  await sleep(warmUpMillis);
  const before = process.cpuUsage();
  const start = performance.now();
  await sleep(millis);
  const { user, system } = process.cpuUsage(before);
  answer({
    cpuMillis: (user + system) / 1000,
    wallMillis: performance.now() - start,
    residentBytes: process.memoryUsage.rss(),
  });
} else {
  const kept = Array.from({ length: 20_000 }, (_, id) => ({ id, name: `${workerData.at} ${id}` }));
  let turn = 0;
  setInterval(() => {
    const some = JSON.parse(JSON.stringify(kept.slice(0, 500)));
    kept[turn++ % kept.length] = some[0];
  }, TICK_MILLIS);
}
