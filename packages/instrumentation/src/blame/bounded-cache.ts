/** What a `BoundedCache` may hold at most. */
export interface CacheLimits {
  readonly maxEntries: number;
  /** In whatever unit the entries are weighed in; unlimited when absent. */
  readonly maxWeight?: number;
}

/** A map that forgets what was not used for the longest time when it is full. */
export class BoundedCache<K, V> {
  readonly #limits: CacheLimits;
  readonly #entries = new Map<K, { readonly value: V; readonly weight: number }>();
  #weight = 0;

  constructor(limits: CacheLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  get weight(): number {
    return this.#weight;
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    // A Map keeps the order of insertion, so the first entry is always the one unused for the longest time.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps a value, and returns it. One that alone is heavier than all may be is not kept. */
  set(key: K, value: V, weight = 0): V {
    const { maxEntries, maxWeight = Number.POSITIVE_INFINITY } = this.#limits;
    this.#delete(key);
    if (weight > maxWeight || maxEntries < 1) return value;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < maxEntries && this.#weight + weight <= maxWeight) break;
      this.#delete(oldest);
    }
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    return value;
  }

  #delete(key: K): void {
    this.#weight -= this.#entries.get(key)?.weight ?? 0;
    this.#entries.delete(key);
  }
}
