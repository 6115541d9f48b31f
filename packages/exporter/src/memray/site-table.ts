import { beyond, type MemrayLimits } from './limits.js';
import { PairTable, type PairTableState } from './pair-table.js';

/** Allocators a thread index is multiplied by to make one number of both. */
const ALLOCATORS = 16;
const FIRST_CACHE_SLOTS = 1 << 10;
const MAX_CACHE_SLOTS = 1 << 14;
/** Words of a slot of the cache of sites: owner, stack, site (0 = free slot); one is spare. */
const CACHE_STRIDE = 4;

/** The sites of a {@link SiteTable}, for another thread. */
export interface SiteTableState {
  readonly plain: PairTableState;
  readonly natives: PairTableState;
  readonly sites: PairTableState;
}

/**
 * Numbers, from 1, what an allocation is grouped by: thread, allocator, stack, native stack, and the generation
 * of the memory map that its native addresses belong to.
 *
 * Each site is a pair of pairs: ((thread and allocator, stack), (native stack, generation)).
 */
export class SiteTable {
  readonly #limits: MemrayLimits;
  readonly #plain: PairTable;
  readonly #natives: PairTable;
  readonly #sites: PairTable;
  /**
   * Sites without a native stack, which is the usual kind. Each has one slot it may be in: a look-up touches one
   * cache line, where the tables take several.
   */
  #cache: Int32Array = new Int32Array(FIRST_CACHE_SLOTS * CACHE_STRIDE);
  #cacheMask = FIRST_CACHE_SLOTS - 1;

  /** @param state makes a table that can be looked up, and takes no more sites */
  constructor(limits: MemrayLimits, state?: SiteTableState) {
    this.#limits = limits;
    this.#plain = state ? PairTable.of(state.plain) : new PairTable();
    this.#natives = state ? PairTable.of(state.natives) : new PairTable();
    this.#sites = state ? PairTable.of(state.sites) : new PairTable();
  }

  /** Forgets how to find a site by what it is: none is interned from now on. */
  seal(): void {
    for (const table of [this.#plain, this.#natives, this.#sites]) table.seal();
    this.#cache = new Int32Array(0);
  }

  /** A copy of the sites. */
  get state(): SiteTableState {
    return { plain: this.#plain.state, natives: this.#natives.state, sites: this.#sites.state };
  }

  get size(): number {
    return this.#sites.size;
  }

  intern(thread: number, allocator: number, stack: number, native: number, generation: number): number {
    const owner = thread * ALLOCATORS + allocator;
    if (native !== 0)
      return this.#checked(
        this.#sites.intern(this.#plain.intern(owner, stack), this.#natives.intern(native, generation)),
      );
    const cache = this.#cache;
    const at = (slotOf(owner, stack) & this.#cacheMask) * CACHE_STRIDE;
    const known = cache[at + 2]!;
    if (known !== 0 && cache[at] === owner && cache[at + 1] === stack) return known;
    const site = this.#checked(this.#sites.intern(this.#plain.intern(owner, stack), 0));
    if (site > this.#cacheMask && this.#cacheMask < MAX_CACHE_SLOTS - 1) this.#growCache();
    else {
      cache[at] = owner;
      cache[at + 1] = stack;
      cache[at + 2] = site;
    }
    return site;
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

  /** What it held is soon there again. */
  #growCache(): void {
    this.#cacheMask = this.#cacheMask * 4 + 3;
    this.#cache = new Int32Array((this.#cacheMask + 1) * CACHE_STRIDE);
  }

  #checked(site: number): number {
    if (site > this.#limits.maxFrames) throw beyond('allocation sites', this.#limits.maxFrames, 'maxFrames');
    return site;
  }
}

function slotOf(owner: number, stack: number): number {
  const mixed = Math.imul(stack, 0x9e3779b1) ^ Math.imul(owner, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
