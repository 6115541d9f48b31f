import type { NodeIndex } from './call-tree.js';

interface LiveSample {
  readonly id: number;
  readonly nodeId: number;
  readonly size: number;
  readonly node: NodeIndex;
  readonly bytes: number;
  readonly firstSeenMillis: number;
  /** The newest reading that showed it. */
  reading: number;
}

interface RawSample {
  readonly size: number;
  readonly nodeId: number;
  readonly ordinal: number;
}

/** The samples that are alive, by ordinal, each with a number of its own that is never used again. */
export class LiveSamples {
  readonly #byOrdinal = new Map<number, LiveSample>();
  readonly #justDied = new Map<number, LiveSample>();
  #nextId = 1;

  get size(): number {
    return this.#byOrdinal.size;
  }

  /**
   * Sums the samples' sizes by node id, and checks on the way that they come from the sampler that we
   * know: an ordinal up to the newest one must be alive already and unchanged, because samples do not
   * come back to life. Undefined when they come from another sampler.
   */
  sizesByNode(samples: readonly RawSample[], newest: number): Map<number, number> | undefined {
    const sums = new Map<number, number>();
    for (const { ordinal, nodeId, size } of samples) {
      if (ordinal <= newest) {
        const known = this.#byOrdinal.get(ordinal);
        if (!known || known.nodeId !== nodeId || known.size !== size) return undefined;
      }
      sums.set(nodeId, (sums.get(nodeId) ?? 0) + size);
    }
    return sums;
  }

  /** Marks a sample as seen in a reading; false when it is not known yet. */
  mark(ordinal: number, reading: number): boolean {
    const sample = this.#byOrdinal.get(ordinal);
    if (!sample) return false;
    sample.reading = reading;
    return true;
  }

  /** Adds a sample first seen now; returns its id. */
  add(raw: RawSample, node: NodeIndex, bytes: number, atMillis: number, reading: number): number {
    const id = this.#nextId++;
    const { nodeId, size } = raw;
    this.#byOrdinal.set(raw.ordinal, { id, nodeId, size, node, bytes, firstSeenMillis: atMillis, reading });
    return id;
  }

  /** Drops everything that a reading did not show; returns how many. */
  sweep(reading: number, onFreed: (id: number, firstSeenMillis: number) => void): number {
    this.#justDied.clear();
    for (const [ordinal, sample] of this.#byOrdinal) {
      if (sample.reading === reading) continue;
      this.#byOrdinal.delete(ordinal);
      this.#justDied.set(sample.id, sample);
      onFreed(sample.id, sample.firstSeenMillis);
    }
    return this.#justDied.size;
  }

  /** A sample that the last sweep dropped; undefined when it did not. */
  takeDead(id: number): { readonly node: NodeIndex; readonly bytes: number } | undefined {
    return this.#justDied.get(id);
  }

  clear(onFreed: (id: number) => void): void {
    for (const sample of this.#byOrdinal.values()) onFreed(sample.id);
    this.#byOrdinal.clear();
    this.#justDied.clear();
  }

  forEach(visit: (id: number, node: NodeIndex, bytes: number, firstSeenMillis: number) => void): void {
    for (const sample of this.#byOrdinal.values()) {
      visit(sample.id, sample.node, sample.bytes, sample.firstSeenMillis);
    }
  }
}
