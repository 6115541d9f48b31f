import { doubled } from './typed-arrays.js';

const INITIAL_SLOTS = 1024;

/** The nodes of a {@link PairTable} by number, for another thread. Index 0 is the root. */
export interface PairTableState {
  readonly parents: Int32Array<ArrayBuffer>;
  readonly frames: Int32Array<ArrayBuffer>;
}

/**
 * Numbers pairs of small integers 1, 2, 3 … in the order of their first use. They are the nodes of a tree with root 0,
 * each being (parent node, frame).
 *
 * Uses open addressing over typed arrays: a Map would need a new key for each look-up and an entry object for each
 * node.
 */
export class PairTable {
  /** Node in each slot; 0 = free. The length is a power of two, and at most half is used. */
  #slots: Int32Array = new Int32Array(INITIAL_SLOTS);
  #parents: Int32Array<ArrayBuffer> = new Int32Array(INITIAL_SLOTS);
  #frames: Int32Array<ArrayBuffer> = new Int32Array(INITIAL_SLOTS);
  #size = 0;
  /**
   * Random seed of the hash: otherwise a file could be crafted whose pairs all fall into one slot. Does not affect
   * results.
   */
  readonly #seed: number = Math.trunc(Math.random() * 2 ** 32) | 0;

  /** Creates a table for look-ups. It accepts no more pairs. */
  static of({ parents, frames }: PairTableState): PairTable {
    const table = new PairTable();
    table.#parents = parents;
    table.#frames = frames;
    table.#size = parents.length - 1;
    return table;
  }

  /** Releases the look-up of pairs. No pair may be interned afterwards. Nodes can still be looked up by number. */
  seal(): void {
    this.#slots = new Int32Array(0);
    this.#parents = this.#parents.slice(0, this.#size + 1);
    this.#frames = this.#frames.slice(0, this.#size + 1);
  }

  /** Copy of the nodes. */
  get state(): PairTableState {
    const end = this.#size + 1;
    return { parents: this.#parents.slice(0, end), frames: this.#frames.slice(0, end) };
  }

  /** Number of nodes without the root, which is also the highest node number. */
  get size(): number {
    return this.#size;
  }

  parent(node: number): number {
    return this.#parents[node]!;
  }

  frame(node: number): number {
    return this.#frames[node]!;
  }

  /**
   * Returns the node (parent, frame), and creates it if it is new. It is new if it exceeds the previous {@link size}.
   */
  intern(parent: number, frame: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash(parent, frame, this.#seed) & mask;
    for (;;) {
      const node = slots[slot]!;
      if (node === 0) return this.#add(slot, parent, frame);
      if (this.#parents[node] === parent && this.#frames[node] === frame) return node;
      slot = (slot + 1) & mask;
    }
  }

  #add(slot: number, parent: number, frame: number): number {
    const node = ++this.#size;
    if (node === this.#parents.length) {
      this.#parents = doubled(this.#parents);
      this.#frames = doubled(this.#frames);
    }
    this.#parents[node] = parent;
    this.#frames[node] = frame;
    this.#slots[slot] = node;
    if (node * 2 > this.#slots.length) this.#rehash();
    return node;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let node = 1; node <= this.#size; node += 1) {
      let slot = hash(this.#parents[node]!, this.#frames[node]!, this.#seed) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = node;
    }
    this.#slots = slots;
  }
}

function hash(a: number, b: number, seed: number): number {
  let mixed = Math.imul(a ^ seed, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ b, 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}
