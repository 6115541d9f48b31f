// Runs a fixed number of turns of a workload, and returns the CPU time of the whole process for them, and its resident memory
// at the end.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { deflateSync } from 'node:zlib';
import { WORKLOADS } from '../workloads/index.mjs';
import { answer, programOptions } from './answer.mjs';
import { startProfiling } from './profiling.mjs';

/** Compresses as a server does its answers: most of the native allocations are zlib's. */
const TEXT = Buffer.from('{"order":1,"lines":[{"sku":"a","count":2}]}'.repeat(200));
const ALL = { ...WORKLOADS, zlib: () => () => Array.from({ length: 20 }, () => deflateSync(TEXT)) };

const START_MILLIS = 4_000;

const { workload, mode, warmUpTurns, turns } = programOptions();
globalThis.profiling = await startProfiling(mode);
const chunk = ALL[workload]();
await work(warmUpTurns);
// Starting the profiler is not what is measured.
await sleep(START_MILLIS);
const before = process.cpuUsage();
await work(turns);
const { user, system } = process.cpuUsage(before);
answer({ cpuMillis: (user + system) / 1000, residentBytes: process.memoryUsage.rss() });

async function work(times) {
  for (let done = 0; done < times; done++) {
    chunk();
    await turn();
  }
}
