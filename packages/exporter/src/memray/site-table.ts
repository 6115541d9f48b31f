import { beyond, type MemrayLimits } from './limits.js';
import { PairTable } from './pair-table.js';
import { doubled } from './typed-arrays.js';

/** Allocators a thread index is multiplied by to make one number of both. */
const ALLOCATORS = 16;
const INITIAL_PAIRS = 1024;

/**
 * Numbers, from 1, what an allocation is grouped by: thread, allocator, stack, native stack, and the generation
 * of the memory map that its native addresses belong to.
 *
 * Each site is a pair of pairs: ((thread and allocator, stack), (native stack, generation)).
 */
export class SiteTable {
  readonly #limits: MemrayLimits;
  readonly #plain: PairTable = new PairTable();
  readonly #natives: PairTable = new PairTable();
  readonly #sites: PairTable = new PairTable();
  /** (Thread and allocator, stack) → its site without a native stack, if it has one: the usual case, found at once. */
  #withoutNative: Int32Array = new Int32Array(INITIAL_PAIRS);
  #lastOwner = -1;
  #lastStack = -1;
  #lastNative = -1;
  #lastGeneration = -1;
  #last = 0;

  constructor(limits: MemrayLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#sites.size;
  }

  intern(thread: number, allocator: number, stack: number, native: number, generation: number): number {
    const owner = thread * ALLOCATORS + allocator;
    // Allocations come in runs at one place.
    const same = owner === this.#lastOwner && stack === this.#lastStack;
    if (same && native === this.#lastNative && generation === this.#lastGeneration) return this.#last;
    this.#lastOwner = owner;
    this.#lastStack = stack;
    this.#lastNative = native;
    this.#lastGeneration = generation;
    const plain = this.#plain.intern(owner, stack);
    if (native === 0) this.#last = this.#siteWithoutNative(plain);
    else this.#last = this.#sites.intern(plain, this.#natives.intern(native, generation));
    if (this.#last > this.#limits.maxFrames)
      throw beyond('allocation sites', this.#limits.maxFrames, 'maxFrames');
    return this.#last;
  }

  thread(site: number): number {
    return Math.floor(this.#plain.parent(this.#sites.parent(site)) / ALLOCATORS);
  }

  allocator(site: number): number {
    return this.#plain.parent(this.#sites.parent(site)) % ALLOCATORS;
  }

  stack(site: number): number {
    return this.#plain.frame(this.#sites.parent(site));
  }

  native(site: number): number {
    return this.#natives.parent(this.#sites.frame(site));
  }

  generation(site: number): number {
    return this.#natives.frame(this.#sites.frame(site));
  }

  #siteWithoutNative(plain: number): number {
    while (plain >= this.#withoutNative.length) this.#withoutNative = doubled(this.#withoutNative);
    const known = this.#withoutNative[plain]!;
    if (known !== 0) return known;
    const site = this.#sites.intern(plain, 0);
    this.#withoutNative[plain] = site;
    return site;
  }
}
