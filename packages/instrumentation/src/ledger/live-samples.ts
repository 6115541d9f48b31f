import { type NodeIndex, ROOT } from './call-tree.js';

interface RawSample {
  readonly size: number;
  readonly nodeId: number;
  readonly ordinal: number;
}

/** A sample that is alive, with a number of its own that is never used again. */
export interface LiveSample extends RawSample {
  readonly id: number;
  readonly firstSeenMillis: number;
  /** What the samples of its node have together, rounded as V8 rounds them. */
  readonly ofNode: { size: number };
  /** Its stack and its estimated bytes, as soon as they are known. */
  node: NodeIndex;
  bytes: number;
  /** Of the newest reading that showed it. */
  mark: number;
  /** Where in that reading it was, not counting samples that were new in it. */
  place: number;
  /** How old it was, in units of lifetimes, when a collection last showed that it was reachable; 0 before the first. */
  confirmedAge: number;
  /** When the marking of the last major collection that it outlived began, ms; minus infinity before the first. */
  confirmedMillis: number;
  /** Whether a collection has looked at it: the young generation is behind it, or may be. */
  isScavenged: boolean;
}

/** The samples that are alive. */
export class LiveSamples {
  readonly #byOrdinal = new Map<number, LiveSample>();
  /** In the order of the newest reading; those that were new in it are at the end. */
  #inOrder: LiveSample[] = [];
  /** The known samples of a reading that was sorted, in its order. */
  #shown: LiveSample[] = [];
  readonly #sizeOfNode = new Map<number, { size: number }>();
  readonly #justDied = new Set<number>();
  #nextId = 1;

  get size(): number {
    return this.#byOrdinal.size;
  }

  /**
   * Tells new samples from known ones, which are marked as seen in this reading, and checks that they come from the
   * sampler that we know: an ordinal up to the newest one must be alive already and unchanged, because samples do
   * not come back to life. There may be hundreds of thousands; what stays alive V8 shows in the same order again, so
   * most are found without looking them up.
   *
   * @param mark a number of its own for every reading, also for those that were refused
   * @returns the new samples; undefined when they come from another sampler
   */
  sort(samples: readonly RawSample[], newest: number, mark: number): readonly RawSample[] | undefined {
    const fresh: RawSample[] = [];
    this.#shown = [];
    let place = 0;
    for (const sample of samples) {
      if (sample.ordinal > newest) {
        fresh.push(sample);
        continue;
      }
      const known = this.#find(sample.ordinal, place);
      if (!known || known.nodeId !== sample.nodeId || known.size !== sample.size) return undefined;
      known.mark = mark;
      place = known.place + 1;
      this.#shown.push(known);
    }
    return fresh;
  }

  /** @param place where it is likely to be: there, or behind one that has died */
  #find(ordinal: number, place: number): LiveSample | undefined {
    const here = this.#inOrder[place];
    if (here?.ordinal === ordinal) return here;
    const next = this.#inOrder[place + 1];
    return next?.ordinal === ordinal ? next : this.#byOrdinal.get(ordinal);
  }

  /** Drops everything that the reading just sorted did not show; returns how many. */
  sweep(mark: number, onFreed: (sample: LiveSample) => void): number {
    this.#justDied.clear();
    for (const sample of this.#inOrder) {
      if (sample.mark === mark) continue;
      this.#byOrdinal.delete(sample.ordinal);
      this.#leaveNode(sample);
      this.#justDied.add(sample.id);
      onFreed(sample);
    }
    this.#inOrder = this.#shown;
    this.#shown = [];
    for (let place = 0; place < this.#inOrder.length; place++) this.#inOrder[place]!.place = place;
    return this.#justDied.size;
  }

  /** Adds a sample first seen now, after the sweep. */
  add({ size, nodeId, ordinal }: RawSample, firstSeenMillis: number, mark: number): LiveSample {
    const ofNode = this.#sizeOfNode.get(nodeId) ?? { size: 0 };
    if (ofNode.size === 0) this.#sizeOfNode.set(nodeId, ofNode);
    ofNode.size += size;
    const sample: LiveSample = {
      ordinal,
      size,
      nodeId,
      id: this.#nextId++,
      firstSeenMillis,
      ofNode,
      node: ROOT,
      bytes: size,
      mark,
      place: this.#inOrder.length,
      confirmedAge: 0,
      confirmedMillis: Number.NEGATIVE_INFINITY,
      isScavenged: false,
    };
    this.#byOrdinal.set(ordinal, sample);
    this.#inOrder.push(sample);
    return sample;
  }

  #leaveNode({ ofNode, nodeId, size }: LiveSample): void {
    ofNode.size -= size;
    if (ofNode.size === 0) this.#sizeOfNode.delete(nodeId);
  }

  /** How many samples in a row are alive, up to and with this one, and after another: none of them has died. */
  unbroken(ordinal: number, after: number): number {
    let at = ordinal;
    while (at > after && this.#byOrdinal.has(at)) at--;
    return ordinal - at;
  }

  /** Whether the last sweep dropped this sample. */
  hasJustDied(id: number): boolean {
    return this.#justDied.has(id);
  }

  clear(onFreed: (id: number) => void): void {
    for (const { id } of this.#inOrder) onFreed(id);
    this.#byOrdinal.clear();
    this.#sizeOfNode.clear();
    this.#justDied.clear();
    this.#inOrder = [];
    this.#shown = [];
  }

  forEach(visit: (id: number, node: NodeIndex, bytes: number, firstSeenMillis: number) => void): void {
    for (const { id, node, bytes, firstSeenMillis } of this.#inOrder) visit(id, node, bytes, firstSeenMillis);
  }

  forEachSample(visit: (sample: LiveSample) => void): void {
    for (const sample of this.#inOrder) visit(sample);
  }
}
