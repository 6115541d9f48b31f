import {
  Ledger,
  type LedgerOptions,
  type SampleSnapshot,
} from '../../../src/profiler-thread/ledger/index.js';

const INTERVAL = 1024;
const ROOT_FRAME = { functionName: '(root)', url: '', lineNumber: -1, columnNumber: -1 };

interface Node {
  readonly id: number;
  readonly callFrame: typeof ROOT_FRAME;
  selfSize: number;
  readonly children: Node[];
}

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

  /** Allocates samples in a function, or in the last of a stack as `outer > inner`; returns a function that frees them. */
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
    const root: Node = { id: 1, callFrame: ROOT_FRAME, selfSize: 0, children: [] };
    const nodes = new Map<string, Node>();
    const samples = [...this.#alive].map(([ordinal, stack]) => {
      const node = this.#nodeOf(stack.split(' > '), nodes, root);
      node.selfSize += this.#interval;
      return { ordinal, nodeId: node.id, size: this.#interval };
    });
    return { head: root, samples };
  }

  #nodeOf(stack: readonly string[], nodes: Map<string, Node>, root: Node): Node {
    if (stack.length === 0) return root;
    const key = stack.join(' > ');
    const known = nodes.get(key);
    if (known) return known;
    const id = this.#idOf.get(key) ?? this.#idOf.size + 2;
    this.#idOf.set(key, id);
    const callFrame = {
      functionName: stack.at(-1) ?? '',
      url: 'file:///srv/shop.js',
      lineNumber: 1,
      columnNumber: 1,
    };
    const node: Node = { id, callFrame, selfSize: 0, children: [] };
    nodes.set(key, node);
    this.#nodeOf(stack.slice(0, -1), nodes, root).children.push(node);
    return node;
  }
}
