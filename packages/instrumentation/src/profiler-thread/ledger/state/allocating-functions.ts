import { allocatingNode } from './allocating-frame.js';
import type { CallTree, Frame, NodeIndex } from './call-tree.js';

/**
 * Numbers the allocating function of each stack. Unlike call sites, these are generated frames, so that no
 * source maps or components are needed.
 */
export class AllocatingFunctions {
  readonly #tree: CallTree;
  readonly #numbers = new Map<Frame | undefined, number>();
  readonly #ofNode: number[] = [];

  constructor(tree: CallTree) {
    this.#tree = tree;
  }

  /** Returns the number of a stack's allocating function. Dense, from 0. */
  readonly of = (node: NodeIndex): number => {
    const known = this.#ofNode[node];
    if (known !== undefined) return known;
    const frame = this.#tree.frame(allocatingNode(this.#tree, node));
    const number = this.#numbers.get(frame) ?? this.#numbers.size;
    this.#numbers.set(frame, number);
    this.#ofNode[node] = number;
    return number;
  };
}
