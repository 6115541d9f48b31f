import {
  type BytesByNode,
  bytesByNode,
  type Reading,
  type Sample,
  type StackNode,
  type StackNodes,
} from './reading.js';

/** Allocated bytes by stack. */
export interface AllocationEstimate {
  readonly nodes: StackNodes;
  readonly bytes: BytesByNode;
  /** Bytes that were allocated and freed, and of which no stack is known. 0 unless no pair has shown any such sample. */
  readonly unobservedBytes: number;
  /** Number of samples that were allocated and freed, and how many of them pairs have shown. */
  readonly freed: number;
  readonly shown: number;
}

/** Maximum number of samples that are kept. */
const MAX_SHOWN = 2 ** 17;

/**
 * Estimates allocation by stack from pairs of readings a few milliseconds apart, at random moments, of a sampler that is
 * read without a collection. V8 numbers its samples, so the number of samples that no reading has shown is exact. A pair
 * that shows all samples taken between its readings shows which stacks they belong to. If there are too many such samples, a
 * random half of them is forgotten, and of later ones as many are left out.
 */
export class AllocationPairs {
  readonly #nodes: Map<number, StackNode> = new Map();
  readonly #shown: Map<number, Sample> = new Map();
  readonly #maxShown: number;
  /** Part of the samples that is kept. */
  #part = 1;

  constructor(maxShown: number = MAX_SHOWN) {
    this.#maxShown = maxShown;
  }

  /** Number of samples of complete pairs that are kept. */
  get shown(): number {
    return this.#shown.size;
  }

  /** Adds a pair. Ignores it if a collection has removed samples between the readings. */
  add(first: Reading, second: Reading): void {
    const samples = second.samples.filter(({ ordinal }) => ordinal > first.lastOrdinal);
    if (samples.length !== second.lastOrdinal - first.lastOrdinal) return;
    for (const sample of samples) {
      if (Math.random() >= this.#part) continue;
      this.#shown.set(sample.ordinal, sample);
      this.#keepStack(sample.node, second.nodes);
    }
    if (this.#shown.size > this.#maxShown) this.#forgetHalf();
  }

  /**
   * Returns what was allocated: what is in use, and what was freed. The freed samples of pairs stand for all freed ones.
   *
   * @param end the reading at the end, after a collection
   * @param lastOrdinal number of all samples until then
   * @param interval mean bytes between two samples
   */
  estimate(end: Reading, lastOrdinal: number, interval: number): AllocationEstimate {
    const alive = new Set(end.samples.map(({ ordinal }) => ordinal));
    const freedShown = [...this.#shown.values()].filter(({ ordinal }) => !alive.has(ordinal));
    const freed = Math.max(freedShown.length, lastOrdinal - alive.size);
    const factor = freedShown.length === 0 ? 0 : freed / freedShown.length;
    const bytes = new Map(bytesByNode(end.samples));
    for (const [node, sum] of bytesByNode(freedShown)) bytes.set(node, (bytes.get(node) ?? 0) + sum * factor);
    return {
      nodes: new Map([...this.#nodes, ...end.nodes]),
      bytes,
      unobservedBytes: freedShown.length === 0 ? freed * interval : 0,
      freed,
      shown: freedShown.length,
    };
  }

  #forgetHalf(): void {
    this.#part /= 2;
    for (const ordinal of this.#shown.keys()) if (Math.random() < 0.5) this.#shown.delete(ordinal);
    const nodes = new Map(this.#nodes);
    this.#nodes.clear();
    for (const { node } of this.#shown.values()) this.#keepStack(node, nodes);
  }

  /** Keeps a stack whose node V8 forgets with its last sample. */
  #keepStack(node: number | undefined, nodes: StackNodes): void {
    const path: number[] = [];
    for (let at = node; at !== undefined && !this.#nodes.has(at); at = nodes.get(at)?.caller) path.push(at);
    for (const id of path.reverse()) {
      const known = nodes.get(id);
      if (known !== undefined) this.#nodes.set(id, known);
    }
  }
}
