import { rmSync } from 'node:fs';
import path from 'node:path';
import { ConfigError, nodeConfigInput, resolveConfig } from '@heapray/instrumentation/config';
import type { Command } from 'commander';
import { UsageError } from '../errors.js';
import { note } from '../io/note.js';
import { STDOUT } from '../outputs/write-output.js';
import { type Capture, capturesOf, collectCaptures, makeRunFolder } from '../run/captures.js';
import { type ProgramSettings, programEnvironment } from '../run/environment.js';
import { mainScriptOf } from '../run/main-script.js';
import { type NativeProfiling, prepareNative } from '../run/native-profiling.js';
import { endLike, type ProgramEnd, runProgram } from '../run/program.js';
import { formatBytes } from '../text/quantity.js';

interface RunOptions {
  readonly component?: string;
  readonly deep?: true;
  readonly exact?: true;
  readonly aggregate?: true;
  readonly home?: string;
  readonly output?: string;
  readonly accurateStacks?: true;
  readonly native?: true;
  readonly nativeAlloc?: true;
  readonly jemalloc?: string;
}

export function addRun(program: Command): void {
  program
    .command('run')
    .summary('profile a program')
    .description(
      'Starts a program with heapray in each of its Node processes: metrics, /debug/pprof, and with --deep ' +
        'or --exact a memray capture from start to exit. Exits with the status or signal of the program.',
    )
    .argument('<command>', 'program, for example node or npm')
    .argument('[args...]', 'arguments of the program; put -- before them if the first begins with a dash')
    .option('--component <name>', 'name of the program in metrics and file names')
    .option('--deep', 'write a memray capture')
    .option('--exact', 'write a memray capture of every allocation; the program runs 5 to 20 times slower')
    .option('--aggregate', 'with --deep or --exact: write sums by stack, at the peak and at the end')
    .option('--home <folder>', 'folder for captures')
    .option('-o, --output <file>', 'file for the finished capture')
    .option(
      '--accurate-stacks',
      'keep V8 from inlining functions, so that each is named; slows tiny functions',
    )
    .option('--native', "profile memory from malloc by native stack, with the system's jemalloc (Linux)")
    .option('--native-alloc', 'the same, and count what is allocated and freed')
    .option('--jemalloc <file>', 'path of libjemalloc.so.2, if it is not found')
    .passThroughOptions()
    .action(run);
}

interface Program {
  readonly command: string;
  readonly args: string[];
  readonly native: NativeProfiling | undefined;
  readonly accurateStacks: boolean;
}

async function run(command: string, args: string[], options: RunOptions): Promise<void> {
  checkOptions(options);
  const settled = settle(command, args, options);
  const accurateStacks = options.accurateStacks === true;
  const program = { command, args, native: nativeOf(options), accurateStacks };
  let end: ProgramEnd;
  try {
    end = await runAs(program, options, settled);
  } finally {
    // Before this process ends itself by a signal.
    program.native?.close();
  }
  endLike(end);
}

function runAs(program: Program, options: RunOptions, { component, home }: Settled): Promise<ProgramEnd> {
  if (!isDeep(options)) {
    return start(program, { component: options.component, deep: false, home: options.home && home });
  }
  const { exact, aggregate } = options;
  const capture = { component, deep: true, exact, aggregate };
  if (options.output === undefined) return runToHome(program, { ...capture, home });
  return runToFile(program, capture, path.resolve(options.output));
}

function isDeep({ deep, exact }: RunOptions): boolean {
  return deep === true || exact === true;
}

function start(program: Program, settings: ProgramSettings): Promise<ProgramEnd> {
  const { command, args, native, accurateStacks } = program;
  return runProgram(command, args, programEnvironment(process.env, { ...settings, native, accurateStacks }));
}

/** Prepares the profiling of the native heap, if it is wanted. */
function nativeOf({ native, nativeAlloc, jemalloc }: RunOptions): NativeProfiling | undefined {
  if (!native && !nativeAlloc) return undefined;
  return prepareNative({ library: jemalloc, allocated: nativeAlloc === true });
}

function checkOptions(options: RunOptions): void {
  const { home, output, aggregate } = options;
  if (aggregate && !isDeep(options))
    throw new UsageError('--aggregate needs --deep or --exact, which write the capture');
  if (output === undefined) return;
  if (!isDeep(options)) throw new UsageError('-o needs --deep or --exact, which write the capture');
  if (home !== undefined) throw new UsageError('-o and --home both say where the capture goes; use one');
  if (output === STDOUT) throw new UsageError('-o -: standard output belongs to the program; name a file');
}

interface Settled {
  readonly component: string;
  readonly home: string;
}

/**
 * Resolves the component of the program and the folder of its captures. Fails where the program's processes would fail.
 */
function settle(command: string, args: readonly string[], { component, home }: RunOptions): Settled {
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

async function runToHome(program: Program, settings: ProgramSettings & Settled): Promise<ProgramEnd> {
  const { component, home } = settings;
  const before = new Set(capturesOf(component, home).map(({ identity }) => identity));
  const end = await start(program, settings);
  report(capturesOf(component, home).filter(({ identity }) => !before.has(identity)));
  return end;
}

async function runToFile(program: Program, settings: ProgramSettings, file: string): Promise<ProgramEnd> {
  const folder = makeRunFolder(file);
  let end: ProgramEnd;
  try {
    end = await start(program, { ...settings, captures: folder });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const captures = collectCaptures(folder, end.pid, file);
  report(captures);
  // Fail when the requested file is missing, even if the program succeeded.
  return captures.length === 0 && end.status === 0 ? { ...end, status: 1 } : end;
}

function report(captures: readonly Capture[]): void {
  for (const capture of captures) note(`capture: ${capture.path} (${formatBytes(capture.bytes)})`);
  if (captures.length > 0) return;
  note(
    'no capture was written: no Node process of the program was profiled, or none long enough to begin one',
  );
}
