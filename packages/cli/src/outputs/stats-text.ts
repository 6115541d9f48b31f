import type { CaptureStats } from '@heapray/exporter/memray';
import { type CaptureFigures, isAggregated, locationText } from '../inputs/capture-figures.js';
import { printable } from '../text/printable.js';
import { formatBytes } from '../text/quantity.js';
import type { CapturesSummary } from './captures-summary.js';
import { fitLine, formatTable, wrapLine } from './table.js';

const BAR_WIDTH = 25;
const SIZES = 'Sizes';

/** A table of figures. */
export interface StatsSection {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Number of columns, from the left, that contain numbers. */
  readonly numbers: number;
}

/** Shown for an aggregated capture. */
export const NO_TOTALS = 'An aggregated capture does not say what was allocated in all.';

/** Formats the figures of captures as text. */
export function* statsText(summary: CapturesSummary): Generator<string> {
  yield formatTable(
    overviewRows(summary).map((row) => row.map(printable)),
    0,
  );
  for (const section of statsSections(summary)) yield* sectionText(withBars(section, summary));
  if (summary.stats === undefined) yield `\n${wrapLine(NO_TOTALS)}\n`;
}

/** Returns all tables after the overview. */
export function* statsSections(summary: CapturesSummary): Generator<StatsSection> {
  const { stats, captures } = summary;
  if (captures.length > 1) {
    const rows = captures.map(processRow);
    yield { title: 'Processes', head: ['PEAK', 'ALIVE', 'PROCESS', 'FILE'], rows, numbers: 2 };
  }
  if (stats === undefined) return;
  const sizes = stats.sizes.map(({ maxBytes, count: times }) => [
    `up to ${formatBytes(maxBytes)}`,
    count(times),
  ]);
  yield { title: SIZES, head: ['', 'COUNT'], rows: sizes, numbers: 2 };
  const allocators = [...stats.allocators].map(([name, times]) => [count(times), name]);
  yield { title: 'Allocators', head: ['COUNT', 'ALLOCATOR'], rows: allocators, numbers: 1 };
  const places = (totals: CaptureStats['locationsByBytes']) =>
    totals.map((total) => [formatBytes(total.bytes), count(total.count), locationText(total.location)]);
  const head = ['BYTES', 'COUNT', 'PLACE'];
  yield { title: 'Places by size', head, rows: places(stats.locationsByBytes), numbers: 2 };
  yield { title: 'Places by count', head, rows: places(stats.locationsByCount), numbers: 2 };
  if (!summary.hasModules) return;
  const modules = stats.modulesByBytes.map((total) => {
    return [formatBytes(total.bytes), count(total.count), total.module];
  });
  yield { title: 'Modules by size', head: ['BYTES', 'COUNT', 'MODULE'], rows: modules, numbers: 2 };
}

function processRow({ process, file, peakBytes, leaked }: CaptureFigures): string[] {
  return [formatBytes(peakBytes), formatBytes(leaked.bytes), process, file];
}

/** Returns the figures of all captures together, with their names. */
export function overviewRows({
  captures,
  header,
  times,
  stats,
  peakBytes,
  peakMeaning,
  leaked,
}: CapturesSummary): readonly (readonly [string, string])[] {
  const kind = isAggregated(header) ? 'aggregated' : 'all allocations';
  const start = new Date(times.start);
  const formats = new Set(captures.map((capture) => capture.header.format));
  const commands = new Set(captures.map((capture) => capture.header.commandLine));
  return [
    ['Command', `${header.commandLine}${commands.size > 1 ? ` (and ${commands.size - 1} more)` : ''}`],
    captures.length > 1 ? ['Processes', `${captures.length}`] : ['Process', `${header.pid}`],
    ['Started', Number.isNaN(start.getTime()) ? 'unknown' : start.toISOString()],
    ['Format', `${[...formats].join(', ')}, ${kind}`],
    ...[...new Set(captures.flatMap(({ time }) => time ?? []))].map((time) => ['Time', time] as const),
    ['Allocations', stats === undefined ? 'unknown' : count(stats.allocations)],
    ['Allocated', stats === undefined ? 'unknown' : formatBytes(stats.allocatedBytes)],
    ['Peak', `${formatBytes(peakBytes)}${peakMeaning === undefined ? '' : ` (${peakMeaning})`}`],
    [
      captures.some(({ time }) => time !== undefined) ? 'Alive at its end' : 'Alive at the end',
      `${formatBytes(leaked.bytes)} in ${count(leaked.count)} allocations`,
    ],
  ];
}

function* sectionText({ title, head, rows, numbers }: StatsSection): Generator<string> {
  if (rows.length === 0) return;
  yield `\n${fitLine(title)}\n`;
  yield formatTable([head, ...rows.map((row) => row.map(printable))], numbers);
}

/** Adds bars to the sizes. */
function withBars(section: StatsSection, { stats }: CapturesSummary): StatsSection {
  if (section.title !== SIZES || stats === undefined) return section;
  const most = stats.sizes.reduce((largest, bucket) => Math.max(largest, bucket.count), 1);
  const bar = (at: number) => '#'.repeat(Math.ceil((stats.sizes[at]!.count / most) * BAR_WIDTH));
  return { ...section, rows: section.rows.map((row, at) => [...row, bar(at)]) };
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
