// `node --import @heapray/instrumentation/register app.js`: profiles a program without touching its code.
import { isMainThread } from 'node:worker_threads';
import { nodeProblem } from './host/node-support.js';

const problem = nodeProblem();
// Preloads run in worker threads too; the profiler belongs to the main thread.
if (problem) process.stderr.write(`heapray: ${problem}\n`);
else if (isMainThread) (await import('./register/zero-code.js')).registerZeroCode();
