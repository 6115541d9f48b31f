import type { Ledger, LedgerListener, LedgerSource, NodeIndex } from '../ledger/index.js';

/** Receives the events of all ledgers. Ids are unique among them, and never reused. */
export interface HeapListener {
  allocated(id: number, source: LedgerSource, node: NodeIndex, bytes: number): void;
  freed(id: number): void;
  /** See `LedgerListener`. */
  estimated(source: LedgerSource, node: NodeIndex, samples: number, bytes: number): void;
  /** Called after the last event of a source. */
  ended(source: LedgerSource): void;
}

/** The sources to follow, see `MemorySources`. */
export interface FollowedSources {
  readonly all: readonly LedgerSource[];
  watch(listener: SourcesListener): void;
  unwatch(listener: SourcesListener): void;
}

interface SourcesListener {
  added(source: LedgerSource): void;
  removed(source: LedgerSource): void;
}

/** Follows the events of all ledgers, also of those that come later. */
export class SourceFollower {
  readonly #sources: FollowedSources;
  readonly #listener: HeapListener;
  readonly #byLedger = new Map<Ledger, LedgerListener>();
  readonly #changes: SourcesListener = {
    added: (source) => this.#follow(source),
    removed: (source) => {
      this.#leave(source.ledger);
      this.#listener.ended(source);
    },
  };

  constructor(sources: FollowedSources, listener: HeapListener) {
    this.#sources = sources;
    this.#listener = listener;
  }

  start(): void {
    for (const source of this.#sources.all) this.#follow(source);
    this.#sources.watch(this.#changes);
  }

  stop(): void {
    this.#sources.unwatch(this.#changes);
    for (const ledger of [...this.#byLedger.keys()]) this.#leave(ledger);
  }

  /** Calls back for every live sample of all sources. */
  forEachLive(visit: (id: number, source: LedgerSource, node: NodeIndex, bytes: number) => void): void {
    for (const source of this.#sources.all)
      source.ledger.forEachLive((id, node, bytes) => visit(id, source, node, bytes));
  }

  #follow(source: LedgerSource): void {
    const listener = this.#listener;
    const ofSource: LedgerListener = {
      allocated: (id, node, bytes) => listener.allocated(id, source, node, bytes),
      freed: (id) => listener.freed(id),
      estimated: (node, samples, bytes) => listener.estimated(source, node, samples, bytes),
    };
    this.#byLedger.set(source.ledger, ofSource);
    source.ledger.addListener(ofSource);
  }

  #leave(ledger: Ledger): void {
    const listener = this.#byLedger.get(ledger);
    this.#byLedger.delete(ledger);
    if (listener) ledger.removeListener(listener);
  }
}
