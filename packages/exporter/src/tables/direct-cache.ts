const FIRST_SLOTS = 1 << 10;
/** Words of a slot, adjacent so that a look-up touches one cache line: three of the key, and the value. */
const STRIDE = 4;
/** Index of the value in a slot; 0 = free slot. */
const VALUE = 3;

/**
 * Caches numbers from 1 by three 32-bit integers. Each key can only be in one slot, so that a look-up never searches; a
 * later key may take the slot of an earlier one.
 */
export class DirectCache {
  readonly #maxSlots: number;
  #words: Int32Array = new Int32Array(FIRST_SLOTS * STRIDE);
  #mask = FIRST_SLOTS - 1;
  #stored = 0;

  /**
   * Creates an empty cache.
   *
   * @param maxSlots a power of 4, at least 1,024. Each takes 16 bytes
   */
  constructor(maxSlots: number) {
    this.#maxSlots = maxSlots;
  }

  /** Returns the value of a key; 0 if it is not cached. Never finds a key that is no 32-bit integer. */
  find(a: number, b: number, c: number): number {
    const words = this.#words;
    const at = (slotOf(a, b, c) & this.#mask) * STRIDE;
    if (words[at] !== a || words[at + 1] !== b || words[at + 2] !== c) return 0;
    return words[at + VALUE]!;
  }

  /** Stores a value for a key of 32-bit integers. */
  store(a: number, b: number, c: number, value: number): void {
    if (++this.#stored > this.#mask && this.#mask < this.#maxSlots - 1) this.#grow();
    const words = this.#words;
    const at = (slotOf(a, b, c) & this.#mask) * STRIDE;
    words[at] = a;
    words[at + 1] = b;
    words[at + 2] = c;
    words[at + VALUE] = value;
  }

  /** Drops all values. */
  clear(): void {
    this.#words = new Int32Array(FIRST_SLOTS * STRIDE);
    this.#mask = FIRST_SLOTS - 1;
    this.#stored = 0;
  }

  /** Grows the cache and drops its contents, which are quickly added again. */
  #grow(): void {
    this.#mask = this.#mask * 4 + 3;
    this.#words = new Int32Array((this.#mask + 1) * STRIDE);
    this.#stored = 0;
  }
}

function slotOf(a: number, b: number, c: number): number {
  const mixed = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35);
  return mixed ^ (mixed >>> 15);
}
