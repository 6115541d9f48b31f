import { POINTER_NOT_CACHED } from '../format/records.js';

const SIZE = 15;

/**
 * Writer's side of the pointer cache: the last 15 addresses that missed it, the newest at index 0.
 *
 * First in, first out: a hit changes nothing. Writer and reader must see the same misses in the same order, or every
 * later index means another address.
 *
 * The window moves down a doubled ring, so that index i is always at `#newest + i` and the search is one loop:
 *
 *     slots   0 … #newest … #newest + 14 … 29
 */
export class PointerCache {
  readonly #slots: Float64Array = new Float64Array(SIZE * 2);
  #newest = 0;

  /**
   * Returns the index of `pointer`. On a miss, returns {@link POINTER_NOT_CACHED}, and `pointer` becomes the newest.
   */
  indexOf(pointer: number): number {
    const slots = this.#slots;
    const newest = this.#newest;
    for (let index = 0; index < SIZE; index += 1) {
      if (slots[newest + index] === pointer) return index;
    }
    const slot = newest === 0 ? SIZE - 1 : newest - 1;
    slots[slot] = pointer;
    slots[slot + SIZE] = pointer;
    this.#newest = slot;
    return POINTER_NOT_CACHED;
  }
}
