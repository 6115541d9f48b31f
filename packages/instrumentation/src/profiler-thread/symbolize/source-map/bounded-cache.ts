/** Limits of a `BoundedCache`. */
export interface CacheLimits {
  readonly maxEntries: number;
  /** Sum of the weights, in any unit. Default: unlimited. */
  readonly maxWeight?: number;
}

/** A map with limits that evicts the least recently used entries. */
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
    // Reinsert: a Map keeps the order of insertion, so the first entry is the least recently used.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Stores a value and returns it. Does not store a value that alone exceeds the maximum weight. */
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
