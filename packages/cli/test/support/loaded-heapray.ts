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
/** Commands that read files and end. The others run in a process of their own. */
const READING: ReadonlySet<string> = new Set([
  'stats',
  'top',
  'convert',
  'diff',
  'flamegraph',
  'lifetimes',
  'parse',
  'retainers',
]);

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
 * limits, or reads no files, gets a process of its own.
 */
export function heapray(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const isLimited = args.some((arg) => arg.startsWith('--max-'));
  if (!READING.has(args[0] ?? '') || isLimited || options.env !== undefined) return start(args, options);
  const result = last.then(() => run(args, options));
  last = result.catch(() => {});
  return result;
}

async function run(args: readonly string[], { cwd, input = '' }: CommandOptions): Promise<CommandResult> {
  running ??= fork(SCRIPT, { serialization: 'advanced', execArgv: [], env: childEnv() });
  const done = new AbortController();
  const answered = once(running, 'message', done);
  const ended = once(running, 'exit', done).then(() => {
    throw new Error(`the process has ended in: heapray ${args.join(' ')}`);
  });
  running.send({ args, cwd, input: Buffer.from(input) });
  const [answer] = await Promise.race([answered, ended]).finally(() => done.abort());
  return answer as CommandResult;
}
