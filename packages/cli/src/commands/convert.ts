import {
  type CaptureWindow,
  DEFAULT_MEMRAY_FORMAT,
  MEMRAY_FORMATS,
  MemrayAggregator,
  MemrayConverter,
  type MemrayFormat,
} from '@heapray/exporter/memray';
import { symbolizeProfile } from '@heapray/exporter/symbols';
import { type Command, Option } from 'commander';
import { CommandError, UsageError } from '../errors.js';
import { COLUMN_WORDS, pickColumn } from '../inputs/columns.js';
import { PROFILE_FORMATS } from '../inputs/index.js';
import { applyStrict, finishCapture, openCapture, pushCapture, readCapture } from '../inputs/memray.js';
import { readInputs } from '../inputs/merged-input.js';
import {
  encode,
  formatOfName,
  holdsOneColumn,
  OUTPUT_FORMATS,
  type OutputFormat,
  type ProfileFormat,
} from '../outputs/formats.js';
import { writeOutput, writeStream } from '../outputs/write-output.js';
import {
  addReadingOptions,
  atPeakOption,
  fromOption,
  untilOption,
  type WindowOptions,
  windowOf,
} from './options.js';

interface ConvertOptions extends WindowOptions {
  readonly output: string;
  readonly to?: OutputFormat;
  readonly by?: string;
  readonly atPeak?: true;
  readonly memrayFormat?: `${MemrayFormat}`;
  readonly aggregate?: true;
  readonly strict?: true;
}

/** The format that the newest memray reads. */

/** Formats that have the addresses of native frames beside their names. */
const KEEP_PLACES: ReadonlySet<ProfileFormat> = new Set(['json', 'otlp', 'otlp-json']);

export function addConvert(program: Command): void {
  const command = program
    .command('convert')
    .summary('convert a profile to another format')
    .description(
      `Writes a profile in another format. Reads ${PROFILE_FORMATS}, told apart by content. ` +
        'The output format is that of --to, else of the extension: .pb, .pb.gz, .pprof, .bin, .otlp, .otlp.json, ' +
        '.json, .folded, .collapsed, .heapprofile. Also converts a memray capture to another ' +
        'format version, for another memray. Several files of one kind become one profile, with the label process.',
    )
    .argument('<input...>', 'profiles to convert; - for standard input')
    .requiredOption('-o, --output <file>', 'output file; - for standard output')
    .addOption(new Option('--to <format>', 'output format').choices([...OUTPUT_FORMATS]))
    .addOption(
      new Option(
        '--memray-format <version>',
        'format version of a memray capture: 13 (memray 1.20), 12 (1.19), 11 (1.11 to 1.18)',
      ).choices(MEMRAY_FORMATS.map(String)),
    )
    .option('--by <column>', `column to write, for folded and heapprofile: ${COLUMN_WORDS}`)
    .addOption(atPeakOption('by'))
    .addOption(fromOption())
    .addOption(untilOption())
    .option(
      '--aggregate',
      'write an aggregated memray capture, as memray run --aggregate does: small, without history',
    );
  addReadingOptions(command).action(convert);
}

async function convert(inputs: readonly string[], options: ConvertOptions): Promise<void> {
  const [input = '', ...more] = inputs;
  const { output, to, memrayFormat, aggregate, strict } = options;
  const by = options.atPeak ? 'peak' : options.by;
  const window = windowOf(options);
  const format = to ?? formatOfName(output);
  if (format === undefined) {
    throw new UsageError(
      `-o ${output}: its name does not tell the format; say --to ${OUTPUT_FORMATS.join(' or ')}`,
    );
  }
  if (by !== undefined && !holdsOneColumn(format)) {
    const option = options.atPeak ? '--at-peak' : '--by';
    throw new UsageError(`${option} is for formats that hold one column; ${format} holds them all`);
  }
  if (format === 'memray') {
    if (more.length > 0) {
      throw new UsageError(
        'a memray capture is of one process: convert each by itself, or all to another format',
      );
    }
    if (window !== undefined) {
      throw new UsageError('--from and --until are for profiles; a memray capture is converted as a whole');
    }
    const version = Number(memrayFormat ?? DEFAULT_MEMRAY_FORMAT) as MemrayFormat;
    if (aggregate) return aggregateCapture(input, output, version, strict);
    return convertCapture(input, output, version, strict);
  }
  if (memrayFormat !== undefined) throw new UsageError(`--memray-format is for memray, not for ${format}`);
  if (aggregate) throw new UsageError(`--aggregate is for memray, not for ${format}`);
  return convertProfile(inputs, output, format, { by, strict, window });
}

async function convertProfile(
  inputs: readonly string[],
  output: string,
  format: ProfileFormat,
  {
    by,
    strict,
    window,
  }: {
    readonly by: string | undefined;
    readonly strict: boolean | undefined;
    readonly window: CaptureWindow | undefined;
  },
): Promise<void> {
  const { profile, ends, name } = await readInputs(inputs, false, window);
  const column = pickColumn(profile, by, name);
  try {
    // Viewers of pprof symbolize by themselves, and can use debug information.
    const named =
      format === 'pprof' ? profile : symbolizeProfile(profile, { keepPlaces: KEEP_PLACES.has(format) });
    await writeOutput(output, await encode(named, format, column.index, output));
  } catch (cause) {
    // The format cannot represent the profile.
    if (cause instanceof RangeError) throw new CommandError(`${name}: ${cause.message}`, { cause });
    throw cause;
  }
  applyStrict(strict, ...ends);
}

async function convertCapture(
  input: string,
  output: string,
  version: MemrayFormat,
  strict: boolean | undefined,
): Promise<void> {
  const opened = await openCapture(input);
  const converter = new MemrayConverter(version);
  async function* converted(): AsyncGenerator<Uint8Array> {
    for await (const _ of pushCapture(opened, converter)) yield converter.take();
    const end = finishCapture(opened, converter);
    yield converter.take();
    applyStrict(strict, end);
  }
  try {
    await writeStream(output, converted(), () => converter.headerPatches());
  } finally {
    // If the output cannot be created, `converted` is never started and does not close the input.
    await opened.close();
  }
}

async function aggregateCapture(
  input: string,
  output: string,
  version: MemrayFormat,
  strict: boolean | undefined,
): Promise<void> {
  const aggregator = new MemrayAggregator(version);
  const end = await readCapture(await openCapture(input), aggregator);
  async function* aggregated(): AsyncGenerator<Uint8Array> {
    yield* aggregator.encode();
  }
  await writeStream(output, aggregated(), () => []);
  applyStrict(strict, end);
}
