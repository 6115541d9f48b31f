import type { NodeIndex } from './call-tree.js';

interface LiveSample {
  readonly id: number;
  readonly nodeId: number;
  readonly size: number;
  readonly node: NodeIndex;
  readonly bytes: number;
  readonly firstSeenMillis: number;
  /** Of the newest reading that showed it. */
  mark: number;
}

interface RawSample {
  readonly size: number;
  readonly nodeId: number;
  readonly ordinal: number;
}

interface SortedSamples {
  readonly fresh: readonly RawSample[];
  readonly sizeOfNode: Map<number, number>;
}

/** The samples that are alive, by ordinal, each with a number of its own that is never used again. */
export class LiveSamples {
  readonly #byOrdinal = new Map<number, LiveSample>();
  readonly #justDied = new Set<number>();
  #nextId = 1;

  get size(): number {
    return this.#byOrdinal.size;
  }

  /**
   * Tells new samples from known ones, which are marked as seen in this reading, and checks that they come from the
   * sampler that we know: an ordinal up to the newest one must be alive already and unchanged, because samples do
   * not come back to life. One look at each sample: there may be hundreds of thousands.
   *
   * @param mark a number of its own for every reading, also for those that were refused
   * @returns the new samples, and the sums of all samples' sizes for their node ids; undefined when they come from
   * another sampler
   */
  sort(samples: readonly RawSample[], newest: number, mark: number): SortedSamples | undefined {
    const fresh: RawSample[] = [];
    const sizeOfNode = new Map<number, number>();
    for (const sample of samples) {
      const { ordinal, nodeId, size } = sample;
      if (ordinal > newest) {
        fresh.push(sample);
        sizeOfNode.set(nodeId, 0);
        continue;
      }
      const known = this.#byOrdinal.get(ordinal);
      if (!known || known.nodeId !== nodeId || known.size !== size) return undefined;
      known.mark = mark;
    }
    if (fresh.length === 0) return { fresh, sizeOfNode };
    for (const { nodeId, size } of samples) {
      const sum = sizeOfNode.get(nodeId);
      if (sum !== undefined) sizeOfNode.set(nodeId, sum + size);
    }
    return { fresh, sizeOfNode };
  }

  /** Adds a sample first seen now; returns its id. */
  add(raw: RawSample, node: NodeIndex, bytes: number, atMillis: number, mark: number): number {
    const id = this.#nextId++;
    const { nodeId, size } = raw;
    this.#byOrdinal.set(raw.ordinal, { id, nodeId, size, node, bytes, firstSeenMillis: atMillis, mark });
    return id;
  }

  /** How many samples in a row are alive, up to and with this one, and after another: none of them has died. */
  unbroken(ordinal: number, after: number): number {
    let at = ordinal;
    while (at > after && this.#byOrdinal.has(at)) at--;
    return ordinal - at;
  }

  /** Drops everything that a reading did not show; returns how many. */
  sweep(mark: number, onFreed: (id: number, firstSeenMillis: number) => void): number {
    this.#justDied.clear();
    for (const [ordinal, sample] of this.#byOrdinal) {
      if (sample.mark === mark) continue;
      this.#byOrdinal.delete(ordinal);
      this.#justDied.add(sample.id);
      onFreed(sample.id, sample.firstSeenMillis);
    }
    return this.#justDied.size;
  }

  /** Whether the last sweep dropped this sample. */
  hasJustDied(id: number): boolean {
    return this.#justDied.has(id);
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
