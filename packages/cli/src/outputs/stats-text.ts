import type { CaptureStats, SizeBucket } from '@heapray/exporter/memray';
import { type CaptureFigures, isAggregated, locationText } from '../inputs/capture-figures.js';
import { printable } from '../text/printable.js';
import { formatBytes } from '../text/quantity.js';
import type { CapturesSummary } from './captures-summary.js';
import { fitLine, formatTable, wrapLine } from './table.js';

const BAR_WIDTH = 25;

/** Formats the figures of captures as text. */
export function* statsText(summary: CapturesSummary): Generator<string> {
  const { stats, captures } = summary;
  yield* overview(summary);
  if (captures.length > 1)
    yield* section('Processes', ['PEAK', 'ALIVE', 'PROCESS', 'FILE'], captures.map(processRow), 2);
  if (stats === undefined) {
    yield `\n${wrapLine('An aggregated capture does not say what was allocated in all.')}\n`;
    return;
  }
  yield* section('Sizes', ['', 'COUNT'], histogram(stats.sizes), 2);
  const allocators = [...stats.allocators].map(([name, times]) => [count(times), name]);
  yield* section('Allocators', ['COUNT', 'ALLOCATOR'], allocators, 1);
  const places = ({ locationsByBytes: bySize, locationsByCount: byCount }: CaptureStats) => {
    const row = (total: (typeof bySize)[number]) => [
      formatBytes(total.bytes),
      count(total.count),
      locationText(total.location),
    ];
    return { bySize: bySize.map(row), byCount: byCount.map(row) };
  };
  const { bySize, byCount } = places(stats);
  yield* section('Places by size', ['BYTES', 'COUNT', 'PLACE'], bySize, 2);
  yield* section('Places by count', ['BYTES', 'COUNT', 'PLACE'], byCount, 2);
  if (!summary.hasModules) return;
  const modules = stats.modulesByBytes.map((total) => {
    return [formatBytes(total.bytes), count(total.count), total.module];
  });
  yield* section('Modules by size', ['BYTES', 'COUNT', 'MODULE'], modules, 2);
}

function processRow({ process, file, peakBytes, leaked }: CaptureFigures): string[] {
  return [formatBytes(peakBytes), formatBytes(leaked.bytes), process, file];
}

function* overview({
  captures,
  header,
  times,
  stats,
  peakBytes,
  peakMeaning,
  leaked,
}: CapturesSummary): Generator<string> {
  const kind = isAggregated(header) ? 'aggregated' : 'all allocations';
  const start = new Date(times.start);
  const formats = new Set(captures.map((capture) => capture.header.format));
  const commands = new Set(captures.map((capture) => capture.header.commandLine));
  const lines = [
    ['Command', `${header.commandLine}${commands.size > 1 ? ` (and ${commands.size - 1} more)` : ''}`],
    captures.length > 1 ? ['Processes', `${captures.length}`] : ['Process', `${header.pid}`],
    ['Started', Number.isNaN(start.getTime()) ? 'unknown' : start.toISOString()],
    ['Format', `${[...formats].join(', ')}, ${kind}`],
    ['Allocations', stats === undefined ? 'unknown' : count(stats.allocations)],
    ['Allocated', stats === undefined ? 'unknown' : formatBytes(stats.allocatedBytes)],
    ['Peak', `${formatBytes(peakBytes)}${peakMeaning === undefined ? '' : ` (${peakMeaning})`}`],
    ['Alive at the end', `${formatBytes(leaked.bytes)} in ${count(leaked.count)} allocations`],
  ];
  yield formatTable(
    lines.map((line) => line.map(printable)),
    0,
  );
}

function* section(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: number,
): Generator<string> {
  if (rows.length === 0) return;
  yield `\n${fitLine(title)}\n`;
  yield formatTable([head, ...rows.map((row) => row.map(printable))], numbers);
}

function histogram(sizes: readonly SizeBucket[]): string[][] {
  const most = sizes.reduce((largest, bucket) => Math.max(largest, bucket.count), 1);
  return sizes.map(({ maxBytes, count: times }) => [
    `up to ${formatBytes(maxBytes)}`,
    count(times),
    '#'.repeat(Math.ceil((times / most) * BAR_WIDTH)),
  ]);
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
