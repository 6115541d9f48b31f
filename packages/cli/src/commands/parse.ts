import { type CaptureEnd, RecordPrinter, RecordStream, TimeWindow } from '@heapray/exporter/memray';
import type { Command } from 'commander';
import { applyStrict, finishCapture, noteCut, openCapture, pushCapture } from '../inputs/memray.js';
import { writeStdout } from '../outputs/stdout.js';
import { printable } from '../text/printable.js';
import { addReadingOptions, fromOption, untilOption, type WindowOptions, windowOf } from './options.js';

interface ParseOptions extends WindowOptions {
  readonly strict?: true;
}

export function addParse(program: Command): void {
  const command = program
    .command('parse')
    .summary('print the records of a memray capture')
    .description(
      'Prints each record of a capture, as `memray parse` does, for debugging. With --from or --until: the header, and ' +
        'the records of that time.',
    )
    .argument('<file>', 'capture; - for standard input')
    .addOption(fromOption())
    .addOption(untilOption());
  addReadingOptions(command).action(parse);
}

async function parse(file: string, options: ParseOptions): Promise<void> {
  const selected = windowOf(options);
  const window = selected === undefined ? undefined : new TimeWindow(selected);
  const lines: string[] = [];
  // Names may contain line breaks and control characters, which memray prints unchanged.
  const printer = new RecordPrinter((line) => lines.push(`${printable(line)}\n`), window);
  const stream = new PrintedStream(printer, window);
  const opened = await openCapture(file);
  for await (const _ of pushCapture(opened, stream)) {
    if (!(await writeStdout(lines.splice(0)))) return;
  }
  const end = finishCapture(opened, stream);
  noteCut(opened.name, window);
  await writeStdout(lines);
  applyStrict(options.strict, end);
}

/** Ends the selected time together with the capture. */
class PrintedStream extends RecordStream {
  readonly #window: TimeWindow | undefined;

  constructor(printer: RecordPrinter, window: TimeWindow | undefined) {
    super(printer);
    this.#window = window;
  }

  override end(): CaptureEnd {
    const end = super.end();
    this.#window?.finish();
    return end;
  }
}
