import type { NodeIndex } from './call-tree.js';
import { GrowableFloats } from './growable-floats.js';

/** Object size for stacks without any sample seen alive, i.e. `(unobserved)`, in bytes. */
export const TYPICAL_OBJECT_BYTES = 64;

/** Estimated bytes and objects that each stack has allocated since the start. Never decreases. */
export class StackTotals {
  readonly #bytes = new GrowableFloats();
  readonly #objects = new GrowableFloats();
  readonly #seenBytes = new GrowableFloats();
  readonly #seenObjects = new GrowableFloats();

  bytes(node: NodeIndex): number {
    return this.#bytes.get(node);
  }

  objects(node: NodeIndex): number {
    return this.#objects.get(node);
  }

  /**
   * Estimates the mean size of a stack's objects, in bytes. Undefined for a stack without any sample seen
   * alive.
   */
  likelyObjectBytes(node: NodeIndex): number | undefined {
    const objects = this.#seenObjects.get(node);
    return objects > 0 ? this.#seenBytes.get(node) / objects : undefined;
  }

  /**
   * Adds a sample seen alive.
   *
   * @param charged the node that its allocation counts for
   * @param objectBytes likely size of its object
   */
  addSeen(node: NodeIndex, charged: NodeIndex, bytes: number, objectBytes: number): void {
    const objects = bytes / objectBytes;
    this.#bytes.add(charged, bytes);
    this.#objects.add(charged, objects);
    this.#seenBytes.add(node, bytes);
    this.#seenObjects.add(node, objects);
  }

  /** Adds bytes of samples that were never seen, attributed to a stack by estimate. */
  addEstimated(node: NodeIndex, bytes: number): void {
    this.#bytes.add(node, bytes);
    this.#objects.add(node, bytes / (this.likelyObjectBytes(node) ?? TYPICAL_OBJECT_BYTES));
  }
}
