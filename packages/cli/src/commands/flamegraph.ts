import path from 'node:path';
import { isNodeCapture } from '@heapray/exporter/memray';
import { makePageData, type PageData, pageHtml } from '@heapray/exporter/page';
import { callSitesOnly } from '@heapray/exporter/profile';
import { symbolizeProfile } from '@heapray/exporter/symbols';
import type { Command } from 'commander';
import { CommandError } from '../errors.js';
import { COLUMN_WORDS, pickColumn } from '../inputs/columns.js';
import { withCommonColumns } from '../inputs/common-columns.js';
import { comparablePlaces } from '../inputs/comparable-places.js';
import { PROFILE_FORMATS } from '../inputs/index.js';
import { applyStrict } from '../inputs/memray.js';
import { type MergedInput, readInputs } from '../inputs/merged-input.js';
import { assertReadOnce } from '../inputs/processes.js';
import { writeOutput } from '../outputs/write-output.js';
import {
  addReadingOptions,
  atPeakOption,
  fromOption,
  untilOption,
  type WindowOptions,
  windowOf,
} from './options.js';

interface FlamegraphOptions extends WindowOptions {
  readonly output: string;
  readonly column?: string;
  readonly atPeak?: true;
  readonly hideSourcePaths?: true;
  readonly strict?: true;
}

export function addFlamegraph(program: Command): void {
  const command = program
    .command('flamegraph')
    .summary('write an HTML page with a flame graph')
    .description(
      `Writes one HTML file that shows a profile as flame graph and tables, or with two files what grew and what ` +
        `shrank. It needs no network. Reads ${PROFILE_FORMATS}, told apart by content.`,
    )
    .argument('<file>', 'profile; - for standard input')
    .argument('[later]', 'later profile to compare with')
    .requiredOption('-o, --output <file>', 'HTML file; - for standard output')
    .option('--column <column>', `column to show first: ${COLUMN_WORDS} (default: that of the profile)`)
    .addOption(atPeakOption('column'))
    .addOption(fromOption())
    .addOption(untilOption())
    .option('--hide-source-paths', 'leave out the folders of source files, to pass the page on');
  addReadingOptions(command).action(flamegraph);
}

async function flamegraph(
  file: string,
  later: string | undefined,
  options: FlamegraphOptions,
): Promise<void> {
  const files = later === undefined ? [file] : [file, later];
  assertReadOnce(files);
  const inputs: MergedInput[] = [];
  for (const each of files) inputs.push(await readInputs([each], false, windowOf(options)));
  const html = pageHtml(dataOf(inputs, options.atPeak ? 'peak' : options.column), {
    hideSourcePaths: options.hideSourcePaths,
  });
  await writeOutput(options.output, [html]);
  applyStrict(options.strict, ...inputs.flatMap(({ ends }) => ends));
}

function dataOf(inputs: readonly MergedInput[], by: string | undefined): PageData {
  const profiles = comparable(inputs).map((profile) =>
    symbolizeProfile(callSitesOnly(profile), { keepPlaces: true }),
  );
  const names = inputs.map(({ name }) => path.basename(name));
  const name = inputs.map((input) => input.name).join(' and ');
  return makePageData(
    profiles.map((profile, at) => ({
      profile,
      name: names[at]!,
      ...(isExact(inputs[at]!) && { samplingInterval: 0 }),
    })),
    {
      column: pickColumn(profiles.at(-1)!, by, name).type,
      ...(profiles.length > 1 && { placeOf: comparablePlaces(profiles) }),
    },
  );
}

/** Returns whether every allocation was recorded: by memray, not by heapray, whose captures are of samples. */
function isExact({ ends }: MergedInput): boolean {
  return ends.every((end) => end !== undefined && !isNodeCapture(end.header));
}

/** Returns the profiles of the inputs, reduced to the columns that all have. */
function comparable([older, newer]: readonly MergedInput[]): MergedInput['profile'][] {
  if (older === undefined || newer === undefined) return older === undefined ? [] : [older.profile];
  const common = withCommonColumns(older.profile, newer.profile);
  if (common === undefined) {
    throw new CommandError(`${newer.name}: no column in common with ${older.name}`);
  }
  return common;
}
