import { RecordPrinter, RecordStream } from '@heapray/exporter/memray';
import type { Command } from 'commander';
import { applyStrict, finishCapture, openCapture, pushCapture } from '../inputs/memray.js';
import { writeStdout } from '../outputs/stdout.js';
import { printable } from '../text/printable.js';
import { maxMemoryOption, maxSecondsOption, strictOption } from './options.js';

export function addParse(program: Command): void {
  program
    .command('parse')
    .summary('print the records of a memray capture')
    .description('Prints each record of a capture, as `memray parse` does, for debugging.')
    .argument('<file>', 'capture; - for standard input')
    .addOption(strictOption())
    .addOption(maxMemoryOption())
    .addOption(maxSecondsOption())
    .action(parse);
}

async function parse(file: string, { strict }: { readonly strict?: true }): Promise<void> {
  const lines: string[] = [];
  // Names may contain line breaks and control characters, which memray prints unchanged.
  const printer = new RecordPrinter((line) => lines.push(`${printable(line)}\n`));
  const stream = new RecordStream(printer);
  const opened = await openCapture(file);
  for await (const _ of pushCapture(opened, stream)) {
    if (!(await writeStdout(lines.splice(0)))) return;
  }
  const end = finishCapture(opened, stream);
  await writeStdout(lines);
  applyStrict(strict, end);
}
