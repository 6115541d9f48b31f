import { RecordPrinter, RecordStream } from '@heapray/exporter/memray';
import type { Command } from 'commander';
import { applyStrict, openCapture, readCapture } from '../inputs/memray.js';
import { writeStdout } from '../outputs/stdout.js';
import { printable } from '../text/printable.js';
import { strictOption } from './options.js';

export function addParse(program: Command): void {
  program
    .command('parse')
    .summary('one line per record of a memray capture')
    .description(
      'Prints every record of a capture, of any of its formats, as `memray parse` does; for debugging.',
    )
    .argument('<file>', 'the capture; - for standard input')
    .addOption(strictOption())
    .action(parse);
}

async function parse(file: string, { strict }: { readonly strict?: true }): Promise<void> {
  let lines: string[] = [];
  // Names may hold what would break the line; memray prints it as it is.
  const printer = new RecordPrinter((line) => lines.push(`${printable(line)}\n`));
  const flush = async (): Promise<void> => {
    const full = lines;
    lines = [];
    await writeStdout(full);
  };
  const end = await readCapture(await openCapture(file), new RecordStream(printer), flush);
  await flush();
  applyStrict(strict, end);
}
