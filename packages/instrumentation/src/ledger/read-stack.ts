import { type CallTree, CUT_OFF, type NodeIndex, type RawFrame, ROOT } from './call-tree.js';

/** Where a stack stands in the call tree: at a node of its own, or folded into the nearest caller that has one. */
interface Place {
  readonly node: NodeIndex;
  readonly isFolded: boolean;
}

const AT_ROOT: Place = { node: ROOT, isFolded: false };

/**
 * A node of V8's tree: a stack, if something was allocated with it, or only a caller of such. It gets a node of the call
 * tree when it is asked for, and only then: the callers of a stack as deep as the sampler looks are wanted below the frame
 * that says so, and most of them nowhere else.
 */
export class ReadStack {
  readonly frame: RawFrame;
  readonly #caller: ReadStack | undefined;
  /** Number of its frames. */
  readonly depth: number;
  #node: NodeIndex | undefined;
  #whole: Place | undefined;
  #cutOff: Place | undefined;

  /** @param caller undefined for the root, the empty stack */
  constructor(frame: RawFrame, caller?: ReadStack) {
    this.frame = frame;
    this.#caller = caller;
    this.depth = caller ? caller.depth + 1 : 0;
  }

  /** Its node in the tree, always the same one. One as deep as the sampler looks may have lost its outer frames. */
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

/** What is called by a folded stack is folded with it: by itself it would be taken for another's callee. */
function below(caller: Place, frame: RawFrame, tree: CallTree): Place {
  if (caller.isFolded) return caller;
  const node = tree.child(caller.node, frame);
  return { node, isFolded: node === caller.node };
}
