import { doubled } from './typed-arrays.js';

const INITIAL_SLOTS = 1024;

/** The nodes of a {@link PairTable} by number, for another thread; at 0 stands the root. */
export interface PairTableState {
  readonly parents: Int32Array<ArrayBuffer>;
  readonly frames: Int32Array<ArrayBuffer>;
}

/**
 * Numbers pairs of small integers 1, 2, 3 … in the order they are first seen: the nodes of a tree whose root
 * is 0, each node being (parent node, frame).
 *
 * Open addressing over typed arrays, because a Map would need a key built for every look-up and an entry
 * object for every node.
 */
export class PairTable {
  /** Slot → node, 0 = free. Its length is a power of two, at most half full. */
  #slots: Int32Array = new Int32Array(INITIAL_SLOTS);
  #parents: Int32Array<ArrayBuffer> = new Int32Array(INITIAL_SLOTS);
  #frames: Int32Array<ArrayBuffer> = new Int32Array(INITIAL_SLOTS);
  #size = 0;
  /** Without it a file could be made whose pairs all fall on one slot. It shows in no result. */
  readonly #seed: number = Math.trunc(Math.random() * 2 ** 32) | 0;

  /** Makes a table that can be looked up, and takes no more pairs. */
  static of({ parents, frames }: PairTableState): PairTable {
    const table = new PairTable();
    table.#parents = parents;
    table.#frames = frames;
    table.#size = parents.length - 1;
    return table;
  }

  /** Forgets how to find a pair: none is interned from now on. Nodes can still be looked up by number. */
  seal(): void {
    this.#slots = new Int32Array(0);
    this.#parents = this.#parents.slice(0, this.#size + 1);
    this.#frames = this.#frames.slice(0, this.#size + 1);
  }

  /** A copy of the nodes. */
  get state(): PairTableState {
    const end = this.#size + 1;
    return { parents: this.#parents.slice(0, end), frames: this.#frames.slice(0, end) };
  }

  /** Nodes, the root not counted: the highest node number. */
  get size(): number {
    return this.#size;
  }

  parent(node: number): number {
    return this.#parents[node]!;
  }

  frame(node: number): number {
    return this.#frames[node]!;
  }

  /** The node (parent, frame), made if there is none. It was made if it is greater than {@link size} was before. */
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
