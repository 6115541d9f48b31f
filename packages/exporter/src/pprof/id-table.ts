import { RowTable } from '../tables/row-table.js';

/** A 64-bit ID, exact: a number where it fits. */
export type Id = number | bigint;

const FIRST_IDS = 2 ** 10;
/** IDs up to this many times their count are stored in an array. */
const MAX_GAPS = 4;
const TWO_32 = 2 ** 32;

/** Returns the high 32 bits of an ID. */
export function highOf(id: Id): number {
  return typeof id === 'number' ? Math.floor(id / TWO_32) : Number(id >> 32n);
}

/** Returns the low 32 bits of an ID. */
export function lowOf(id: Id): number {
  return typeof id === 'number' ? id % TWO_32 : Number(BigInt.asUintN(32, id));
}

/** Returns the ID with these halves. */
export function idOf(high: number, low: number): Id {
  const id = high * TWO_32 + low;
  return Number.isSafeInteger(id) ? id : (BigInt(high) << 32n) | BigInt(low);
}

/**
 * Numbers IDs from 0 in the order in which they are added. Nearly every writer counts IDs up from 1: these take 4 bytes
 * each, others some 20.
 */
export class IdTable {
  /** Number + 1 of each small ID; 0 for an unknown one. */
  #small: Int32Array = new Int32Array(FIRST_IDS);
  readonly #others: RowTable = new RowTable(2);
  /** Number of each ID in `#others`, by its row. */
  readonly #numbers: number[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Returns the number of an ID, or undefined when it was not added. */
  find(id: Id): number | undefined {
    if (typeof id === 'number' && id < this.#small.length) {
      const number = this.#small[id]!;
      if (number > 0) return number - 1;
    }
    if (this.#numbers.length === 0) return undefined;
    return this.#numbers[this.#others.find(highOf(id) | 0, lowOf(id) | 0)];
  }

  /** Adds an ID that {@link find} does not know. Returns its number. */
  add(id: Id): number {
    const number = this.#count++;
    if (typeof id === 'number' && id < this.#count * MAX_GAPS + FIRST_IDS) {
      if (id >= this.#small.length) this.#grow(id);
      this.#small[id] = number + 1;
    } else {
      this.#others.handleFor(highOf(id) | 0, lowOf(id) | 0);
      this.#numbers.push(number);
    }
    return number;
  }

  #grow(id: number): void {
    const small = new Int32Array(Math.max(this.#small.length * 2, id + 1));
    small.set(this.#small);
    this.#small = small;
  }
}
