import { beyond, type MemrayLimits } from '../format/limits.js';
import { PairTable, type PairTableState } from './pair-table.js';

/** Number of allocator IDs, to combine a thread index and an allocator into one number. */
const ALLOCATORS = 16;
const FIRST_CACHE_SLOTS = 1 << 10;
const MAX_CACHE_SLOTS = 1 << 14;
/** Words of a cache slot: owner, stack, site (0 = free slot); one is unused. */
const CACHE_STRIDE = 4;

/** The sites of a {@link SiteTable}, for another thread. */
export interface SiteTableState {
  readonly plain: PairTableState;
  readonly natives: PairTableState;
  readonly sites: PairTableState;
}

/**
 * Numbers allocation sites from 1. A site is a thread, an allocator, a stack, a native stack, and the generation of the
 * memory map of its native addresses.
 *
 * Each site is a pair of pairs: ((thread and allocator, stack), (native stack, generation)).
 */
export class SiteTable {
  readonly #limits: MemrayLimits;
  readonly #plain: PairTable;
  readonly #natives: PairTable;
  readonly #sites: PairTable;
  /**
   * Cache of sites without a native stack, which are the usual kind. Each can only be in one slot: a look-up touches
   * one cache line, while the tables need several.
   */
  #cache: Int32Array = new Int32Array(FIRST_CACHE_SLOTS * CACHE_STRIDE);
  #cacheMask = FIRST_CACHE_SLOTS - 1;

  /**
   * Creates a table.
   *
   * @param state data of another table; the new one is for look-ups only and accepts no sites
   */
  constructor(limits: MemrayLimits, state?: SiteTableState) {
    this.#limits = limits;
    this.#plain = state ? PairTable.of(state.plain) : new PairTable();
    this.#natives = state ? PairTable.of(state.natives) : new PairTable();
    this.#sites = state ? PairTable.of(state.sites) : new PairTable();
  }

  /** Releases the look-up of sites by their parts. No site may be interned afterwards. */
  seal(): void {
    for (const table of [this.#plain, this.#natives, this.#sites]) table.seal();
    this.#cache = new Int32Array(0);
  }

  /** Copy of the sites. */
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

  /** Grows the cache and drops its contents, which are quickly added again. */
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
