import { type ProtoWriter, varintSize } from './proto-writer.js';

/**
 * Packed lists of numbers that share their ends. A node is a number and its parent; its list is the numbers from the node
 * to the root, as in a stack. Sizes are computed once for all nodes, so that each list is written in one pass.
 */
export class PackedChains {
  readonly #parents: Int32Array;
  readonly #numbers: Int32Array;
  readonly #sizes: Int32Array;

  /**
   * Creates the lists of these nodes.
   *
   * @param parents parent of each node, which comes before it; negative for none
   * @param numbers number of each node, 0 to 2^31 - 1
   */
  constructor(parents: Int32Array, numbers: Int32Array) {
    this.#parents = parents;
    this.#numbers = numbers;
    const sizes = new Int32Array(parents.length);
    for (let node = 0; node < sizes.length; node++) {
      const parent = parents[node]!;
      sizes[node] = varintSize(numbers[node]!) + (parent < 0 ? 0 : sizes[parent]!);
    }
    this.#sizes = sizes;
  }

  /** Returns the size of a list in bytes, without tag and length; 0 for a negative node. */
  size(node: number): number {
    return node < 0 ? 0 : this.#sizes[node]!;
  }

  /** Writes a list without tag and length. The room must have been reserved. */
  write(writer: ProtoWriter, first: number): void {
    const parents = this.#parents;
    const numbers = this.#numbers;
    const { bytes } = writer;
    let { at } = writer;
    for (let node = first; node >= 0; node = parents[node]!) {
      let number = numbers[node]!;
      while (number > 0x7f) {
        bytes[at++] = (number & 0x7f) | 0x80;
        number >>>= 7;
      }
      bytes[at++] = number;
    }
    writer.at = at;
  }
}
