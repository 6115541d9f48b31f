import { MemrayAnalyzer } from '@heapray/exporter/memray';
import type { Command } from 'commander';
import { applyStrict, openCapture, readCapture } from '../inputs/memray.js';
import { mayUseThread } from '../inputs/own-thread.js';
import { statsJson } from '../outputs/stats-json.js';
import { statsText } from '../outputs/stats-text.js';
import { writeJson, writeStdout } from '../outputs/stdout.js';
import { maxMemoryOption, maxSecondsOption, rowsOption, strictOption } from './options.js';

interface StatsOptions {
  readonly json?: true;
  readonly rows: number;
  readonly strict?: true;
}

export function addStats(program: Command): void {
  program
    .command('stats')
    .summary('figures of a memray capture')
    .description(
      'Tells what `memray stats` tells of a capture, of any of its formats: allocations in all, the peak, sizes, ' +
        'allocators, the biggest places and modules; and what was alive at the end.',
    )
    .argument('<file>', 'the capture; - for standard input')
    .option('--json', 'as JSON with the keys of memray, on standard output')
    .addOption(rowsOption(5))
    .addOption(strictOption())
    .addOption(maxMemoryOption())
    .addOption(maxSecondsOption())
    .action(stats);
}

async function stats(file: string, { json, rows, strict }: StatsOptions): Promise<void> {
  const analyzer = new MemrayAnalyzer({ stats: true, ownThread: mayUseThread() });
  const end = await readCapture(await openCapture(file), analyzer);
  if (json) await writeJson(statsJson({ analyzer, end }, rows));
  else await writeStdout(statsText({ analyzer, end }, rows));
  applyStrict(strict, end);
}
