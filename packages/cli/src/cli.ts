import { debuglog } from 'node:util';
import { Command, CommanderError } from 'commander';
import { takeExitStatus } from './exit-status.js';
import { commandIo } from './io/current-io.js';
import { note } from './io/note.js';
import { packageVersion } from './version.js';

/** Loads what adds each command, in the order of the help. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => unknown>>> = {
  run: async () => (await import('./commands/run.js')).addRun,
  config: async () => (await import('./commands/config.js')).addConfig,
  stats: async () => (await import('./commands/stats.js')).addStats,
  top: async () => (await import('./commands/top.js')).addTop,
  convert: async () => (await import('./commands/convert.js')).addConvert,
  diff: async () => (await import('./commands/diff.js')).addDiff,
  flamegraph: async () => (await import('./commands/flamegraph.js')).addFlamegraph,
  lifetimes: async () => (await import('./commands/lifetimes.js')).addLifetimes,
  live: async () => (await import('./commands/live.js')).addLive,
  attach: async () => (await import('./commands/attach.js')).addAttach,
  parse: async () => (await import('./commands/parse.js')).addParse,
  retainers: async () => (await import('./commands/retainers.js')).addRetainers,
  watch: async () => (await import('./commands/watch.js')).addWatch,
};

const FAILED = 1;
const WRONG_USAGE = 2;

/** Writes details of failures when `NODE_DEBUG=heapray` is set. */
const debug = debuglog('heapray');

/** Runs the command in `args` on this thread. Resolves to the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const program = await createProgram(args);
    await program.parseAsync(args, { from: 'user' });
    return takeExitStatus();
  } catch (error) {
    takeExitStatus();
    return report(error);
  }
}

/** Creates the program with the command in `args`; with all if there is none, for the help. All load twice as many modules. */
async function createProgram(args: readonly string[]): Promise<Command> {
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
  const [name = ''] = args;
  const wanted = Object.hasOwn(COMMANDS, name) ? [COMMANDS[name]!] : Object.values(COMMANDS);
  for (const load of wanted) (await load())(program);
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
