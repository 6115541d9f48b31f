import type { RawFrame } from '../../../protocol/code-place.js';
import { type CallTree, CUT_OFF, type NodeIndex, ROOT } from './call-tree.js';

/** Position of a stack in the call tree: its own node, or the nearest caller that has one if it is folded. */
interface Place {
  readonly node: NodeIndex;
  readonly isFolded: boolean;
}

const AT_ROOT: Place = { node: ROOT, isFolded: false };

/**
 * A node of V8's tree: an allocation stack, or only a caller of one. Gets its node of the call tree lazily:
 * the callers of a stack at the sampler's depth limit are needed under the `(truncated)` frame, and most of
 * them nowhere else.
 */
export class ShownStack {
  readonly frame: RawFrame;
  readonly #caller: ShownStack | undefined;
  /** Number of frames. */
  readonly depth: number;
  #node: NodeIndex | undefined;
  #whole: Place | undefined;
  #cutOff: Place | undefined;

  /** @param caller undefined for the root, the empty stack */
  constructor(frame: RawFrame, caller?: ShownStack) {
    this.frame = frame;
    this.#caller = caller;
    this.depth = caller ? caller.depth + 1 : 0;
  }

  /**
   * Returns its node in the tree, always the same. A stack at the sampler's depth limit is put under
   * `(truncated)`.
   */
  nodeIn(tree: CallTree): NodeIndex {
    if (this.#node !== undefined) return this.#node;
    const { node, isFolded } = this.depth === tree.stackDepth ? this.#cutOffIn(tree) : this.#wholeIn(tree);
    if (isFolded) tree.countFolded();
    this.#node = node;
    return node;
  }

  #wholeIn(tree: CallTree): Place {
    this.#whole ??= this.#caller ? below(this.#caller.#wholeIn(tree), this.frame, tree) : AT_ROOT;
    return this.#whole;
  }

  #cutOffIn(tree: CallTree): Place {
    this.#cutOff ??= this.#caller
      ? below(this.#caller.#cutOffIn(tree), this.frame, tree)
      : below(AT_ROOT, CUT_OFF, tree);
    return this.#cutOff;
  }
}

/**
 * Returns the place of a callee. Callees of a folded stack are folded too; otherwise they would appear as
 * callees of another stack.
 */
function below(caller: Place, frame: RawFrame, tree: CallTree): Place {
  if (caller.isFolded) return caller;
  const node = tree.child(caller.node, frame);
  return { node, isFolded: node === caller.node };
}
