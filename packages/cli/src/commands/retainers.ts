import { RecordedStackPackages } from '@heapray/exporter/call-sites';
import {
  type ClassTotals,
  classTotals,
  findHolders,
  type HeapSnapshot,
  type HolderReport,
  type SourceFunction,
} from '@heapray/exporter/heap-snapshot';
import type { Command } from 'commander';
import { CommandError, UsageError } from '../errors.js';
import { readSnapshotInput } from '../inputs/heap-snapshot.js';
import { OriginalFunctions } from '../inputs/original-functions.js';
import { assertReadOnce } from '../inputs/processes.js';
import { writeJson, writeStdout } from '../outputs/stdout.js';
import { ownPackage } from '../own-package.js';
import { holdersJson, holdersText } from '../snapshots/holders-report.js';
import { isProcess, isUrl } from '../snapshots/is-process.js';
import type { TakenSnapshot, TakeOptions } from '../snapshots/snapshot-output.js';
import { maxMemoryOption, maxSecondsOption, positiveInteger } from './options.js';

interface RetainersOptions {
  readonly class?: string;
  readonly function?: string;
  readonly top: number;
  readonly json?: true;
  readonly output?: string;
  readonly yes?: true;
}

export function addRetainers(program: Command): void {
  program
    .command('retainers')
    .summary('tell what holds the objects of a heap snapshot')
    .description(
      'Tells in words what keeps objects alive: for the largest classes of a heap snapshot (.heapsnapshot), or with ' +
        'two snapshots of one process for those that grew. The bytes of an object are its own and those of the ' +
        'strings, arrays and buffers that only it refers to. Of a running process of this machine, or of one whose debug ' +
        'server allows it (HEAPRAY_HEAP_SNAPSHOTS), a snapshot is taken first, which stops it for seconds.',
    )
    .argument(
      '<source>',
      'heap snapshot, - for standard input, process ID, or http://HOST:PORT of its debug server',
    )
    .argument('[later]', 'later snapshot of the same process')
    .option('--class <name>', 'only the class with this name')
    .option(
      '--function <name>',
      'only objects that this function allocated, for snapshots with the stacks of allocations',
    )
    .option('--top <count>', 'number of classes', positiveInteger, 5)
    .option('--json', 'print JSON')
    .option('-o, --output <file>', 'keep the snapshot of a running process in this file')
    .option('-y, --yes', 'stop the running process without a question')
    .addOption(maxMemoryOption())
    .addOption(maxSecondsOption())
    .action(retainers);
}

async function retainers(
  source: string,
  later: string | undefined,
  options: RetainersOptions,
): Promise<void> {
  if (!isProcess(source)) {
    if (options.output !== undefined) throw new UsageError('-o is for the ID or URL of a process');
    return explain(source, later, options);
  }
  if (later !== undefined) {
    throw new UsageError('a process takes no second argument: keep its snapshots with -o, and compare these');
  }
  const snapshot = await takeFrom(source, { output: options.output, isConfirmed: options.yes ?? false });
  try {
    await explain(snapshot.file, undefined, options);
  } finally {
    snapshot.release();
  }
}

/** Takes a snapshot of the process that an argument names: through its debug server if that takes any, else by attaching. */
async function takeFrom(source: string, options: TakeOptions): Promise<TakenSnapshot> {
  // Only this needs what talks to processes.
  if (isUrl(source)) {
    const { findSnapshotServer } = await import('../snapshots/server-snapshot.js');
    const server = await findSnapshotServer(source);
    if (server !== undefined) return server.take(options);
  }
  const [{ takeSnapshot }, { processIdOf }] = await Promise.all([
    import('../snapshots/take-snapshot.js'),
    import('../snapshots/process-id.js'),
  ]);
  return takeSnapshot(await processIdOf(source), options);
}

async function explain(file: string, later: string | undefined, options: RetainersOptions): Promise<void> {
  const files = later === undefined ? [file] : [file, later];
  assertReadOnce(files);
  const before = later === undefined ? undefined : await totalsOf(file, options);
  const newest = files.at(-1)!;
  const report = reportOf(newest, await readSnapshotInput(newest), options, before);
  if (options.json) await writeJson(holdersJson(files, report, packageOf()));
  else await writeStdout(holdersText(report));
}

async function totalsOf(file: string, { function: functionName }: RetainersOptions): Promise<ClassTotals> {
  const snapshot = await readSnapshotInput(file);
  checkStacks(file, snapshot, functionName);
  return classTotals(snapshot, { functionName, originalOf: originalOf() });
}

/** @throws CommandError if objects are to be selected by function, and the snapshot has no stacks of allocations */
function checkStacks(name: string, snapshot: HeapSnapshot, functionName: string | undefined): void {
  if (functionName === undefined || snapshot.traces !== undefined) return;
  throw new CommandError(
    `${name}: has no stacks of allocations, so --function cannot be used; --class selects by class`,
  );
}

function reportOf(
  name: string,
  snapshot: HeapSnapshot,
  { class: className, function: functionName, top }: RetainersOptions,
  before: ClassTotals | undefined,
): HolderReport {
  checkStacks(name, snapshot, functionName);
  const options = { before, className, functionName, top, originalOf: originalOf() };
  const report = findHolders(snapshot, options);
  if (report.classes.length > 0) return report;
  if (functionName !== undefined) {
    const which = before === undefined ? 'no object' : 'no more objects';
    throw new CommandError(`${name}: ${which} that function ${functionName} allocated`);
  }
  if (className !== undefined) throw new CommandError(`${name}: no object of class ${className}`);
  if (before !== undefined) throw new CommandError(`${name}: no class has grown`);
  throw new CommandError(`${name}: has no objects`);
}

/** Returns a function that finds functions in their original sources. */
function originalOf(): (found: SourceFunction) => SourceFunction {
  const originals = new OriginalFunctions();
  return (found) => originals.of(found);
}

/** Returns a function that finds the npm package of a file. */
function packageOf(): (file: string) => string | undefined {
  const folders = { libdest: '', sitePackages: [], sysPath: [] };
  const packages = new RecordedStackPackages({ language: 'node', ...folders }, ownPackage);
  return (file) => packages.packageOf([{ functionName: '', file }]);
}
