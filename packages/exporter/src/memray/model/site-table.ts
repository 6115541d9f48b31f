import { DirectCache } from '../../tables/direct-cache.js';
import { PairTable } from '../../tables/pair-table.js';
import { beyond, type MemrayLimits } from '../format/limits.js';

/** Number of allocator IDs, to combine a thread index and an allocator into one number. */
const ALLOCATORS = 16;
/** Maximum number of cached sites. */
const MAX_CACHED = 1 << 14;

/** The sites of a {@link SiteTable}, for another thread. */
export interface SiteTableState {
  readonly plain: Int32Array<ArrayBuffer>;
  readonly natives: Int32Array<ArrayBuffer>;
  readonly sites: Int32Array<ArrayBuffer>;
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
   * Sites without a native stack, which are the usual kind, by owner and stack: a look-up touches one cache line, while
   * the tables need several.
   */
  readonly #cache: DirectCache = new DirectCache(MAX_CACHED);

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
    this.#cache.clear();
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
    const known = this.#cache.find(owner, stack, 0);
    if (known !== 0) return known;
    const site = this.#checked(this.#sites.intern(this.#plain.intern(owner, stack), 0));
    this.#cache.store(owner, stack, 0, site);
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

  #checked(site: number): number {
    if (site > this.#limits.maxFrames) throw beyond('allocation sites', this.#limits.maxFrames, 'maxFrames');
    return site;
  }
}
