import type { PastStates } from '../../src/profiler-thread/history/past-states.js';
import type { LeakWatch } from '../../src/profiler-thread/leaks/leak-watch.js';
import type { Ledger, LedgerSource } from '../../src/profiler-thread/ledger/index.js';
import type { MemorySource } from '../../src/profiler-thread/sources/memory-source.js';
import { MemorySources } from '../../src/profiler-thread/sources/memory-sources.js';
import type { WorkerName } from '../../src/protocol/memory-origin.js';

/** Returns a ledger as the heap of the main thread, or of a worker thread. */
export function heapOf(ledger: Ledger, thread?: WorkerName): LedgerSource {
  return { kind: 'heap', thread, ledger };
}

/** Returns a ledger as a memory source; without what the test needs no leaks and no past. */
export function sourceOf(
  ledger: Ledger,
  rest: { readonly leaks?: LeakWatch; readonly past?: PastStates; readonly thread?: WorkerName } = {},
): MemorySource {
  return { kind: 'heap', thread: undefined, ...rest, ledger } as MemorySource;
}

/** Returns the sources of a process that has only this one. */
export function onlySource(ledger: Ledger, rest: Parameters<typeof sourceOf>[1] = {}): MemorySources {
  return new MemorySources(sourceOf(ledger, rest));
}
