import { type Command, Option } from 'commander';
import { CommandError, UsageError } from '../errors.js';
import { COLUMN_WORDS, pickColumn } from '../inputs/columns.js';
import { PROFILE_FORMATS, readInput } from '../inputs/index.js';
import {
  encode,
  formatOfName,
  holdsOneColumn,
  OUTPUT_FORMATS,
  type OutputFormat,
} from '../outputs/formats.js';
import { writeOutput } from '../outputs/write-output.js';

interface ConvertOptions {
  readonly output: string;
  readonly to?: OutputFormat;
  readonly by?: string;
}

export function addConvert(program: Command): void {
  program
    .command('convert')
    .summary('between formats')
    .description(
      `Writes a profile in another format. Reads ${PROFILE_FORMATS}, told apart by content. ` +
        'The format is that of --to, else what the name of the output says: .pb, .pb.gz, .pprof, .json, .folded, ' +
        '.collapsed, .heapprofile.',
    )
    .argument('<input>', 'the profile; - for standard input')
    .requiredOption('-o, --output <file>', 'the file to write; - for standard output')
    .addOption(new Option('--to <format>', 'the format to write').choices([...OUTPUT_FORMATS]))
    .option('--by <column>', `the one column that folded and heapprofile hold: ${COLUMN_WORDS}`)
    .action(convert);
}

async function convert(input: string, { output, to, by }: ConvertOptions): Promise<void> {
  const format = to ?? formatOfName(output);
  if (format === undefined) {
    throw new UsageError(
      `-o ${output}: its name does not tell the format; say --to ${OUTPUT_FORMATS.join(' or ')}`,
    );
  }
  if (by !== undefined && !holdsOneColumn(format)) {
    throw new UsageError(`--by is for formats that hold one column; ${format} holds them all`);
  }
  const { profile } = await readInput(input);
  const column = pickColumn(profile, by, input);
  try {
    await writeOutput(output, await encode(profile, format, column.index, output));
  } catch (cause) {
    // What a format cannot hold.
    if (cause instanceof RangeError) throw new CommandError(`${input}: ${cause.message}`, { cause });
    throw cause;
  }
}
