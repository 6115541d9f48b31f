// `node --import @heapray/instrumentation/register app.js`: profiles a program without touching its code.
import { isMainThread } from 'node:worker_threads';
import { nodeProblem } from './host/node-support.js';
import { isLauncher } from './register/launchers.js';

// Preloads run in worker threads too, and through NODE_OPTIONS in npm and its like: the profiler belongs to the main
// thread of the program itself.
if (isMainThread && !isLauncher(process.argv[1])) {
  const problem = nodeProblem();
  if (problem) process.stderr.write(`heapray: ${problem}\n`);
  else (await import('./register/zero-code.js')).registerZeroCode();
}
