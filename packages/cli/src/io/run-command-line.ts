import { mayUseThread } from '../inputs/own-thread.js';
import { restartSmall } from './small-process.js';
import { supervise } from './supervise.js';

/** Commands that read files which others have written, and end. */
const READING = new Set(['stats', 'top', 'convert', 'diff', 'parse']);

/** Runs the command that `args` ask for; resolves to the status of this process. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  // Writers learn of failures from their own callbacks; unheard, these events would end in a stack trace.
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

/** Whether the command runs until it is told to stop. */
function isServing(args: readonly string[]): boolean {
  return args[0] === 'watch' && !args.some((arg) => ['--once', '--help', '-h'].includes(arg));
}

function isReading(args: readonly string[]): boolean {
  const [command = ''] = args;
  return READING.has(command) || (command === 'watch' && args.includes('--once'));
}
