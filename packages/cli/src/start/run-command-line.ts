import { mayUseThread } from '../inputs/own-thread.js';
import { namesProcess } from '../snapshots/is-process.js';
import { restartSmall } from './small-process.js';
import { supervise } from './supervise.js';

/** Commands that read existing files, and end. */
const READING = new Set(['stats', 'top', 'convert', 'diff', 'flamegraph', 'lifetimes', 'parse', 'retainers']);

/** Runs the command in `args`. Resolves to the exit status of this process. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  // Writers handle failures in their own callbacks. Without listeners, these events would end the process with a stack
  // trace.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  if (isReading(args) && mayUseThread()) {
    try {
      return await supervise({ args });
    } catch (error) {
      // Node's permissions may forbid threads.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') throw error;
    }
  }
  if (isServing(args)) restartSmall();
  const { main } = await import('../cli.js');
  return main(args);
}

/** Returns whether the command runs until it is stopped. */
function isServing(args: readonly string[]): boolean {
  return args[0] === 'watch' && !args.some((arg) => ['--once', '--help', '-h'].includes(arg));
}

function isReading(args: readonly string[]): boolean {
  const [command = ''] = args;
  // A snapshot of a process needs the terminal, and the process may be stopped for longer than a file takes.
  if (command === 'retainers' && namesProcess(args.slice(1))) return false;
  return READING.has(command) || (command === 'watch' && args.includes('--once'));
}
