import { type TopRow, topOf, totals } from '@heapray/exporter/profile';
import { fitLine, formatTable } from '../outputs/table.js';
import { nameText, placeText, rowText } from '../text/place.js';
import { printable } from '../text/printable.js';
import { formatBytes, formatShare } from '../text/quantity.js';
import type { Growth } from './sampling/growth.js';
import { SUSPECT_SECONDS, type Suspect, WINDOW_MILLIS } from './sampling/leak-windows.js';
import type { SampledWindow } from './sampling/sample-window.js';
import type { Target } from './target.js';

/** Yields what was sampled as text: the largest functions, and what grew. */
export function* windowText(
  target: Pick<Target, 'pid' | 'command' | 'nodeVersion'>,
  window: SampledWindow,
  count: number,
): Generator<string> {
  const { pid, command, nodeVersion } = target;
  yield `${fitLine(printable(`process ${pid}: ${command} (Node ${nodeVersion}), main thread`))}\n`;
  for (const sentence of meaningOf(window)) yield `${fitLine(sentence)}\n`;
  const rows = rowsOf(window);
  if (rows.length > 0) yield `\n${table(window, rows.slice(0, count))}`;
  if (rows.length > count) yield `\n${fitLine(`${rows.length - count} more; -n shows more rows`)}\n`;
  yield* growthText(window);
  yield* leaksText(window);
}

/** A function, and what it has in use or has allocated. */
interface Row extends TopRow {
  /** Estimated bytes of all allocations; undefined if the table lacks this column. */
  readonly allocated: number | undefined;
}

function rowsOf({ profile, kind }: SampledWindow): readonly Row[] {
  const top = (column: string) => topOf(profile, { column, groupBy: 'function' });
  if (kind !== 'without collections') {
    const rows = top(kind === 'all allocations' ? 'alloc_space' : 'inuse_space');
    return rows.filter(({ flat }) => flat > 0).map((row) => ({ ...row, allocated: undefined }));
  }
  const allocated = new Map(top('alloc_space').map((row) => [rowText(row), row.flat]));
  const rows = top('inuse_space').map((row) => ({ ...row, allocated: allocated.get(rowText(row)) ?? 0 }));
  return rows
    .filter((row) => row.flat > 0 || row.allocated > 0)
    .sort((a, b) => b.flat - a.flat || b.allocated - a.allocated);
}

function table({ kind }: SampledWindow, rows: readonly Row[]): string {
  const isEstimated = kind === 'without collections';
  const cells = rows.map((row) => [
    formatBytes(row.flat),
    formatShare(row.share),
    ...(isEstimated ? [formatBytes(row.allocated ?? 0)] : []),
    printable(nameText(row)),
    printable(placeText(row)),
  ]);
  const first = kind === 'all allocations' ? 'ALLOCATED' : 'IN USE';
  const heads = [first, 'SHARE', ...(isEstimated ? ['ALLOCATED'] : []), 'FUNCTION', 'FILE'];
  return formatTable([heads, ...cells], isEstimated ? 3 : 2);
}

/** Returns what the figures mean, in sentences. */
function meaningOf({
  kind,
  seconds,
  interval,
  profile,
  allocated,
  freedShown,
  pauseMillis,
}: SampledWindow): readonly string[] {
  const sums = totals(profile);
  const time = `${seconds.toFixed(1)} s`;
  const sampled = `sampled every ${formatBytes(interval)}`;
  const inUse = formatBytes(sums.inuse_space ?? 0);
  const pause = `The last reading with its collection took ${Math.ceil(pauseMillis)} ms.`;
  switch (kind) {
    case 'others':
      return [
        `Another profiler has V8's sampler, which was only read. In use by it, garbage included: ${inUse}`,
        `Time between the two readings: ${time}`,
      ];
    case 'all allocations':
      return [
        `Allocated in ${time}, in use or freed: ${formatBytes(sums.alloc_space ?? 0)}, ${sampled}`,
        pause,
      ];
    case 'with collections':
      return [
        `Allocated in ${time} and in use at the end: ${inUse}, of at least ${formatBytes(allocated ?? 0)}, ${sampled}`,
        `${pause} By whom the rest was allocated: --alloc.`,
      ];
    case 'without collections':
      return [
        `Allocated in ${time} and in use at the end: ${inUse}, of ${formatBytes(Math.round(allocated ?? 0))}, ${sampled}`,
        `${pause} ALLOCATED is estimated from ${freedShown} samples of what was freed.`,
      ];
  }
}

function* leaksText({ leaks, seconds, kind }: SampledWindow): Generator<string> {
  if (leaks === undefined) {
    const isPossible = kind === 'with collections' || kind === 'without collections';
    if (isPossible && seconds < SUSPECT_SECONDS) {
      yield `\n${fitLine(`Leak suspects: not in ${Math.round(seconds)} s; --seconds ${SUSPECT_SECONDS} or more tells a leak from a cache that fills.`)}\n`;
    }
    return;
  }
  const { suspects, windows, neededWindows } = leaks;
  const every = `windows of ${WINDOW_MILLIS / 1000} s`;
  if (windows < neededWindows) {
    yield `\n${fitLine(`Leak suspects: not after ${windows} ${every} or more; ${neededWindows} are needed, so sample longer.`)}\n`;
  } else if (suspects.length === 0) {
    yield `\nLeak suspects: none in ${windows} ${every}.\n`;
  } else yield '\nLeak suspects, by the rules of heapray:\n';
  for (const suspect of suspects) yield `${fitLine(printable(suspectLine(suspect)))}\n`;
}

function suspectLine(suspect: Suspect): string {
  const { oldBytes, bytesPerSecond, grownWindows, windows } = suspect;
  const held = formatBytes(Math.round(oldBytes));
  const rate = formatBytes(Math.round(60 * bytesPerSecond));
  return `  ${rowText(suspect)}: holds ${held}, grows ${rate}/min, ${grownWindows} of ${windows} windows`;
}

function* growthText({ growth, kind, seconds }: SampledWindow): Generator<string> {
  if (growth.length === 0) return;
  const what =
    kind === 'others'
      ? 'More in use than at the start'
      : 'Kept what they allocated, from the first half of the time on';
  yield `\n${fitLine(`${what} (growth: a cache that fills looks like a leak):`)}\n`;
  for (const each of growth) yield `${fitLine(printable(growthLine(each, seconds)))}\n`;
}

function growthLine(growth: Growth, seconds: number): string {
  const { bytes, old } = growth;
  const rate = formatBytes(Math.round(bytes / Math.max(1, seconds)));
  const first = old === undefined ? '' : `, ${formatBytes(Math.round(old))} of it from the first half`;
  return `  ${rowText(growth)}: +${formatBytes(Math.round(bytes))}${first}, ${rate}/s`;
}
