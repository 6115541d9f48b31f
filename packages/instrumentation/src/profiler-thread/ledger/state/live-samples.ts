import { type NodeIndex, ROOT } from './call-tree.js';

interface RawSample {
  readonly size: number;
  readonly nodeId: number;
  readonly ordinal: number;
}

/** A live sample, with an id that is never reused. */
export interface LiveSample extends RawSample {
  readonly id: number;
  readonly firstSeenMillis: number;
  /** Sum of the sizes of its node's samples, as V8 rounds them. */
  readonly ofNode: { size: number };
  /** Stack and estimated bytes, set as soon as they are known. */
  node: NodeIndex;
  bytes: number;
  /** Mark of the newest poll that showed it. */
  mark: number;
  /** Position in that poll, not counting samples that were new in it. */
  place: number;
  /** Age at which a collection last showed it to be reachable, in age units; 0 before the first. */
  confirmedAge: number;
  /**
   * Start of marking of the last major collection that it survived, in ms; minus infinity before the first.
   */
  confirmedMillis: number;
  /** True if a collection has examined it: it has left the young generation, or may have. */
  isScavenged: boolean;
}

/** The set of live samples. */
export class LiveSamples {
  readonly #byOrdinal = new Map<number, LiveSample>();
  /** In the order of the newest poll; samples that were new in it are at the end. */
  #inOrder: LiveSample[] = [];
  /** Known samples of the poll being sorted, in its order. */
  #shown: LiveSample[] = [];
  readonly #sizeOfNode = new Map<number, { size: number }>();
  readonly #justDied = new Set<number>();
  readonly #nextId: () => number;

  /** @param nextId returns ids, which are never reused. Default: from 1 */
  constructor(nextId: () => number = countFrom1()) {
    this.#nextId = nextId;
  }

  get size(): number {
    return this.#byOrdinal.size;
  }

  /**
   * Separates new samples from known ones and marks the known ones as seen. Also checks that they are from
   * the same sampler: an ordinal up to the newest one must already be alive and unchanged, as samples do not
   * come back to life. V8 keeps the order of live samples, so most of the up to hundreds of thousands are
   * found without a lookup.
   *
   * @param mark unique number of the poll, also used up by refused ones
   * @returns the new samples; undefined if they are from another sampler
   */
  splitIfSameSampler(
    samples: readonly RawSample[],
    newest: number,
    mark: number,
  ): readonly RawSample[] | undefined {
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

  /** @param place likely position: there, or one later if a sample before it has died */
  #find(ordinal: number, place: number): LiveSample | undefined {
    const here = this.#inOrder[place];
    if (here?.ordinal === ordinal) return here;
    const next = this.#inOrder[place + 1];
    return next?.ordinal === ordinal ? next : this.#byOrdinal.get(ordinal);
  }

  /** Drops all samples that the poll just sorted did not show; returns their number. */
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

  /** Adds a sample first seen now. Call after the sweep. */
  add({ size, nodeId, ordinal }: RawSample, firstSeenMillis: number, mark: number): LiveSample {
    const ofNode = this.#sizeOfNode.get(nodeId) ?? { size: 0 };
    if (ofNode.size === 0) this.#sizeOfNode.set(nodeId, ofNode);
    ofNode.size += size;
    const sample: LiveSample = {
      ordinal,
      size,
      nodeId,
      id: this.#nextId(),
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

  /** Drops the samples with these ordinals, as far as they are alive, and returns them. */
  remove(ordinals: readonly number[]): readonly LiveSample[] {
    const died: LiveSample[] = [];
    for (const ordinal of ordinals) {
      const sample = this.#byOrdinal.get(ordinal);
      if (!sample) continue;
      this.#byOrdinal.delete(ordinal);
      this.#leaveNode(sample);
      died.push(sample);
    }
    if (died.length > 0) this.#inOrder = this.#inOrder.filter(({ ordinal }) => this.#byOrdinal.has(ordinal));
    return died;
  }

  #leaveNode({ ofNode, nodeId, size }: LiveSample): void {
    ofNode.size -= size;
    if (ofNode.size === 0) this.#sizeOfNode.delete(nodeId);
  }

  /**
   * Returns the number of consecutive live ordinals that end with `ordinal`, not counting `after` or older
   * ones.
   */
  unbroken(ordinal: number, after: number): number {
    let at = ordinal;
    while (at > after && this.#byOrdinal.has(at)) at--;
    return ordinal - at;
  }

  /** Returns true if the last sweep dropped this sample. */
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

function countFrom1(): () => number {
  let last = 0;
  return () => ++last;
}
