import type { CaptureStats, SizeBucket } from '@heapray/exporter/memray';
import { printable } from '../text/printable.js';
import { formatBytes } from '../text/quantity.js';
import { fitLine, formatTable, wrapLine } from '../text/table.js';
import { hasModules, isAggregated, leaked, locationText, type ReadCapture } from './stats-json.js';

const BAR_WIDTH = 25;

/** The figures of a capture for people. */
export function* statsText(capture: ReadCapture, rows: number): Generator<string> {
  const { header } = capture.end;
  const stats = isAggregated(header) ? undefined : capture.analyzer.stats(rows);
  yield* overview(capture, stats);
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
      locationText(total),
    ];
    return { bySize: bySize.map(row), byCount: byCount.map(row) };
  };
  const { bySize, byCount } = places(stats);
  yield* section('Places by size', ['BYTES', 'COUNT', 'PLACE'], bySize, 2);
  yield* section('Places by count', ['BYTES', 'COUNT', 'PLACE'], byCount, 2);
  if (!hasModules(header)) return;
  const modules = stats.modulesByBytes.map((total) => {
    return [formatBytes(total.bytes), count(total.count), total.module];
  });
  yield* section('Modules by size', ['BYTES', 'COUNT', 'MODULE'], modules, 2);
}

function* overview({ analyzer, end }: ReadCapture, stats: CaptureStats | undefined): Generator<string> {
  const { header } = end;
  const { bytes, count: number } = leaked(analyzer);
  const kind = isAggregated(header) ? 'aggregated' : 'all allocations';
  const start = new Date(header.startTimeMillis);
  const lines = [
    ['Command', header.commandLine],
    ['Process', `${header.pid}`],
    ['Started', Number.isNaN(start.getTime()) ? 'unknown' : start.toISOString()],
    ['Format', `${header.format}, ${kind}`],
    ['Allocations', stats === undefined ? 'unknown' : count(stats.allocations)],
    ['Allocated', stats === undefined ? 'unknown' : formatBytes(stats.allocatedBytes)],
    ['Peak', formatBytes(analyzer.peakBytes)],
    ['Alive at the end', `${formatBytes(bytes)} in ${count(number)} allocations`],
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
