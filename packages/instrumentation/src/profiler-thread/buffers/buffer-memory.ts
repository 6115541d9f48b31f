import type { BufferBatch } from '../../protocol/buffer-events.js';
import type { SuspectView } from '../../protocol/messages.js';
import { PastStates } from '../history/past-states.js';
import { LeakWatch } from '../leaks/leak-watch.js';
import { type CodeFacts, Ledger, type LedgerOptions, type MajorCollection } from '../ledger/index.js';
import type { MemorySource } from '../sources/memory-source.js';
import type { MemorySources } from '../sources/memory-sources.js';
import type { ProfilerStats } from '../stats/profiler-stats.js';
import { BufferFeed } from './buffer-feed.js';
import type { OffHeapState } from './unattributed-off-heap.js';

export interface BufferMemoryDeps {
  readonly sources: MemorySources;
  readonly stats: Pick<ProfilerStats, 'addPause' | 'drop'>;
  readonly code: CodeFacts & Pick<LedgerOptions, 'nextId'>;
  readonly windowMillis: number;
  /** Gap between kept past states, in ms. */
  readonly pastMillis: number;
  onSuspect(suspect: SuspectView): void;
}

/** Mean bytes between samples, as a rule; the main thread changes it, and weighs each sample accordingly. */
const INTERVAL = 2 ** 18;

/** The memory source of the main thread's Buffers. It begins with the first batch. */
export class BufferMemory {
  readonly #deps: BufferMemoryDeps;
  #feed: BufferFeed | undefined;
  #source: MemorySource | undefined;
  #arrayBuffers = 0;

  constructor(deps: BufferMemoryDeps) {
    this.#deps = deps;
  }

  /** State of all array buffers; undefined while Buffers are not followed. */
  get offHeap(): OffHeapState | undefined {
    return this.#source && { ledger: this.#source.ledger, arrayBuffers: this.#arrayBuffers };
  }

  /** Records `process.memoryUsage().arrayBuffers` of the main thread. */
  noteArrayBuffers(bytes: number): void {
    this.#arrayBuffers = bytes;
  }

  /** Records major collections of the main thread. */
  collected(majors: readonly MajorCollection[]): void {
    this.#feed?.noteCollections(majors);
  }

  /**
   * Takes a batch of the main thread.
   *
   * @param toLedger what to add to its times for the clock of the ledger, in ms
   * @param atMillis present time on that clock
   */
  take(batch: BufferBatch, toLedger: number, atMillis: number = performance.now()): void {
    const { stats, onSuspect } = this.#deps;
    stats.addPause(batch.costMillis);
    stats.drop('buffer_samples', batch.dropped);
    this.noteArrayBuffers(batch.arrayBuffers);
    this.#source ??= this.#newSource(atMillis);
    const { ledger, past, leaks } = this.#source;
    this.#feed ??= new BufferFeed(ledger);
    this.#feed.take(batch, toLedger);
    past.observe(ledger, atMillis);
    for (const suspect of leaks.observe(atMillis)) onSuspect(suspect);
  }

  #newSource(startMillis: number): MemorySource {
    const { sources, code, windowMillis, pastMillis } = this.#deps;
    const origin = { kind: 'array_buffer', thread: undefined } as const;
    const component = sources.main.ledger.sites.components.own;
    const ledger = new Ledger({ ...code, samplingInterval: INTERVAL, component });
    const source = {
      ...origin,
      ledger,
      // V8's heap limit does not limit Buffers.
      leaks: new LeakWatch(ledger, { windowMillis, heapLimit: Number.POSITIVE_INFINITY, origin }),
      past: new PastStates({ windowMillis: pastMillis, startMillis }),
    };
    sources.add(source);
    return source;
  }
}
