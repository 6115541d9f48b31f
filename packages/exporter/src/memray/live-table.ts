import { beyond, type MemrayLimits } from './limits.js';

const INITIAL_SLOTS = 1 << 12;
/** Up to here a quarter of the slots at most is in use, which keeps runs short; then half of them, to save memory. */
const SPARSE_SLOTS = 1 << 22;
/** Words of a slot: address low, address high, payload (0 = free slot), size. */
const STRIDE = 4;
const PAYLOAD = 2;
const SIZE = 3;
/** Allocators hand out multiples of 16 bytes; those of 1 KiB lie together. */
const GRAIN_BITS = 4;
const BLOCK_BITS = 10;
/** Of the low half of an address. */
const BLOCK_NUMBER_BITS = 32 - BLOCK_BITS;
const ODD_MASK = (1 << GRAIN_BITS) - 1;
const BLOCK_MASK = (1 << (BLOCK_BITS - GRAIN_BITS)) - 1;
/** Says that the size is beyond 32 bits and in the side table. */
const BIG = 0xffff_ffff;

/**
 * What is alive, by its exact 64-bit address: a payload (a positive 31-bit integer) and a size.
 *
 * Open addressing with linear probing over one typed array, so that a look-up touches one cache line; a removal
 * moves later entries up, so that no marks of deleted ones pile up.
 */
export class LiveTable {
  readonly #limits: MemrayLimits;
  readonly #sparseSlots: number;
  #words: Uint32Array = new Uint32Array(INITIAL_SLOTS * STRIDE);
  #mask = INITIAL_SLOTS - 1;
  #size = 0;
  /** Sizes of 4 GiB and more, by high and low half of the address. */
  readonly #bigSizes: Map<string, number> = new Map();
  /** Without it a file could be made whose addresses all fall on one slot. It shows in no result. */
  readonly #seed: number = Math.trunc(Math.random() * 2 ** 32) | 0;
  /** The size of what {@link set} replaced or {@link remove} removed last. */
  removedSize = 0;

  /** @param isDense whether half of the slots may be in use from the start: half of the memory, and longer runs */
  constructor(limits: MemrayLimits, isDense = false) {
    this.#limits = limits;
    this.#sparseSlots = isDense ? 0 : SPARSE_SLOTS;
  }

  get size(): number {
    return this.#size;
  }

  /** Enters an address; returns the payload of what it replaces, 0 for nothing. */
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

  /** Takes an address out; returns its payload, 0 if it was not there. */
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

  /** Calls `visit` for all that is alive, in no order. */
  forEach(visit: (payload: number, size: number) => void): void {
    const words = this.#words;
    for (let at = 0; at < words.length; at += STRIDE) {
      const payload = words[at + PAYLOAD]!;
      if (payload !== 0) visit(payload, this.#sizeAt(at));
    }
  }

  /** How many slots entries are from where they belong, on average: what a look-up takes. Goes through all. */
  meanDistance(): number {
    const words = this.#words;
    let distance = 0;
    for (let at = 0; at < words.length; at += STRIDE) {
      if (words[at + PAYLOAD] === 0) continue;
      distance += (at / STRIDE - hash(words[at + 1]!, words[at]!, this.#seed)) & this.#mask;
    }
    return distance / Math.max(1, this.#size);
  }

  /** The word index of the slot that holds the address, or of the free one where it belongs. */
  #find(high: number, low: number): number {
    const words = this.#words;
    const mask = this.#mask;
    let slot = hash(high, low, this.#seed) & mask;
    for (;;) {
      const at = slot * STRIDE;
      if (words[at + PAYLOAD] === 0) return at;
      if (words[at] === low && words[at + 1] === high) return at;
      slot = (slot + 1) & mask;
    }
  }

  /** Empties a slot and moves up the entries behind it that may be nearer to where they belong. */
  #close(at: number): void {
    const words = this.#words;
    const mask = this.#mask;
    let hole = at / STRIDE;
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      const from = slot * STRIDE;
      if (words[from + PAYLOAD] === 0) break;
      const home = hash(words[from + 1]!, words[from]!, this.#seed) & mask;
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
 * Addresses of the same {@link BLOCK} bytes fall side by side, blocks anywhere: what a program allocates at about
 * the same time mostly lies close together, and so it costs one cache line here, too. A block that is full of the
 * smallest allocations fills its slots and no more. What lies between the grains, of a small allocator's or of none, has
 * slots elsewhere, for each distance from the grain: however dense, it never falls on the slots of others.
 */
function hash(high: number, low: number, seed: number): number {
  const block = (low >>> BLOCK_BITS) | ((low & ODD_MASK) << BLOCK_NUMBER_BITS);
  let mixed = Math.imul(block ^ seed, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ high, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) + ((low >>> GRAIN_BITS) & BLOCK_MASK);
}
