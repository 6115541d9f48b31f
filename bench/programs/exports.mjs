// A program with a heap of its own and a little work, whose profiles are exported once a second, or collected by itself.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { OtlpProfileExporter, PeriodicExportingProfileReader } from '@heapray/exporter/export';
import { decodePprof, encodePprof } from '@heapray/exporter/pprof';
import { HeaprayInstrumentation } from '@heapray/instrumentation';
import { answer, programOptions } from './answer.mjs';
import { liveHeap } from './live-heap.mjs';

const { seconds, megabytes, receiver, profiles = 0, what } = programOptions();
const WORK_MILLIS = 20;
const SETTLE_MILLIS = 3_000;

const exporter =
  receiver && new OtlpProfileExporter({ url: `${receiver}/v1development/profiles`, timeoutMillis: 900 });
const reader = exporter && new PeriodicExportingProfileReader({ exporter, exportIntervalMillis: 1_000 });
const messages = [];
globalThis.heapray = new HeaprayInstrumentation({
  home: '/nonexistent',
  profileReaders: reader ? [reader] : [],
  // Otherwise most exports would wait for the budget.
  cpuBudget: 0.5,
  log: (level, text) => void messages.push(`${level}: ${text}`),
});
globalThis.held = liveHeap(megabytes);
const work = setInterval(() => JSON.parse(JSON.stringify(globalThis.held[0])), WORK_MILLIS);
await sleep(SETTLE_MILLIS);

if (what === 'delay') {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await sleep(1000 * seconds);
  delay.disable();
  answer({ p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 });
} else if (what === 'memory') {
  const resident = [];
  for (let second = 0; second < seconds; second++) {
    await sleep(1000);
    resident.push(process.memoryUsage.rss() / 2 ** 20);
  }
  answer({ resident, queued: messages.filter((text) => /not exported/.test(text)).length });
} else {
  clearInterval(work);
  const [collect, decode] = [[], []];
  let samples = 0;
  for (let at = 0; at < profiles; at++) {
    // A profile is shared for 100 ms.
    await sleep(250);
    const before = await threadMillis();
    const profile = await globalThis.heapray.collectProfile();
    samples = profile.sampleCount;
    collect.push((await threadMillis()) - before);
    const bytes = encodePprof(profile);
    const from = await threadMillis();
    decodePprof(bytes);
    decode.push((await threadMillis()) - from);
  }
  answer({ collect, decode, samples });
}

/** Returns the CPU time of the main thread, in ms; waits first, so that all of it is counted. */
async function threadMillis() {
  await sleep(5);
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
