import v8 from 'node:v8';
import type { Ledger } from './ledger/index.js';
import type { OwnFigures } from './metrics/own-series.js';
import { ownCgroup } from './resident/cgroup-watch.js';
import type { AllLeaks } from './sources/all-leaks.js';
import type { MemorySources } from './sources/memory-sources.js';
import type { ProfilerStats } from './stats/profiler-stats.js';

/** Returns the profiler's figures about itself, for metrics. */
export function ownFigures(sources: MemorySources, stats: ProfilerStats, leaks: AllLeaks): OwnFigures {
  const { counts, ended, main } = sources;
  const sum = (of: (ledger: Ledger) => number) =>
    sources.all.reduce((all, { ledger }) => all + of(ledger), 0);
  const drops = { ...stats.drops };
  if (counts.lostSamples > 0) drops.sampler_lost = counts.lostSamples;
  if (counts.foldedStacks > 0) drops.tree_full = counts.foldedStacks;
  const sitesFolded = ended.foldedSites + sum(({ sites }) => sites.foldedStacks);
  if (sitesFolded > 0) drops.call_sites_full = sitesFolded;
  return {
    samples: counts.samples,
    unseenSamples: counts.unseenSamples,
    shortLivedSamples: counts.shortLivedSamples,
    liveSamples: counts.liveSamples,
    samplingInterval: main.ledger.samplingInterval,
    carriedOverBytes: sum(({ carriedOver }) => carriedOver.totalBytes),
    uncollectedBytes: sum(({ uncollectedBytes }) => uncollectedBytes),
    majorCollections: ended.majors + sum(({ reachability }) => reachability.majors),
    leakWindows: main.leaks.progress.windows,
    undecidedSites: leaks.undecidedSites,
    polls: stats.polls,
    completePairs: counts.completePairs,
    interruptedPairs: counts.interruptedPairs,
    drops,
    lostSampler: stats.lostSampler,
    cpuSeconds: stats.cpuMillis() / 1000,
    memoryBytes: ownMemoryBytes(),
    cgroup: ownCgroup.read(),
  };
}

/** Bytes of this thread's V8 heap and of V8's own allocations. */
export function ownMemoryBytes(): number {
  const { total_heap_size: heap, malloced_memory: malloced } = v8.getHeapStatistics();
  return heap + malloced;
}
