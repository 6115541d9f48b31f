import { rmSync } from 'node:fs';
import path from 'node:path';
import { ConfigError, nodeConfigInput, resolveConfig } from '@heapray/instrumentation/config';
import type { Command } from 'commander';
import { UsageError } from '../errors.js';
import { note } from '../io/note.js';
import { STDOUT } from '../outputs/write-output.js';
import { type Capture, capturesOf, collectCaptures, makeRunFolder } from '../run/captures.js';
import { programEnvironment } from '../run/environment.js';
import { mainScriptOf } from '../run/main-script.js';
import { endLike, type ProgramEnd, runProgram } from '../run/program.js';
import { formatBytes } from '../text/quantity.js';

interface RunOptions {
  readonly component?: string;
  readonly deep?: true;
  readonly home?: string;
  readonly output?: string;
}

export function addRun(program: Command): void {
  program
    .command('run')
    .summary('profile a program')
    .description(
      'Starts a program with heapray in each of its Node processes: metrics, /debug/pprof, and with --deep a ' +
        'memray capture from start to exit. Exits with the status or signal of the program.',
    )
    .argument('<command>', 'program, for example node or npm')
    .argument('[args...]', 'arguments of the program; put -- before them if the first begins with a dash')
    .option('--component <name>', 'name of the program in metrics and file names')
    .option('--deep', 'write a memray capture')
    .option('--home <folder>', 'folder for captures')
    .option('-o, --output <file>', 'file for the finished capture')
    .passThroughOptions()
    .action(run);
}

async function run(command: string, args: string[], options: RunOptions): Promise<void> {
  checkOptions(options);
  const { component, home } = settle(command, args, options);
  if (!options.deep) {
    const named = { component: options.component, deep: false, home: options.home && home };
    return endLike(await runProgram(command, args, programEnvironment(process.env, named)));
  }
  if (options.output === undefined) return runToHome(command, args, component, home);
  return runToFile(command, args, component, path.resolve(options.output));
}

function checkOptions({ deep, home, output }: RunOptions): void {
  if (output === undefined) return;
  if (!deep) throw new UsageError('-o needs --deep, which writes the capture');
  if (home !== undefined) throw new UsageError('-o and --home both say where the capture goes; use one');
  if (output === STDOUT) throw new UsageError('-o -: standard output belongs to the program; name a file');
}

/**
 * Resolves the component of the program and the folder of its captures. Fails where the program's processes would fail.
 */
function settle(
  command: string,
  args: readonly string[],
  { component, home }: RunOptions,
): { readonly component: string; readonly home: string } {
  try {
    const mainScript = mainScriptOf(command, args);
    const resolved = resolveConfig({
      ...nodeConfigInput(),
      mainScript,
      code: { component, home },
      // The program's processes report invalid values.
      onRefused: () => {},
    });
    return { component: resolved.options.component, home: resolved.home };
  } catch (error) {
    const given = error instanceof ConfigError && ['component', 'home'].includes(error.key);
    throw given ? new UsageError(`--${error.message}`, { cause: error }) : error;
  }
}

async function runToHome(command: string, args: string[], component: string, home: string): Promise<void> {
  const before = new Set(capturesOf(component, home).map(({ identity }) => identity));
  const env = programEnvironment(process.env, { component, deep: true, home });
  const end = await runProgram(command, args, env);
  report(capturesOf(component, home).filter(({ identity }) => !before.has(identity)));
  endLike(end);
}

async function runToFile(command: string, args: string[], component: string, file: string): Promise<void> {
  const folder = makeRunFolder(file);
  const env = programEnvironment(process.env, { component, deep: true, captures: folder });
  let end: ProgramEnd;
  try {
    end = await runProgram(command, args, env);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const captures = collectCaptures(folder, end.pid, file);
  report(captures);
  // Fail when the requested file is missing, even if the program succeeded.
  endLike(captures.length === 0 && end.status === 0 ? { ...end, status: 1 } : end);
}

function report(captures: readonly Capture[]): void {
  for (const capture of captures) note(`capture: ${capture.path} (${formatBytes(capture.bytes)})`);
  if (captures.length > 0) return;
  note(
    'no capture was written: no Node process of the program was profiled, or none long enough to begin one',
  );
}
