// The built command, in one process for all tests of a file, because starting it takes longer than most commands. Tests of
// how a command starts, is supervised and ends use `heapray.ts`.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { childEnv } from '../../../../test/support/child-env.js';
import type { CommandOptions, CommandResult } from '../../../../test/support/run-command.js';
import { heapray as start } from './heapray.js';

const SCRIPT = fileURLToPath(new URL('command-process.mjs', import.meta.url));
/** Commands that start programs, serve, or depend on the environment, and so run in a process of their own. The others read files and end. */
const OWN_PROCESS: ReadonlySet<string> = new Set([
  'run',
  'config',
  'live',
  'attach',
  'watch',
  '--version',
  '',
]);

/** Settings of one run, as in `heapray.ts`. */
export interface LoadedOptions extends CommandOptions {
  /** Width of the terminal that standard output seems to be. Default: it is none. */
  readonly columns?: number;
}

let running: ChildProcess | undefined;
let last: Promise<unknown> = Promise.resolve();
afterAll(async () => {
  if (running?.connected !== true) return;
  const ended = once(running, 'exit');
  running.disconnect();
  await ended;
});

/**
 * Runs `heapray` with these arguments, as the function of the same name in `heapray.ts` does. A command that needs variables or
 * limits, or does more than read files, gets a process of its own.
 */
export function heapray(args: readonly string[], options: LoadedOptions = {}): Promise<CommandResult> {
  const isLimited = args.some((arg) => arg.startsWith('--max-'));
  const isMore = OWN_PROCESS.has(args[0] ?? '') && !args.includes('--help');
  if (isMore || isLimited || options.env !== undefined) return start(args, options);
  const result = last.then(() => run(args, options));
  last = result.catch(() => {});
  return result;
}

async function run(
  args: readonly string[],
  { cwd, input = '', columns }: LoadedOptions,
): Promise<CommandResult> {
  running ??= fork(SCRIPT, { serialization: 'advanced', execArgv: [], env: childEnv() });
  const done = new AbortController();
  const answered = once(running, 'message', done);
  const ended = once(running, 'exit', done).then(() => {
    throw new Error(`the process has ended in: heapray ${args.join(' ')}`);
  });
  running.send({ args, cwd, columns, input: Buffer.from(input) });
  const [answer] = await Promise.race([answered, ended]).finally(() => done.abort());
  return answer as CommandResult;
}
