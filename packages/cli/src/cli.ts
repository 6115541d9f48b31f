import { debuglog } from 'node:util';
import { Command, CommanderError } from 'commander';
import { addAttach } from './commands/attach.js';
import { addConfig } from './commands/config.js';
import { addConvert } from './commands/convert.js';
import { addDiff } from './commands/diff.js';
import { addFlamegraph } from './commands/flamegraph.js';
import { addLifetimes } from './commands/lifetimes.js';
import { addLive } from './commands/live.js';
import { addParse } from './commands/parse.js';
import { addRetainers } from './commands/retainers.js';
import { addRun } from './commands/run.js';
import { addStats } from './commands/stats.js';
import { addTop } from './commands/top.js';
import { addWatch } from './commands/watch.js';
import { takeExitStatus } from './exit-status.js';
import { commandIo } from './io/current-io.js';
import { note } from './io/note.js';
import { packageVersion } from './version.js';

const FAILED = 1;
const WRONG_USAGE = 2;

/** Writes details of failures when `NODE_DEBUG=heapray` is set. */
const debug = debuglog('heapray');

/** Runs the command in `args` on this thread. Resolves to the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return takeExitStatus();
  } catch (error) {
    takeExitStatus();
    return report(error);
  }
}

function createProgram(): Command {
  const program = new Command('heapray')
    .description('Continuous memory profiling for Node.js.')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'heapray: ')),
      writeOut: (text) => void commandIo().write(Buffer.from(text)),
      writeErr: (text) => commandIo().writeError(text),
    })
    .addHelpText(
      'after',
      '\nExit status: 0 success, 1 invalid input or system error, 2 wrong usage, 3 limit of --fail-over exceeded.',
    );
  for (const add of [
    addRun,
    addConfig,
    addStats,
    addTop,
    addConvert,
    addDiff,
    addFlamegraph,
    addLifetimes,
    addLive,
    addAttach,
    addParse,
    addRetainers,
    addWatch,
  ])
    add(program);
  return program;
}

/** Reports an error in one line, and returns its exit status. */
function report(error: unknown): number {
  // Commander has reported its own errors already. Help and version also end as an error, with status 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE;
  debug('%O', error);
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  if (name === 'UsageError') {
    note(message);
    return WRONG_USAGE;
  }
  const expected = name === 'CommandError' || name === 'ConfigError';
  note(expected ? message : `internal error, please report it (NODE_DEBUG=heapray tells more): ${message}`);
  return FAILED;
}
