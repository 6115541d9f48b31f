// `node --import @heapray/instrumentation/register app.js`: profiles a program without touching its code.
//
// Whatever is wrong with the profiler, the program starts: with files missing, descriptors or the stack used up, parts
// of it cannot even be loaded. So nothing of it is imported before there is somebody to catch that, and one thing after
// the other.

// Neither process nor the modules are imported: to list what `node:process` exports opens the standard streams, and any
// import of a module of Node's takes more than the smallest stack.
// biome-ignore lint/style/noRestrictedGlobals: this is loaded before the application.
const { process } = globalThis;

// Preloads run in worker threads too, and through NODE_OPTIONS in npm and its like: the profiler belongs to the main
// thread of the program itself.
try {
  // Node before 22.3 has no such function, and nothing is loaded that needs it.
  if (process.getBuiltinModule?.('node:worker_threads').isMainThread !== false) await start();
} catch (thrown) {
  say(`error: cannot start, memory is not profiled: ${firstLine(thrown)}`);
}

async function start(): Promise<void> {
  const stack = process.execArgv.find((option) => /^--stack[-_]size=\d{1,2}$/.test(option));
  if (stack !== undefined) return say(`error: the stack is too small (${stack}): memory is not profiled`);
  const { isLauncher } = await import('./register/launchers.js');
  if (isLauncher(process.argv[1])) return;
  const { nodeProblem } = await import('./host/node-support.js');
  const problem = nodeProblem(process.versions.node);
  if (problem !== undefined) return say(problem);
  // The rest is many files, which are opened at the same time.
  const { descriptorProblem } = await import('./host/descriptors.js');
  const few = descriptorProblem();
  if (few !== undefined) return say(`error: ${few}: memory is not profiled`);
  const { registerZeroCode } = await import('./register/zero-code.js');
  registerZeroCode();
}

function say(text: string): void {
  const line = `heapray: ${text}\n`;
  try {
    const fs = process.getBuiltinModule?.('node:fs');
    if (fs) fs.writeSync(2, line);
    else process.stderr.write(line);
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

export {};
