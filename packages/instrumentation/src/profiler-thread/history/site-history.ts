/** Number of call sites kept; each takes 1.4 KiB. */
const SLOTS = 24;
/** Number of the largest call sites that get a slot. Fewer than there are slots, so that equal ones do not take turns. */
const LARGEST = 12;
/** Number of other call sites that get a slot. */
const WANTED = 8;
const FREE = -1;

/** Keeps the bytes in use of some call sites over time: of the largest, and of those that are asked for. */
export class SiteHistory {
  readonly #capacity: number;
  /** Key of the call site in each slot. */
  readonly #sites: Float64Array = new Float64Array(SLOTS).fill(FREE);
  /** One row for each slot. Single precision is enough for a curve. */
  readonly #values: Float32Array;
  #added = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#values = new Float32Array(SLOTS * capacity).fill(Number.NaN);
  }

  /**
   * Adds a moment.
   *
   * @param bySite bytes in use by key of the call site; undefined when unknown
   * @param wanted call sites to keep, however small, the most important first
   */
  add(bySite: ReadonlyMap<number, number> | undefined, wanted: readonly number[]): void {
    const step = this.#added++ % this.#capacity;
    if (bySite) this.#assign(bySite, wanted);
    for (const [slot, site] of this.#sites.entries()) {
      const value = site === FREE || !bySite ? Number.NaN : (bySite.get(site) ?? 0);
      this.#values[slot * this.#capacity + step] = value;
    }
  }

  /** Returns the values of a call site, the oldest first; undefined if it has none. */
  values(site: number): (number | null)[] | undefined {
    const slot = this.#sites.indexOf(site);
    if (slot < 0) return undefined;
    const size = Math.min(this.#added, this.#capacity);
    return Array.from({ length: size }, (_, at) => {
      const step = (this.#added - size + at) % this.#capacity;
      const value = this.#values[slot * this.#capacity + step]!;
      return Number.isNaN(value) ? null : Math.round(value);
    });
  }

  /** Gives slots to the call sites to keep, those of the smallest others. */
  #assign(bySite: ReadonlyMap<number, number>, wanted: readonly number[]): void {
    const largest = [...bySite].sort((a, b) => b[1] - a[1]).slice(0, LARGEST);
    const kept = new Set([...wanted.slice(0, WANTED), ...largest.map(([site]) => site)]);
    const known = new Set(this.#sites);
    const missing = [...kept].filter((site) => !known.has(site));
    if (missing.length === 0) return;
    const weight = (site: number) => (site === FREE ? -1 : (bySite.get(site) ?? 0));
    const others = [...this.#sites.keys()].filter((slot) => !kept.has(this.#sites[slot]!));
    others.sort((a, b) => weight(this.#sites[a]!) - weight(this.#sites[b]!));
    for (const [at, site] of missing.entries()) {
      const slot = others[at]!;
      this.#sites[slot] = site;
      this.#values.fill(Number.NaN, slot * this.#capacity, (slot + 1) * this.#capacity);
    }
  }
}
