import { RowTable } from '../profile/row-table.js';

/** A 64-bit id, exact: a number where it fits. */
export type Id = number | bigint;

const FIRST_IDS = 2 ** 10;
/** Ids up to so many times the number of them are looked up in an array. */
const MAX_GAPS = 4;
const TWO_32 = 2 ** 32;

/** The high 32 bits of an id. */
export function highOf(id: Id): number {
  return typeof id === 'number' ? Math.floor(id / TWO_32) : Number(id >> 32n);
}

/** The low 32 bits of an id. */
export function lowOf(id: Id): number {
  return typeof id === 'number' ? id % TWO_32 : Number(BigInt.asUintN(32, id));
}

/** The id that has these halves. */
export function idOf(high: number, low: number): Id {
  const id = high * TWO_32 + low;
  return Number.isSafeInteger(id) ? id : (BigInt(high) << 32n) | BigInt(low);
}

/**
 * Numbers ids from 0 in the order they are added. Nearly every writer counts ids up from 1: those take 4 bytes each,
 * others some 20.
 */
export class IdTable {
  /** Per small id its number + 1. */
  #small: Int32Array = new Int32Array(FIRST_IDS);
  readonly #others: RowTable = new RowTable(2);
  /** Per row of the others its number. */
  readonly #numbers: number[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The number of an id; undefined when it was not added. */
  find(id: Id): number | undefined {
    if (typeof id === 'number' && id < this.#small.length) {
      const number = this.#small[id]!;
      if (number > 0) return number - 1;
    }
    if (this.#numbers.length === 0) return undefined;
    return this.#numbers[this.#others.find(highOf(id) | 0, lowOf(id) | 0)];
  }

  /** Adds an id that {@link find} does not know; returns its number. */
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
