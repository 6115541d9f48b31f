// `node --import @heapray/instrumentation/register app.js`: profiles a program without touching its code.
//
// Whatever is wrong with the profiler, the program starts: with files missing, descriptors or the stack used up, parts
// of it cannot even be loaded. So nothing of it is imported before there is somebody to catch that, and one thing after
// the other.
import { writeSync } from 'node:fs';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

// Preloads run in worker threads too, and through NODE_OPTIONS in npm and its like: the profiler belongs to the main
// thread of the program itself.
if (isMainThread) {
  try {
    const { isLauncher } = await import('./register/launchers.js');
    if (!isLauncher(process.argv[1])) await start();
  } catch (thrown) {
    say(`error: cannot start, memory is not profiled: ${firstLine(thrown)}`);
  }
}

async function start(): Promise<void> {
  const { nodeProblem } = await import('./host/node-support.js');
  const problem = nodeProblem(process.versions.node);
  if (problem !== undefined) return say(problem);
  const { registerZeroCode } = await import('./register/zero-code.js');
  registerZeroCode();
}

function say(text: string): void {
  try {
    writeSync(2, `heapray: ${text}\n`);
  } catch {
    // Nobody reads it.
  }
}

function firstLine(thrown: unknown): string {
  try {
    return `${(thrown as Error).message}`.split('\n', 1)[0] ?? '';
  } catch {
    return 'it is not known why';
  }
}
