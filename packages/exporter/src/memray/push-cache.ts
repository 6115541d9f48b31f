const FIRST_SLOTS = 1 << 10;
/** Enough for the pushes of a large program; at 16 bytes each they fill the second-level cache. */
const MAX_SLOTS = 1 << 16;
/** Words of a slot, which lie together so that a look-up touches one cache line. */
const STRIDE = 4;
const ID = 1;
const PLACE = 2;
/** 0 = free. */
const STACK = 3;
const MAX_ID = 2 ** 31;
const MAX_OFFSET = 2 ** 29;

/**
 * Remembers which stack a push led to. Programs push the same few frames again and again, and looking one up
 * takes a Map and two tables.
 *
 * Each push has one slot it may be in, so that one is found at once or not at all.
 */
export class PushCache {
  readonly #maxSlots: number;
  #words: Int32Array = new Int32Array(FIRST_SLOTS * STRIDE);
  #mask = FIRST_SLOTS - 1;
  #remembered = 0;

  /** @param maxSlots a power of 4, of 1,024 at least */
  constructor(maxSlots: number = MAX_SLOTS) {
    this.#maxSlots = maxSlots;
  }

  /** The stack of this push, or 0 if it is not remembered. */
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

  /** What it held is soon there again. */
  #grow(): void {
    this.#mask = this.#mask * 4 + 3;
    this.#words = new Int32Array((this.#mask + 1) * STRIDE);
    this.#remembered = 0;
  }
}

/** Not an integer of 32 bits for an offset that is never remembered, so that it is never found either. */
function placeOf(offset: number, entry: boolean): number {
  return offset * 2 + (entry ? 1 : 0);
}

function slotOf(parent: number, id: number, place: number): number {
  const mixed = Math.imul(parent, 0x9e3779b1) ^ Math.imul(id, 0x85ebca6b) ^ Math.imul(place, 0xc2b2ae35);
  return mixed ^ (mixed >>> 15);
}
