import type { NodeIndex } from './call-tree.js';

/**
 * What was in use when the sampler was started again at a larger interval. Its samples are out of sight from then
 * on, so nobody can tell which of it has been freed since: it is kept as it was, apart from what is observed, and
 * labelled wherever it shows.
 */
export class FrozenRemainder {
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

  add(node: NodeIndex, bytes: number): void {
    if (bytes <= 0) return;
    this.#bytesByNode.set(node, this.bytes(node) + bytes);
    this.#totalBytes += bytes;
  }

  forEach(visit: (bytes: number, node: NodeIndex) => void): void {
    this.#bytesByNode.forEach(visit);
  }
}
