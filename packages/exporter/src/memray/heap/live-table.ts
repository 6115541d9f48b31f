import { beyond, type MemrayLimits } from '../format/limits.js';

const INITIAL_SLOTS = 1 << 12;
/** Up to this size at most a quarter of the slots is used, to keep probing short; above it half, to save memory. */
const SPARSE_SLOTS = 1 << 22;
/** Words of a slot: address low, address high, payload (0 = free slot), size. */
const STRIDE = 4;
const PAYLOAD = 2;
const SIZE = 3;
/** Bits of the hash: allocators return multiples of 16 bytes, and addresses within 1 KiB are kept together. */
const GRAIN_BITS = 4;
const BLOCK_BITS = 10;
/** Number of bits of the block number in the low half of an address. */
const BLOCK_NUMBER_BITS = 32 - BLOCK_BITS;
const ODD_MASK = (1 << GRAIN_BITS) - 1;
const BLOCK_MASK = (1 << (BLOCK_BITS - GRAIN_BITS)) - 1;
/** Size of an entry whose size exceeds 32 bits and is in the side table. */
const BIG = 0xffff_ffff;

/**
 * Live allocations by their exact 64-bit address, with a payload (a positive 31-bit integer) and a size.
 *
 * Uses open addressing with linear probing over one typed array, so that a look-up touches one cache line. A removal
 * moves later entries up, so that no tombstones accumulate.
 */
export class LiveTable {
  readonly #limits: MemrayLimits;
  readonly #sparseSlots: number;
  #words: Uint32Array = new Uint32Array(INITIAL_SLOTS * STRIDE);
  #mask = INITIAL_SLOTS - 1;
  #size = 0;
  /** Sizes of 4 GiB - 1 and more, by high and low half of the address. */
  readonly #bigSizes: Map<string, number> = new Map();
  /**
   * Random seed of the hash: otherwise a file could be crafted whose addresses all fall into one slot. Does not affect
   * results.
   */
  readonly #seed: number = Math.trunc(Math.random() * 2 ** 32) | 0;
  /** Size of the entry last replaced by {@link set} or removed by {@link remove}. */
  removedSize = 0;

  /**
   * Creates an empty table.
   *
   * @param isDense whether half of the slots may be used from the start: half the memory, but longer probing. Default
   *   false
   */
  constructor(limits: MemrayLimits, isDense = false) {
    this.#limits = limits;
    this.#sparseSlots = isDense ? 0 : SPARSE_SLOTS;
  }

  get size(): number {
    return this.#size;
  }

  /** Sets an address. Returns the payload it replaces; 0 for none. */
  set(high: number, low: number, payload: number, size: number): number {
    const at = this.#find(high, low);
    const words = this.#words;
    const replaced = words[at + PAYLOAD]!;
    if (replaced !== 0) this.removedSize = this.#sizeAt(at);
    if (replaced !== 0 && this.removedSize >= BIG) this.#bigSizes.delete(keyOf(high, low));
    words[at] = low;
    words[at + 1] = high;
    words[at + PAYLOAD] = payload;
    words[at + SIZE] = size < BIG ? size : BIG;
    if (size >= BIG) this.#bigSizes.set(keyOf(high, low), size);
    if (replaced === 0) this.#added();
    return replaced;
  }

  /** Removes an address. Returns its payload; 0 if it was not there. */
  remove(high: number, low: number): number {
    const at = this.#find(high, low);
    const payload = this.#words[at + PAYLOAD]!;
    if (payload === 0) return 0;
    this.removedSize = this.#sizeAt(at);
    if (this.removedSize >= BIG) this.#bigSizes.delete(keyOf(high, low));
    this.#close(at);
    this.#size -= 1;
    return payload;
  }

  /** Returns the word index of the slot with the address, or of the free slot where it belongs. */
  #find(high: number, low: number): number {
    const words = this.#words;
    const mask = this.#mask;
    let slot = hashAddress(high, low, this.#seed) & mask;
    for (;;) {
      const at = slot * STRIDE;
      if (words[at + PAYLOAD] === 0) return at;
      if (words[at] === low && words[at + 1] === high) return at;
      slot = (slot + 1) & mask;
    }
  }

  /** Frees a slot, and moves up later entries that come closer to their home slot by it. */
  #close(at: number): void {
    const words = this.#words;
    const mask = this.#mask;
    let hole = at / STRIDE;
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      const from = slot * STRIDE;
      if (words[from + PAYLOAD] === 0) break;
      const home = hashAddress(words[from + 1]!, words[from]!, this.#seed) & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      const to = hole * STRIDE;
      words[to] = words[from]!;
      words[to + 1] = words[from + 1]!;
      words[to + PAYLOAD] = words[from + PAYLOAD]!;
      words[to + SIZE] = words[from + SIZE]!;
      hole = slot;
    }
    words[hole * STRIDE + PAYLOAD] = 0;
  }

  #added(): void {
    this.#size += 1;
    if (this.#size > this.#limits.maxLive) {
      throw beyond('allocations alive at once', this.#limits.maxLive, 'maxLive');
    }
    const slots = this.#mask + 1;
    if (this.#size * (slots < this.#sparseSlots ? 4 : 2) > slots) this.#grow();
  }

  #grow(): void {
    const old = this.#words;
    this.#mask = this.#mask * 2 + 1;
    this.#words = new Uint32Array((this.#mask + 1) * STRIDE);
    for (let from = 0; from < old.length; from += STRIDE) {
      if (old[from + PAYLOAD] === 0) continue;
      const to = this.#find(old[from + 1]!, old[from]!);
      this.#words.set(old.subarray(from, from + STRIDE), to);
    }
  }

  #sizeAt(at: number): number {
    const words = this.#words;
    const size = words[at + SIZE]!;
    return size < BIG ? size : this.#bigSizes.get(keyOf(words[at + 1]!, words[at]!))!;
  }
}

function keyOf(high: number, low: number): string {
  return `${high},${low}`;
}

/**
 * Maps addresses in the same 1 KiB block to adjacent slots, and blocks to random slots. Allocations made at about the
 * same time usually have close addresses, and so share a cache line here too. A block full of the smallest allocations
 * fills just its slots. Addresses that are not multiples of 16 bytes are mapped to other slots for each remainder:
 * however dense, they do not take the slots of others.
 */
export function hashAddress(high: number, low: number, seed: number): number {
  const block = (low >>> BLOCK_BITS) | ((low & ODD_MASK) << BLOCK_NUMBER_BITS);
  let mixed = Math.imul(block ^ seed, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ high, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) + ((low >>> GRAIN_BITS) & BLOCK_MASK);
}
