const FIRST_SLOTS = 1 << 10;
/** Enough for the pushes of a large program. At 16 bytes each they fill the second-level cache. */
const MAX_SLOTS = 1 << 16;
/** Words of a slot, adjacent so that a look-up touches one cache line. */
const STRIDE = 4;
const ID = 1;
const PLACE = 2;
/** Index of the stack in a slot; 0 = free slot. */
const STACK = 3;
const MAX_ID = 2 ** 31;
const MAX_OFFSET = 2 ** 29;

/**
 * Caches the stack that a push led to. Programs push the same few frames again and again, and a full look-up takes a
 * Map and two tables.
 *
 * Each push can only be in one slot, so that a look-up never searches.
 */
export class PushCache {
  readonly #maxSlots: number;
  #words: Int32Array = new Int32Array(FIRST_SLOTS * STRIDE);
  #mask = FIRST_SLOTS - 1;
  #remembered = 0;

  /**
   * Creates an empty cache.
   *
   * @param maxSlots a power of 4, at least 1,024. Default 65,536
   */
  constructor(maxSlots: number = MAX_SLOTS) {
    this.#maxSlots = maxSlots;
  }

  /** Returns the stack of this push; 0 if it is not cached. */
  find(parent: number, id: number, offset: number, entry: boolean): number {
    const place = placeOf(offset, entry);
    const words = this.#words;
    const at = (slotOf(parent, id, place) & this.#mask) * STRIDE;
    if (words[at] !== parent || words[at + ID] !== id || words[at + PLACE] !== place) return 0;
    return words[at + STACK]!;
  }

  remember(parent: number, id: number, offset: number, entry: boolean, stack: number): void {
    if (id >= MAX_ID || id < 0 || Math.abs(offset) >= MAX_OFFSET) return;
    if (++this.#remembered > this.#mask && this.#mask < this.#maxSlots - 1) this.#grow();
    const place = placeOf(offset, entry);
    const words = this.#words;
    const at = (slotOf(parent, id, place) & this.#mask) * STRIDE;
    words[at] = parent;
    words[at + ID] = id;
    words[at + PLACE] = place;
    words[at + STACK] = stack;
  }

  /** Grows the cache and drops its contents, which are quickly added again. */
  #grow(): void {
    this.#mask = this.#mask * 4 + 3;
    this.#words = new Int32Array((this.#mask + 1) * STRIDE);
    this.#remembered = 0;
  }
}

/**
 * Returns the key of an offset. An offset that is never cached gives no 32-bit integer, so it is never found either.
 */
function placeOf(offset: number, entry: boolean): number {
  return offset * 2 + (entry ? 1 : 0);
}

function slotOf(parent: number, id: number, place: number): number {
  const mixed = Math.imul(parent, 0x9e3779b1) ^ Math.imul(id, 0x85ebca6b) ^ Math.imul(place, 0xc2b2ae35);
  return mixed ^ (mixed >>> 15);
}
