import {
  Ledger,
  type LedgerOptions,
  type SampleSnapshot,
} from '../../../src/profiler-thread/ledger/index.js';

const INTERVAL = 1024;

/** A heap in which every allocation is one sample of one interval's bytes; time passes only on request. */
export class FakeHeap {
  readonly ledger: Ledger;
  now = 0;
  #interval = INTERVAL;
  #nextOrdinal = 1;
  readonly #idOf = new Map<string, number>();
  readonly #alive = new Map<number, string>();

  constructor(options: Partial<LedgerOptions> = {}) {
    this.ledger = new Ledger({
      samplingInterval: INTERVAL,
      packageOf: () => 'shop',
      component: 'api',
      ...options,
    });
  }

  get samplingInterval(): number {
    return this.#interval;
  }

  /** Allocates samples in a function; returns a function that frees them. */
  allocate(functionName: string, samples: number): () => void {
    const ordinals = Array.from({ length: samples }, () => this.#nextOrdinal++);
    for (const ordinal of ordinals) this.#alive.set(ordinal, functionName);
    return () => {
      for (const ordinal of ordinals) this.#alive.delete(ordinal);
    };
  }

  /** Runs a major collection now: what is not freed is reachable. */
  collect(): void {
    const now = this.now;
    this.ledger.noteCollections({
      scavenges: 1,
      majors: [{ markMillis: now, sweepMillis: now, turnMillis: now }],
    });
  }

  /** Restarts the sampler: earlier samples are lost, and all numbers restart. */
  restartSampler(): void {
    this.#alive.clear();
    this.#idOf.clear();
    this.#nextOrdinal = 1;
    this.ledger.samplerLost();
  }

  /** Restarts the sampler with another interval: the ledger carries over what is alive, and all numbers restart. */
  changeInterval(bytes: number): void {
    this.#alive.clear();
    this.#idOf.clear();
    this.#nextOrdinal = 1;
    this.#interval = bytes;
    this.ledger.attribute(this.now, true);
    this.ledger.intervalReplaced(bytes);
  }

  /** Lets time pass and polls. */
  read(millis: number): void {
    this.now += millis;
    this.ledger.update(this.#reading(), this.now);
    this.ledger.attribute(this.now, true);
  }

  #reading(): SampleSnapshot {
    const functions = [...new Set(this.#alive.values())];
    const idOf = this.#idOf;
    for (const name of functions) if (!idOf.has(name)) idOf.set(name, idOf.size + 2);
    const samples = [...this.#alive].map(([ordinal, name]) => ({
      ordinal,
      nodeId: idOf.get(name) ?? 1,
      size: this.#interval,
    }));
    const children = functions.map((name) => ({
      id: idOf.get(name) ?? 1,
      callFrame: { functionName: name, url: 'file:///srv/shop.js', lineNumber: 1, columnNumber: 1 },
      selfSize: samples.filter(({ nodeId }) => nodeId === idOf.get(name)).length * this.#interval,
      children: [],
    }));
    const root = { functionName: '(root)', url: '', lineNumber: -1, columnNumber: -1 };
    return { head: { id: 1, callFrame: root, selfSize: 0, children }, samples };
  }
}
