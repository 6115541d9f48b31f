import type { OverviewFact } from '@heapray/exporter/page';
import { OWN_METRICS } from '../../protocol/metric-table.js';
import type { MemoryHistory } from '../history/memory-history.js';
import { byteText } from '../leaks/leak-message.js';
import type { OwnFigures } from '../metrics/own-series.js';
import type { MemorySources } from '../sources/memory-sources.js';
import type { PollDurationBuckets } from '../stats/poll-durations.js';

/** Data that the facts about the profiler are made of. */
export interface ProfilerFactsDeps {
  readonly sources: MemorySources;
  readonly stats: { readonly pollDurations: PollDurationBuckets };
  readonly loop: { readonly cpuBudget: number };
  /** Present time, in ms since the epoch; `startedMillis` is when counting began, on the same clock. */
  readonly clock: () => number;
  readonly startedMillis: number;
  /** Returns the recent past, once it is recorded. */
  readonly history: () => MemoryHistory | undefined;
}

/** Upper bounds of the buckets of poll durations, in ms; the last bucket has none. */
const BOUNDS = (OWN_METRICS.pollDuration.boundaries ?? []).map((seconds) => seconds * 1000);

/** Reasons for which heapray itself restarts the sampler, at another interval. */
const INTERVAL_CHANGES: readonly string[] = ['coarsened', 'traced'];

/** Returns what the profiler costs, and whether it loses anything. */
export function profilerFacts(deps: ProfilerFactsDeps, figures: OwnFigures): OverviewFact[] {
  const { sources, loop, stats, clock, startedMillis } = deps;
  const seconds = Math.max(1, (clock() - startedMillis) / 1000);
  const recent = deps.history()?.cpuShare;
  const cpu = [
    ...(recent === undefined ? [] : [`${percent(recent)} of a core in the time shown`]),
    `${percent(figures.cpuSeconds / seconds)} of a core since the start`,
    `budget ${percent(loop.cpuBudget)}`,
  ];
  const drops = Object.entries(figures.drops).filter(([, count]) => count > 0);
  const ends = Object.entries(figures.lostSampler).filter(([, count]) => count > 0);
  const changes = ends.filter(([reason]) => INTERVAL_CHANGES.includes(reason));
  const losses = ends.filter(([reason]) => !INTERVAL_CHANGES.includes(reason));
  const unobserved = sources.all.reduce(
    (sum, { ledger }) => sum + ledger.allocatedBytes(ledger.unobservedNode) + ledger.pendingBytes,
    0,
  );
  const allocated = sources.counts.sampledBytes;
  return [
    { name: 'CPU', text: cpu.join('; ') },
    { name: 'Memory', text: byteText(figures.memoryBytes) },
    { name: 'Polls', text: pollText(figures.polls, stats.pollDurations) },
    { name: 'Samples', text: `${figures.samples} taken, ${figures.liveSamples} of objects in use` },
    {
      name: 'Unattributed',
      text: allocated > 0 ? `${percent(unobserved / allocated)} of what was allocated` : 'nothing yet',
    },
    {
      name: 'Dropped',
      text: drops.length === 0 ? 'nothing' : countsText(drops),
      level: drops.length === 0 ? 'ok' : 'warning',
    },
    {
      name: 'Sampler lost',
      text: losses.length === 0 ? 'never' : countsText(losses),
      level: losses.length === 0 ? 'ok' : 'warning',
    },
    ...(changes.length === 0 ? [] : [{ name: 'Sampling interval changed', text: countsText(changes) }]),
  ];
}

function pollText(polls: number, { counts, millis }: PollDurationBuckets): string {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const all = sum(counts);
  if (all === 0) return `${polls}`;
  const bound = BOUNDS[quantileBucket(counts, 0.99 * all)];
  const rare = bound === undefined ? `over ${BOUNDS.at(-1)} ms` : `at most ${bound} ms`;
  return `${polls}; they stop the program for ${(sum(millis) / all).toFixed(2)} ms on average, 99 % for ${rare}`;
}

/** Returns the first bucket at which the running sum of `counts` reaches `least`. */
function quantileBucket(counts: readonly number[], least: number): number {
  let sum = 0;
  for (const [bucket, count] of counts.entries()) {
    sum += count;
    if (sum >= least) return bucket;
  }
  return counts.length - 1;
}

function countsText(counts: readonly (readonly [string, number])[]): string {
  return counts.map(([reason, count]) => `${reason} ${count}`).join(', ');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
