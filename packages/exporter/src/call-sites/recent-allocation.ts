import type { SiteReading } from './site-amounts.js';

/** Half-life of allocated bytes, in ms: after this time they count half. */
const HALF_LIFE_MILLIS = 300_000;
/** Shares below this count as 0. That takes about twenty half-lives after the last allocation. */
const NO_SHARE = 1e-6;

/** Shares of recent allocation by call site: allocated bytes decay exponentially. Forgets sites that are gone. */
export class RecentAllocation<K> {
  #bytes: ReadonlyMap<K, number> = new Map();
  #total = 0;
  #last: { readonly reading: SiteReading<K>; readonly atMillis: number } | undefined;

  /**
   * Updates the shares. Bytes allocated since the previous call count as allocated now.
   *
   * @param atMillis now, in ms of any monotonic clock
   */
  observe(reading: SiteReading<K>, atMillis: number): void {
    const before = this.#last?.reading;
    const decay = this.#last ? 0.5 ** ((atMillis - this.#last.atMillis) / HALF_LIFE_MILLIS) : 1;
    const bytes = new Map<K, number>();
    for (const [site, { counters }] of reading.sites) {
      const fresh = (counters[0] ?? 0) - (before?.sites.get(site)?.counters[0] ?? 0);
      bytes.set(site, (this.#bytes.get(site) ?? 0) * decay + fresh);
    }
    this.#bytes = bytes;
    this.#total = this.#total * decay + (reading.total.counters[0] ?? 0) - (before?.total.counters[0] ?? 0);
    this.#last = { reading, atMillis };
  }

  /** Returns the share of a site, from 0 to 1. */
  share(site: K): number {
    const share = (this.#bytes.get(site) ?? 0) / (this.#total || 1);
    return share < NO_SHARE ? 0 : share;
  }
}
