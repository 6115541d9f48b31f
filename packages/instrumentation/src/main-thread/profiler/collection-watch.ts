import { constants, PerformanceObserver } from 'node:perf_hooks';
import type { CollectionTimes } from '../../protocol/messages.js';
import { now, SafeSet } from '../../protocol/primordials.js';
import { monotonicMillis } from '../../protocol/steady-clock.js';
import { contained } from '../containment/contain.js';

export interface CollectionWatchHandlers {
  /** Called with the number of young-generation collections since the last call. */
  scavenged(count: number): void;
  /** Called with the duration of collections since the last call, in ms. */
  took(millis: number): void;
  collected(majors: readonly CollectionTimes[]): void;
}

interface GcEntry {
  readonly startTime: number;
  readonly duration: number;
  readonly detail?: { readonly kind?: number };
}

const MINOR = new SafeSet([constants.NODE_PERFORMANCE_GC_MINOR, 2]);
const MAJOR = constants.NODE_PERFORMANCE_GC_MAJOR;
const MARKING = constants.NODE_PERFORMANCE_GC_INCREMENTAL;
/** Maximum age of marking, in ms; older marking belongs to an abandoned collection. */
const MAX_MARKING_MILLIS = 60_000;

/** Observes the garbage collections of this thread, at no measurable cost. */
export class CollectionWatch {
  readonly #handlers: CollectionWatchHandlers;
  readonly #observer: PerformanceObserver;
  readonly #offsetMillis = monotonicMillis() - now();
  #markedAt: number | undefined;

  constructor(handlers: CollectionWatchHandlers) {
    this.#handlers = handlers;
    this.#observer = new PerformanceObserver(
      contained(
        (list) => this.#take(list.getEntries() as unknown as readonly GcEntry[]),
        () => {},
      ),
    );
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  stop(): void {
    this.#observer.disconnect();
  }

  #take(entries: readonly GcEntry[]): void {
    let scavenges = 0;
    let millis = 0;
    const majors: CollectionTimes[] = [];
    const turnMillis = monotonicMillis();
    for (let i = 0; i < entries.length; i++) {
      const { startTime, duration, detail } = entries[i]!;
      const kind = detail?.kind ?? 0;
      millis += duration;
      if (MINOR.has(kind)) scavenges++;
      else if (kind === MARKING) this.#markedAt = startTime;
      else if (kind === MAJOR) {
        const marked = this.#markedAt;
        this.#markedAt = undefined;
        const isOurs = marked !== undefined && startTime - marked < MAX_MARKING_MILLIS;
        majors[majors.length] = {
          markMillis: this.#offsetMillis + (isOurs ? marked : startTime),
          sweepMillis: this.#offsetMillis + startTime + duration,
          turnMillis,
        };
      }
    }
    this.#handlers.took(millis);
    if (scavenges > 0) this.#handlers.scavenged(scavenges);
    if (majors.length > 0) this.#handlers.collected(majors);
  }
}
