// Runs rounds under heapray and returns what each of its polls showed, without changing heapray: starts its profiler
// thread through record-thread.mjs.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import threads from 'node:worker_threads';
import { ALLOCATORS } from '../allocators/index.mjs';
import { answer, programOptions } from './answer.mjs';
import { startProfiling } from './profiling.mjs';
import { runRounds } from './run-rounds.mjs';

const { workload, seconds, options } = programOptions();
const folder = mkdtempSync(path.join(os.tmpdir(), 'heapray-bench-'));
const file = path.join(folder, 'readings');
const { Worker } = threads;
threads.Worker = class extends Worker {
  constructor(entry, workerOptions) {
    const record = { entry: entry.href, file, sites: ALLOCATORS[workload].SITES };
    super(new URL('./record-thread.mjs', import.meta.url), {
      ...workerOptions,
      workerData: { ...workerOptions.workerData, record },
    });
  }
};
syncBuiltinESMExports();
globalThis.profiling = await startProfiling('heapray', options);
await runRounds(workload, { seconds });
const readings = readFileSync(file, 'utf8').trimEnd().split('\n');
rmSync(folder, { recursive: true });
answer({ readings: readings.map((line) => JSON.parse(line)) });
