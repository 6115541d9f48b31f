import type { NodeIndex } from '../state/call-tree.js';

interface Part {
  /** Amount allocated since, in age units. */
  age: number;
  bytes: number;
}

/**
 * Holds what was in use when the sampler was restarted with another interval. Its samples are not observed
 * any more, so it is unknown which of it has been freed since. It is kept apart from what is observed,
 * labelled in all output, and decreases as objects of the same call sites become unreachable.
 */
export class CarriedOver {
  readonly #partsByNode = new Map<NodeIndex, Part[]>();
  readonly #bytesByNode = new Map<NodeIndex, number>();
  #totalBytes = 0;

  /** Estimated bytes of all stacks together. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Estimated bytes allocated with this stack. */
  bytes(node: NodeIndex): number {
    return this.#bytesByNode.get(node) ?? 0;
  }

  /** @param age amount allocated since these bytes, in age units */
  add(node: NodeIndex, bytes: number, age: number): void {
    if (bytes <= 0) return;
    let parts = this.#partsByNode.get(node);
    if (!parts) {
      parts = [];
      this.#partsByNode.set(node, parts);
    }
    // Merge bytes of about the same age, so that the number of parts stays small.
    const like = parts.find((part) => Math.abs(part.age - age) <= SAME_AGE * (1 + age));
    if (like) like.bytes += bytes;
    else parts.push({ age, bytes });
    this.#bytesByNode.set(node, this.bytes(node) + bytes);
    this.#totalBytes += bytes;
  }

  /**
   * Ages all parts after further allocation.
   *
   * @param units amount allocated, in age units
   * @param reachableShare returns the share of a stack's objects that stays reachable from one age to another
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
      // Without this, a long-lived process would age parts of no bytes at every poll.
      if (bytes < NOTHING) {
        this.#partsByNode.delete(node);
        this.#bytesByNode.delete(node);
        continue;
      }
      if (parts.some((part) => part.bytes < NOTHING)) {
        this.#partsByNode.set(
          node,
          parts.filter((part) => part.bytes >= NOTHING),
        );
      }
      this.#bytesByNode.set(node, bytes);
      this.#totalBytes += bytes;
    }
  }

  forEach(visit: (bytes: number, node: NodeIndex) => void): void {
    this.#bytesByNode.forEach(visit);
  }
}

/** Relative difference of ages that are kept as one. */
const SAME_AGE = 0.1;
/** Fewer bytes are dropped. */
const NOTHING = 1;
