import type { Command } from 'commander';
import { type CaptureFigures, readFigures, type SiteBytes } from '../inputs/capture-figures.js';
import { applyStrict } from '../inputs/memray.js';
import { inputsName } from '../inputs/merged-input.js';
import { type CapturesSummary, summarize } from '../outputs/captures-summary.js';
import { statsJson } from '../outputs/stats-json.js';
import { statsMarkdown } from '../outputs/stats-markdown.js';
import { statsText } from '../outputs/stats-text.js';
import { writeJson, writeStdout } from '../outputs/stdout.js';
import { formatBytes } from '../text/quantity.js';
import { type FailLimit, failOverOption, holdAgainst, type LimitSubject } from './fail-over.js';
import {
  addReadingOptions,
  fromOption,
  markdownOption,
  rowsOption,
  untilOption,
  type WindowOptions,
  windowOf,
} from './options.js';

interface StatsOptions extends WindowOptions {
  readonly json?: true;
  readonly md?: true;
  readonly rows: number;
  readonly strict?: true;
  readonly failOver?: readonly FailLimit[];
}

export function addStats(program: Command): void {
  const command = program
    .command('stats')
    .summary('show statistics of memray captures')
    .description(
      'Shows statistics of a capture, as `memray stats` does: total allocations, peak, sizes, allocators, largest ' +
        'locations and modules. Adds what was alive at the end. Several captures, such as those of forked processes, ' +
        'are summed.',
    )
    .argument('<file...>', 'captures; - for standard input')
    .option('--json', 'print JSON with the keys of memray')
    .addOption(markdownOption())
    .addOption(rowsOption(5))
    .addOption(fromOption())
    .addOption(untilOption())
    .addOption(failOverOption('the peak or what is leaked (peak=..., leaked=...; % of the peak)'));
  addReadingOptions(command).action(stats);
}

async function stats(files: readonly string[], options: StatsOptions): Promise<void> {
  const { json, md, rows, strict, failOver = [] } = options;
  const captures = await readFigures(files, failOver.length > 0, windowOf(options));
  const summary = summarize(captures, rows);
  if (json) await writeJson(statsJson(summary));
  else if (md) await writeStdout(statsMarkdown(summary));
  else await writeStdout(statsText(summary));
  applyStrict(strict, ...captures.map(({ end }) => end));
  for (const limit of failOver) checkLimit(inputsName(files), limit, summary);
}

/** Checks a limit. The leaked amount comes first, because the peak is never below it. */
function checkLimit(name: string, limit: FailLimit, { captures, peakBytes, leaked }: CapturesSummary): void {
  const measured = {
    peak: { what: 'the peak', amount: peakBytes },
    leaked: {
      what: 'what is leaked',
      amount: leaked.bytes,
      whole: { name: 'the peak', amount: peakBytes },
    },
  };
  const subjects: readonly LimitSubject[] =
    limit.subject === undefined ? ['leaked', 'peak'] : [limit.subject];
  for (const subject of subjects) {
    const site = siteText(captures, subject);
    if (holdAgainst(name, limit, { ...measured[subject], unit: 'bytes', site })) return;
  }
}

function siteText(captures: readonly CaptureFigures[], subject: LimitSubject): string {
  const all = new Map<string, number>();
  for (const { sites } of captures) addAll(all, sites[subject]);
  const [site, bytes] = [...all].reduce((most, each) => (each[1] > most[1] ? each : most), ['', 0]);
  return site === '' ? '' : `; most by ${site}: ${formatBytes(bytes)}`;
}

function addAll(sums: Map<string, number>, more: SiteBytes): void {
  for (const [site, bytes] of more) sums.set(site, (sums.get(site) ?? 0) + bytes);
}
