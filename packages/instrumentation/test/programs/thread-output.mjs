// Starts a profiler thread that warns and writes to both of its streams, and lets the process end then.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ProfilerThread } from '../../dist/main-thread/profiler/profiler-thread.js';

const folder = mkdtempSync(path.join(tmpdir(), 'heapray-output-'));
const file = path.join(folder, 'thread.cjs');
writeFileSync(
  file,
  `const { port } = require('node:worker_threads').workerData;
  process.emitWarning('of the thread');
  for (const stream of [process.stdout, process.stderr]) stream.write('a line\\n');
  setTimeout(() => port.postMessage({ type: 'begun' }), 200);
  setInterval(() => {}, 1_000);`,
);
const alive = setInterval(() => {}, 1_000);
const handlers = {
  begun: () => {
    console.log('begun');
    rmSync(folder, { recursive: true });
    clearInterval(alive);
  },
  failed: (thrown) => {
    throw thrown;
  },
};
new ProfilerThread({}, handlers, file);
