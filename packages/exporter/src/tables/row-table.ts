import { doubled } from './typed-arrays.js';

/**
 * Interns rows of two to five 32-bit integers and numbers them from 0.
 *
 * Tens of thousands of stacks are stored here in a worker that has only a few megabytes. So all rows are in one typed
 * array, and the index is an open-addressing table of row numbers: about 16 bytes per stack, no object per row, no
 * string keys.
 */
export class RowTable {
  readonly #width: number;
  readonly #first: number;
  /** All rows, one after another. */
  protected rows: Int32Array<ArrayBuffer>;
  /** Row number + 1, or 0 for a free slot. The length is a power of two. */
  #slots: Int32Array = new Int32Array(32);
  #count: number;

  /**
   * Creates an empty table.
   *
   * @param width integers per row, 2 to 5
   * @param first number of the first row. Rows before it have zeros, and are not found. Default 0
   */
  constructor(width: number, first = 0) {
    this.#width = width;
    this.#first = first;
    this.#count = first;
    this.rows = new Int32Array(16 * width);
  }

  /** Copy of the rows, one after another. */
  get state(): Int32Array<ArrayBuffer> {
    return this.rows.slice(0, this.#count * this.#width);
  }

  /** Takes the {@link state} of another table. From then on, rows are only found by number, and none is accepted. */
  protected adopt(rows: Int32Array<ArrayBuffer>): void {
    this.rows = rows;
    this.#count = rows.length / this.#width;
    this.#slots = new Int32Array(0);
  }

  /** Number of rows, which is also the number of the next one. */
  get count(): number {
    return this.#count;
  }

  /** Returns the number of the row with these fields. Adds the row when it is new. */
  handleFor(a: number, b: number, c = 0, d = 0, e = 0): number {
    const mask = this.#slots.length - 1;
    let slot = hash(a, b, c, d, e) & mask;
    for (;;) {
      const taken = this.#slots[slot]!;
      if (taken === 0) break;
      if (this.#equals(taken - 1, a, b, c, d, e)) return taken - 1;
      slot = (slot + 1) & mask;
    }
    return this.#append(slot, a, b, c, d, e);
  }

  /** Returns the number of the row with these fields, or -1 when there is none. */
  find(a: number, b: number, c = 0, d = 0, e = 0): number {
    const mask = this.#slots.length - 1;
    let slot = hash(a, b, c, d, e) & mask;
    for (;;) {
      const taken = this.#slots[slot]!;
      if (taken === 0 || this.#equals(taken - 1, a, b, c, d, e)) return taken - 1;
      slot = (slot + 1) & mask;
    }
  }

  /** Returns field `field` of row `row`. Both must be in range. */
  at(row: number, field: number): number {
    return this.rows[row * this.#width + field]!;
  }

  #equals(row: number, a: number, b: number, c: number, d: number, e: number): boolean {
    const rows = this.rows;
    const width = this.#width;
    const at = row * width;
    if (rows[at] !== a || rows[at + 1] !== b) return false;
    if (width > 2 && rows[at + 2] !== c) return false;
    if (width > 3 && rows[at + 3] !== d) return false;
    return width < 5 || rows[at + 4] === e;
  }

  #append(slot: number, a: number, b: number, c: number, d: number, e: number): number {
    const row = this.#count;
    const at = row * this.#width;
    if (at === this.rows.length) this.rows = doubled(this.rows);
    this.rows[at] = a;
    this.rows[at + 1] = b;
    if (this.#width > 2) this.rows[at + 2] = c;
    if (this.#width > 3) this.rows[at + 3] = d;
    if (this.#width > 4) this.rows[at + 4] = e;
    this.#slots[slot] = row + 1;
    this.#count = row + 1;
    if (this.#count * 3 > this.#slots.length * 2) this.#rehash();
    return row;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    const width = this.#width;
    for (let row = this.#first; row < this.#count; row++) {
      const c = width > 2 ? this.at(row, 2) : 0;
      const d = width > 3 ? this.at(row, 3) : 0;
      const e = width > 4 ? this.at(row, 4) : 0;
      let slot = hash(this.at(row, 0), this.at(row, 1), c, d, e) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = row + 1;
    }
    this.#slots = slots;
  }
}

/** Random in each process, so that no file can be crafted whose rows all fall into one slot. */
const SEED = Math.floor(Math.random() * 2 ** 32) | 0;

/** Hashes five integers. Multiplying between the fields gives (1, 2) and (2, 1) different hashes. */
function hash(a: number, b: number, c: number, d: number, e: number): number {
  let h = Math.imul(a ^ SEED, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15) ^ b, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 13) ^ c, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 16) ^ d, 0x165667b1);
  if (e !== 0) h = Math.imul(h ^ (h >>> 14) ^ e, 0x9e3779b1);
  return h ^ (h >>> 15);
}
