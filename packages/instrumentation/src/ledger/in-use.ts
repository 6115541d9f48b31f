import { type CallTree, type NodeIndex, type RawFrame, ROOT, sameFrame } from './call-tree.js';
import { GrowableFloats } from './growable-floats.js';
import type { FlatTree } from './heap-reading.js';

interface KnownNode {
  readonly index: NodeIndex;
  readonly frame: RawFrame;
}

/**
 * What the newest reading shows in use, by stack. V8 numbers the nodes of its tree anew when they come back, so its
 * numbers are good for telling one reading's nodes by those of the reading before, and for no more.
 */
export class InUse {
  readonly #tree: CallTree;
  readonly #bytes = new GrowableFloats();
  /** The reading that a stack's bytes are of. */
  readonly #reading = new GrowableFloats();
  #nodeById = new Map<number, KnownNode>();
  #totalBytes = 0;
  #readings = 0;

  constructor(tree: CallTree) {
    this.#tree = tree;
  }

  /** Estimated bytes, all stacks together. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Estimated bytes that were allocated with this stack. */
  bytes(node: NodeIndex): number {
    return this.#reading.get(node) === this.#readings ? this.#bytes.get(node) : 0;
  }

  /** The stack that a node of the newest reading stands for. */
  stackOf(nodeId: number): NodeIndex {
    return this.#nodeById.get(nodeId)?.index ?? ROOT;
  }

  /** Whether every node id that we know still names the same function: a restarted sampler counts anew. */
  knowsIds({ nodes }: FlatTree): boolean {
    let same = 0;
    let other = 0;
    // Every tree has the same root, which says nothing.
    for (const { id, callFrame } of nodes.slice(1)) {
      const known = this.#nodeById.get(id);
      if (known && sameFrame(known.frame, callFrame)) same++;
      else if (known) other++;
    }
    // Another sampler's tree has next to nothing in common with ours; a frame or two may change its looks.
    return other <= same;
  }

  /** Takes the tree of a reading. */
  read({ nodes, callers, depths }: FlatTree): void {
    this.#readings++;
    this.#totalBytes = 0;
    const known = this.#nodeById;
    const nodeById = new Map<number, KnownNode>();
    const indices: NodeIndex[] = [];
    nodes.forEach(({ id, callFrame: frame, selfSize }, at) => {
      const found = known.get(id) ?? {
        index: this.#indexOf(at, frame, indices[callers[at] ?? 0], depths[at]),
        frame,
      };
      nodeById.set(id, found);
      indices.push(found.index);
      this.#note(found.index, selfSize);
    });
    this.#nodeById = nodeById;
  }

  #indexOf(at: number, frame: RawFrame, caller: NodeIndex = ROOT, depth = 0): NodeIndex {
    return at === 0 ? ROOT : this.#tree.childAt(depth, caller, frame);
  }

  /** Nothing is in use, as far as is known: the sampler was lost. */
  forget(): void {
    this.#readings++;
    this.#totalBytes = 0;
    this.#nodeById = new Map();
  }

  #note(node: NodeIndex, bytes: number): void {
    this.#totalBytes += bytes;
    // Folded stacks share a node, so add within one reading.
    this.#bytes.set(node, this.bytes(node) + bytes);
    this.#reading.set(node, this.#readings);
  }
}
