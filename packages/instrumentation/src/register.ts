// Profiles a program without changes to its code: `node --import @heapray/instrumentation/register app.js`,
// or `--require` of it. The program must start whatever is wrong with the profiler. If files are missing, or
// descriptors or the stack are used up, parts of it cannot even be loaded. So the steps are loaded one after
// another, inside the error handling. Nothing here awaits: a module with a top-level await cannot be
// required, and the program's first code would run before profiling has started.

// Neither process nor modules are imported: listing the exports of `node:process` opens the standard streams,
// and any import of a Node module needs more than the smallest stack.
// biome-ignore lint/style/noRestrictedGlobals: this is loaded before the application.
const { process, Symbol: symbols } = globalThis;

/** Set by register.cts while it requires this file. */
const REQUIRED = symbols.for('heapray.required');

// This function is never called. Its literal imports show file tracers (Next.js, `@vercel/nft`) which files the steps need.
void (() => [
  import('./main-thread/register/process-start.js'),
  import('./main-thread/register/launchers.js'),
  import('./main-thread/register/tool-watch.js'),
  import('./main-thread/start/node-support.js'),
  import('./main-thread/start/descriptors.js'),
  import('./main-thread/register/zero-code.js'),
]);

/** Yields the path of each module that is needed, and receives its exports. */
type Steps = Generator<string, void, never>;

// Check the thread: preloads also run in worker threads. The profiler belongs to the main thread of the
// program.
try {
  const other = otherRuntime();
  if (other !== undefined) say(`this is ${other} and not Node.js: memory is not profiled`);
  // Node before 22.3 lacks this function; nothing is loaded then.
  else if (process.getBuiltinModule?.('node:worker_threads').isMainThread !== false) start(steps);
} catch (thrown) {
  cannotStart(thrown);
}

function* steps(): Steps {
  const stack = process.execArgv.find((option) => /^--stack[-_]size=\d{1,2}$/.test(option));
  if (stack !== undefined) return say(`error: the stack is too small (${stack}): memory is not profiled`);
  const { processStart }: typeof import('./main-thread/register/process-start.js') =
    yield './main-thread/register/process-start.js';
  const { roleOf }: typeof import('./main-thread/register/launchers.js') =
    yield './main-thread/register/launchers.js';
  const started = processStart();
  const role = roleOf(started);
  if (role === 'launcher') return sayLeftAlone(started.mainScript);
  const { unsupportedReason }: typeof import('./main-thread/start/node-support.js') =
    yield './main-thread/start/node-support.js';
  const problem = unsupportedReason(process.versions);
  if (problem !== undefined) return say(problem);
  if (role === 'program') return yield* profile();
  const { watchTool }: typeof import('./main-thread/register/tool-watch.js') =
    yield './main-thread/register/tool-watch.js';
  watchTool({ launches: () => sayLeftAlone(started.mainScript), runs: () => start(profile) });
}

function* profile(): Steps {
  // Check descriptors first: the rest consists of many files.
  const { descriptorProblem }: typeof import('./main-thread/start/descriptors.js') =
    yield './main-thread/start/descriptors.js';
  const few = descriptorProblem();
  if (few !== undefined) return say(`error: ${few}: memory is not profiled`);
  const { registerZeroCode }: typeof import('./main-thread/register/zero-code.js') =
    yield './main-thread/register/zero-code.js';
  registerZeroCode();
}

/** Runs the steps synchronously if possible. */
function start(steps: () => Steps): void {
  if (!mayRequire()) return void startLater(steps);
  try {
    const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);
    const work = steps();
    for (let step = work.next(); !step.done; ) step = work.next(require(step.value) as never);
  } catch {
    // Before Node 22.12, and with `--no-experimental-require-module`, ES modules cannot be required.
    void startLater(steps);
  }
}

/**
 * Returns true if no other code can be loading the same modules: if one is required while the application is
 * importing it, Node refuses both. This holds in preloads, and when this file was required.
 */
function mayRequire(): boolean {
  const options = `${process.execArgv.join(' ')} ${process.env.NODE_OPTIONS ?? ''}`;
  return /(?:^|[\s"])(?:--(?:import|require)|-r)(?:[\s=]|$)/.test(options) || REQUIRED in process;
}

/** Runs the steps asynchronously. Never rejects. */
async function startLater(steps: () => Steps): Promise<void> {
  try {
    const work = steps();
    for (let step = work.next(); !step.done; ) step = work.next((await import(step.value)) as never);
  } catch (thrown) {
    cannotStart(thrown);
  }
}

function otherRuntime(): string | undefined {
  const { bun, deno } = process.versions;
  if (bun !== undefined) return `Bun ${bun}`;
  return deno === undefined ? undefined : `Deno ${deno}`;
}

function sayLeftAlone(mainScript: string | undefined): void {
  if (/^\s*(?:debug|verbose|all)\s*$/i.test(process.env.OTEL_LOG_LEVEL ?? ''))
    say(`debug: process ${process.pid} starts other programs and is not profiled itself: ${mainScript}`);
}

function cannotStart(thrown: unknown): void {
  say(`error: cannot start, memory is not profiled: ${bundleHint()}${firstLine(thrown)}`);
}

/** Returns a hint for bundles, where the files of the steps are not where they are looked for. */
function bundleHint(): string {
  const url: string | undefined = import.meta.url;
  if (url?.endsWith('/dist/register.js')) return '';
  return 'in a bundle, @heapray/instrumentation has to be external, and installed beside the bundle: ';
}

function say(text: string): void {
  const line = `heapray: ${text}\n`;
  try {
    const fs = process.getBuiltinModule?.('node:fs');
    if (fs) fs.writeSync(2, line);
    else process.stderr.write(line);
  } catch {
    // Ignore a closed stderr.
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
