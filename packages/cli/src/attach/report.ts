import { topOf, totals } from '@heapray/exporter/profile';
import { fitLine, formatTable } from '../outputs/table.js';
import { nameText, placeText, rowText } from '../text/place.js';
import { printable } from '../text/printable.js';
import { formatBytes, formatShare } from '../text/quantity.js';
import type { Growth } from './sampling/growth.js';
import type { SampledWindow } from './sampling/sample-window.js';
import type { Target } from './target.js';

/** Yields what was sampled as text: the largest functions, and what grew. */
export function* windowText(
  target: Pick<Target, 'pid' | 'command' | 'nodeVersion'>,
  window: SampledWindow,
  rows: number,
): Generator<string> {
  const { pid, command, nodeVersion } = target;
  yield `${fitLine(printable(`process ${pid}: ${command} (Node ${nodeVersion}), main thread`))}\n`;
  for (const sentence of meaningOf(window)) yield `${fitLine(sentence)}\n`;
  const column = window.kind === 'all allocations' ? 'alloc_space' : 'inuse_space';
  const all = topOf(window.profile, { column, groupBy: 'function' }).filter(({ flat }) => flat > 0);
  if (all.length > 0) yield `\n${table(window, column, all.slice(0, rows))}`;
  if (all.length > rows) yield `\n${fitLine(`${all.length - rows} more; -n shows more rows`)}\n`;
  yield* growthText(window);
}

function table(
  { profile, kind }: SampledWindow,
  column: string,
  rows: readonly ReturnType<typeof topOf>[number][],
): string {
  const isEstimated = kind === 'without collections';
  const allocated = new Map(
    isEstimated
      ? topOf(profile, { column: 'alloc_space', groupBy: 'function' }).map((row) => [rowText(row), row.flat])
      : [],
  );
  const head = [column === 'alloc_space' ? 'ALLOCATED' : 'IN USE', 'SHARE'];
  const cells = rows.map((row) => [
    formatBytes(row.flat),
    formatShare(row.share),
    ...(isEstimated ? [formatBytes(allocated.get(rowText(row)) ?? 0)] : []),
    printable(nameText(row)),
    printable(placeText(row)),
  ]);
  const heads = [...head, ...(isEstimated ? ['ALLOCATED'] : []), 'FUNCTION', 'FILE'];
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
      return [`Allocated in ${time}, in use or freed: ${formatBytes(sums.alloc_space ?? 0)}, ${sampled}`, pause];
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

function* growthText({ growth, kind, seconds }: SampledWindow): Generator<string> {
  if (growth.length === 0) return;
  const what = kind === 'others' ? 'More in use than at the start' : 'Kept what they allocated, from the first half of the time on';
  yield `\n${fitLine(`${what} (growth: a cache that fills looks like a leak):`)}\n`;
  for (const each of growth) yield `${fitLine(printable(growthLine(each, seconds)))}\n`;
}

function growthLine(growth: Growth, seconds: number): string {
  const { bytes, old } = growth;
  const rate = formatBytes(Math.round(bytes / Math.max(1, seconds)));
  const first = old === undefined ? '' : `, ${formatBytes(Math.round(old))} of it from the first half`;
  return `  ${rowText(growth)}: +${formatBytes(Math.round(bytes))}${first}, ${rate}/s`;
}
