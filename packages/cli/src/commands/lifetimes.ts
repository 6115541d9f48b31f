import { type Command, InvalidArgumentError, Option } from 'commander';
import { applyStrict } from '../inputs/memray.js';
import { agesJson, lifetimesJson } from '../lifetimes/lifetimes-json.js';
import {
  agesReport,
  type LifetimesReport,
  lifetimesReport,
  reportMarkdown,
  reportText,
} from '../lifetimes/lifetimes-tables.js';
import { readLifetimes } from '../lifetimes/read-lifetimes.js';
import { writeJson, writeStdout } from '../outputs/stdout.js';
import {
  addReadingOptions,
  fromOption,
  markdownOption,
  rowsOption,
  untilOption,
  type WindowOptions,
  windowOf,
} from './options.js';

interface LifetimesOptions extends WindowOptions {
  readonly json?: true;
  readonly md?: true;
  readonly rows: number;
  readonly windows: number;
  readonly temporaryAllocations: number;
  readonly component?: string;
  readonly strict?: true;
}

const MAX_WINDOWS = 100;
const MAX_THRESHOLD = 1_000;

export function addLifetimes(program: Command): void {
  const command = program
    .command('lifetimes')
    .summary('show how long allocations live')
    .description(
      'Shows how long the allocations of a memray capture live, by function: from the memory record before the ' +
        'allocation to the one before it was freed. One row has the temporary allocations of ' +
        '`memray --temporary-allocations`, which are in other rows too. Of a heap profile of heapray, or a server that ' +
        'has one, it shows the age of what is in use.',
    )
    .argument(
      '<source>',
      'capture or heap profile; - for standard input; http://HOST:PORT, or port of this machine',
    )
    .option('--json', 'print JSON, also with windows of birth and death')
    .addOption(markdownOption())
    .addOption(rowsOption(10))
    .addOption(
      new Option('--windows <count>', 'number of equal windows of time in the JSON, at most')
        .argParser(integer(1, MAX_WINDOWS))
        .default(10),
    )
    .addOption(
      new Option(
        '--temporary-allocations <count>',
        'temporary is what a thread frees after at most this many more allocations',
      )
        .argParser(integer(0, MAX_THRESHOLD))
        .default(1),
    )
    .addOption(fromOption())
    .addOption(untilOption())
    .option('--component <name>', 'component, for a server of heapray watch');
  addReadingOptions(command).action(lifetimes);
}

async function lifetimes(source: string, options: LifetimesOptions): Promise<void> {
  const { json, rows, temporaryAllocations: threshold, component } = options;
  const read = await readLifetimes(source, component, {
    window: windowOf(options),
    temporaryThreshold: threshold,
    windows: json ? options.windows : 0,
  });
  if (read.format !== 'memray') {
    if (json) await writeJson(agesJson(source, read.format, read.ages, rows));
    else await write(agesReport(read.ages, rows), options);
    return;
  }
  if (json) await writeJson(lifetimesJson(source, read.lifetimes, { rows, threshold }));
  else await write(lifetimesReport(read.lifetimes, rows, threshold), options);
  applyStrict(options.strict, read.end);
}

async function write(report: LifetimesReport, { md }: LifetimesOptions): Promise<void> {
  await writeStdout(md ? reportMarkdown(report) : reportText(report));
}

function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,4}$/.test(text) ? Number(text) : -1;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Must be an integer from ${least} to ${most}.`);
  };
}
