import type { LedgerCounts, LedgerSource, SiteIndex } from '../ledger/index.js';
import { addEnded, type EndedSums, NONE_ENDED, totalCounts } from './ended-sums.js';
import type { MemorySource } from './memory-source.js';

/** Receives the sources that come and go. */
export interface SourcesListener {
  added(source: MemorySource): void;
  /** Called before the source is removed. */
  removed(source: MemorySource): void;
}

/** Number of call sites that a ledger may have; see `CallSites`. */
const SITES_PER_SOURCE = 2 ** 16;

/** The memory sources of the process: the main thread's heap, and those that come and go. */
export class MemorySources {
  readonly main: MemorySource;
  readonly #numbers = new Map<LedgerSource, number>();
  readonly #listeners = new Set<SourcesListener>();
  #all: readonly MemorySource[];
  #ended: EndedSums = NONE_ENDED;
  #added = 0;

  constructor(main: MemorySource) {
    this.main = main;
    this.#all = [main];
    this.#numbers.set(main, this.#added++);
  }

  /** All sources, the main thread's heap first. */
  get all(): readonly MemorySource[] {
    return this.#all;
  }

  /** Counts of removed sources. */
  get ended(): EndedSums {
    return this.#ended;
  }

  /** Counts of all sources together, removed ones included where they cannot fall. */
  get counts(): LedgerCounts {
    return totalCounts(
      this.#all.map(({ ledger }) => ledger.counts),
      this.#ended.counts,
    );
  }

  add(source: MemorySource): void {
    if (this.#numbers.has(source)) return;
    this.#all = [...this.#all, source];
    this.#numbers.set(source, this.#added++);
    for (const listener of this.#listeners) listener.added(source);
  }

  /** Removes a source for good. What it has allocated stays in `ended`. */
  remove(source: MemorySource, atMillis: number): void {
    if (source === this.main || !this.#numbers.has(source)) return;
    source.ledger.attribute(atMillis, true);
    source.ledger.end();
    for (const listener of this.#listeners) listener.removed(source);
    this.#all = this.#all.filter((one) => one !== source);
    this.#numbers.delete(source);
    this.#ended = addEnded(this.#ended, source);
  }

  watch(listener: SourcesListener): void {
    this.#listeners.add(listener);
  }

  unwatch(listener: SourcesListener): void {
    this.#listeners.delete(listener);
  }

  /** Attributes what is pending in all ledgers; without `force`, as far as their statistics allow. */
  attribute(atMillis: number, force: boolean): void {
    for (const { ledger } of this.#all) ledger.attribute(atMillis, force);
  }

  /** Attributes everything up to now where there are statistics to do so. */
  attributeIfKnown(atMillis: number): void {
    for (const { ledger } of this.#all) ledger.attribute(atMillis, ledger.hasEvidence(atMillis));
  }

  /** Returns a number that identifies a call site among those of all sources; never reused. */
  siteKey(source: LedgerSource, site: SiteIndex): number {
    return (this.#numbers.get(source) ?? 0) * SITES_PER_SOURCE + site;
  }
}
