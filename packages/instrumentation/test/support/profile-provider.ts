import { vi } from 'vitest';
import { PastStates } from '../../src/profiler-thread/history/past-states.js';
import { LeakWatch } from '../../src/profiler-thread/leaks/leak-watch.js';
import { ownFigures } from '../../src/profiler-thread/own-figures.js';
import { profileProvider } from '../../src/profiler-thread/requests/profile-provider.js';
import { AllLeaks } from '../../src/profiler-thread/sources/all-leaks.js';
import { ProfilerStats } from '../../src/profiler-thread/stats/profiler-stats.js';
import { steadyClock } from '../../src/protocol/steady-clock.js';
import { newLedger } from './ledger-sums.js';
import { onlySource } from './memory-sources.js';

const WINDOW_MILLIS = 60_000;

/** Makes a provider whose polls the test controls, and what it provides. */
export function newProvider(pollNow: () => Promise<void>, stats = new ProfilerStats()) {
  const ledger = newLedger();
  const leaks = new LeakWatch(ledger, { windowMillis: WINDOW_MILLIS, heapLimit: 2 ** 30 });
  const past = new PastStates({ windowMillis: WINDOW_MILLIS, startMillis: performance.now() });
  const sources = onlySource(ledger, { leaks, past });
  const allLeaks = new AllLeaks(sources);
  const clock = steadyClock();
  const objectCounts = vi.fn(async () => undefined);
  const provider = profileProvider({
    clock,
    startedMillis: clock(),
    sources,
    loop: { mode: 'binding', pollNow, cpuBudget: 0.005 },
    stats,
    leaks: allLeaks,
    peak: () => undefined,
    process: { pid: 1, heapLimit: 2 ** 30, name: () => 'api' },
    figures: () => ownFigures(sources, stats, allLeaks),
    history: () => undefined,
    objectCounts,
    collect: async () => {},
    collectionReported: async () => {},
  });
  return { provider, ledger, leaks, past, clock, objectCounts };
}
