import type { SuspectView } from '../../protocol/messages.js';
import type { LeakProgress } from '../leaks/suspect-rules.js';
import type { LedgerSource } from '../ledger/index.js';
import type { MemorySource } from './memory-source.js';
import type { MemorySources } from './memory-sources.js';

/** A leak suspect, and the source that it is of. */
export interface SourceSuspect {
  readonly source: LedgerSource;
  /** See `MemorySources.siteKey`. */
  readonly siteKey: number;
  readonly view: SuspectView;
}

/** Leak suspects of all sources. */
export class AllLeaks {
  readonly #sources: MemorySources;

  constructor(sources: MemorySources) {
    this.#sources = sources;
  }

  /** Returns the suspects with their sources, fastest growth first. */
  bySource(atMillis: number): readonly SourceSuspect[] {
    const all = this.#sources.all.flatMap((source) => this.#of(source, atMillis));
    return all.sort((a, b) => b.view.bytesPerSecond - a.view.bytesPerSecond);
  }

  /** Returns the suspects, fastest growth first. */
  suspects(atMillis: number): readonly SuspectView[] {
    return this.bySource(atMillis).map(({ view }) => view);
  }

  /** Keys of the call sites of the suspects, see `MemorySources.siteKey`. */
  get siteKeys(): readonly number[] {
    return this.#sources.all.flatMap((source) =>
      source.leaks.suspectSites.map((site) => this.#sources.siteKey(source, site)),
    );
  }

  /** Seconds until the first thread reaches its heap limit at the present growth; undefined without suspects. */
  secondsToLimit(): number | undefined {
    const seconds = this.#sources.all.flatMap(({ leaks }) => leaks.secondsToLimit() ?? []);
    return seconds.length === 0 ? undefined : seconds.reduce((least, some) => Math.min(least, some));
  }

  /** Number of call sites that grow and are not judged yet. */
  get undecidedSites(): number {
    return this.#sources.all.reduce((sum, { leaks }) => sum + leaks.progress.undecidedSites, 0);
  }

  /** Progress for the main thread's heap, with the undecided sites of all sources. */
  get progress(): LeakProgress {
    return { ...this.#sources.main.leaks.progress, undecidedSites: this.undecidedSites };
  }

  #of(source: MemorySource, atMillis: number): SourceSuspect[] {
    const views = source.leaks.suspects(atMillis);
    const sites = source.leaks.suspectSites;
    return views.map((view, at) => ({
      source,
      siteKey: this.#sources.siteKey(source, sites[at] ?? -1),
      view,
    }));
  }
}
