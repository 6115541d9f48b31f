import type { NodeIndex } from './call-tree.js';

interface Part {
  /** Allocated since, in units of lifetimes. */
  age: number;
  bytes: number;
}

/**
 * What was in use when the sampler was started again at another interval. Its samples are out of sight from then
 * on, so nobody can tell which of it has been freed since: it is kept apart from what is observed, labelled wherever it
 * shows, and grows less as objects of the same call sites become unreachable.
 */
export class FrozenRemainder {
  readonly #partsByNode = new Map<NodeIndex, Part[]>();
  readonly #bytesByNode = new Map<NodeIndex, number>();
  #totalBytes = 0;

  /** Estimated bytes, all stacks together. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Estimated bytes that were allocated with this stack. */
  bytes(node: NodeIndex): number {
    return this.#bytesByNode.get(node) ?? 0;
  }

  /** @param age how much was allocated since they were, in units of lifetimes */
  add(node: NodeIndex, bytes: number, age: number): void {
    if (bytes <= 0) return;
    let parts = this.#partsByNode.get(node);
    if (!parts) {
      parts = [];
      this.#partsByNode.set(node, parts);
    }
    // Those of about the same age are one part, so that there are few, however many samples there were.
    const like = parts.find((part) => Math.abs(part.age - age) <= SAME_AGE * (1 + age));
    if (like) like.bytes += bytes;
    else parts.push({ age, bytes });
    this.#bytesByNode.set(node, this.bytes(node) + bytes);
    this.#totalBytes += bytes;
  }

  /**
   * Takes note that more was allocated.
   *
   * @param units how much, in units of lifetimes
   * @param reachableShare which share of a stack's objects stays reachable from one age to another
   */
  growOlder(
    units: number,
    reachableShare: (node: NodeIndex, fromAge: number, toAge: number) => number,
  ): void {
    if (units <= 0 || this.#totalBytes === 0) return;
    this.#totalBytes = 0;
    for (const [node, parts] of this.#partsByNode) {
      let bytes = 0;
      for (const part of parts) {
        part.bytes *= reachableShare(node, part.age, part.age + units);
        part.age += units;
        bytes += part.bytes;
      }
      this.#bytesByNode.set(node, bytes);
      this.#totalBytes += bytes;
    }
  }

  forEach(visit: (bytes: number, node: NodeIndex) => void): void {
    this.#bytesByNode.forEach(visit);
  }
}

const SAME_AGE = 0.1;
