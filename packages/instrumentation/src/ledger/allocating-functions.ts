import { isRuntimeFrame } from './call-site.js';
import { type CallTree, type Frame, type NodeIndex, ROOT } from './call-tree.js';

/**
 * Numbers the allocating function of each stack: its innermost frame that is not the runtime's own. Unlike call
 * sites these are frames as they run, known at once and without source maps or components.
 */
export class AllocatingFunctions {
  readonly #tree: CallTree;
  readonly #numbers = new Map<Frame | undefined, number>();
  readonly #ofNode: number[] = [];

  constructor(tree: CallTree) {
    this.#tree = tree;
  }

  /** Dense, from 0. */
  readonly of = (node: NodeIndex): number => {
    const known = this.#ofNode[node];
    if (known !== undefined) return known;
    const frame = this.#ownFrame(node);
    const number = this.#numbers.get(frame) ?? this.#numbers.size;
    this.#numbers.set(frame, number);
    this.#ofNode[node] = number;
    return number;
  };

  #ownFrame(node: NodeIndex): Frame | undefined {
    for (let at = node; at !== ROOT; at = this.#tree.parent(at)) {
      const frame = this.#tree.frame(at);
      if (frame && !isRuntimeFrame(frame.functionName, frame.file)) return frame;
    }
    return this.#tree.frame(node);
  }
}
