import { type CallTree, type NodeIndex, ROOT, sameFrame } from './call-tree.js';
import { GrowableFloats } from './growable-floats.js';
import type { FlatTree } from './heap-reading.js';
import { ReadStack } from './read-stack.js';

/** A node of the newest reading. */
export interface KnownNode {
  readonly stack: ReadStack;
  /** Estimated bytes in use that were allocated with this stack, as that reading says. */
  bytes: number;
  /** Which reading that is. */
  reading: number;
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
  readonly #nodeById = new Map<number, KnownNode>();
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

  /** The stack of a node of a reading. */
  stackOf(node: KnownNode | undefined): NodeIndex {
    return node ? node.stack.nodeIn(this.#tree) : ROOT;
  }

  /** A node of the newest reading by V8's number for it. */
  node(nodeId: number): KnownNode | undefined {
    return this.#nodeById.get(nodeId);
  }

  /**
   * Recognises the nodes of a reading's tree.
   *
   * @returns for each the node that we know, if any; undefined when the tree is another sampler's: that counts anew
   */
  recognise({ nodes }: FlatTree): (KnownNode | undefined)[] | undefined {
    const known = nodes.map(({ id }) => this.#nodeById.get(id));
    let same = 0;
    let other = 0;
    // Every tree has the same root, which says nothing.
    for (let at = 1; at < nodes.length; at++) {
      const found = known[at];
      if (!found) continue;
      if (sameFrame(found.stack.frame, nodes[at]!.callFrame)) same++;
      else other++;
    }
    // Another sampler's tree has next to nothing in common with ours; a frame or two may change its looks.
    return other <= same ? known : undefined;
  }

  /** Takes the tree of a reading, of which these nodes are known. */
  read({ nodes, callers }: FlatTree, known: readonly (KnownNode | undefined)[]): void {
    const reading = ++this.#readings;
    this.#totalBytes = 0;
    const stacks: ReadStack[] = [];
    for (let at = 0; at < nodes.length; at++) {
      const { id, callFrame, selfSize } = nodes[at]!;
      const node =
        known[at] ?? this.#add(id, new ReadStack(callFrame, at > 0 ? stacks[callers[at]!] : undefined));
      node.bytes = selfSize;
      node.reading = reading;
      stacks.push(node.stack);
      if (selfSize > 0) this.#note(node.stack.nodeIn(this.#tree), selfSize);
    }
    if (this.#nodeById.size > nodes.length) this.#dropGone();
  }

  #add(id: number, stack: ReadStack): KnownNode {
    const node = { stack, bytes: 0, reading: 0 };
    this.#nodeById.set(id, node);
    return node;
  }

  /** V8 drops stacks without samples, and numbers them anew when they come back. */
  #dropGone(): void {
    for (const [id, { reading }] of this.#nodeById) if (reading !== this.#readings) this.#nodeById.delete(id);
  }

  /** Nothing is in use, as far as is known: the sampler was lost. */
  forget(): void {
    this.#readings++;
    this.#totalBytes = 0;
    this.#nodeById.clear();
  }

  #note(node: NodeIndex, bytes: number): void {
    this.#totalBytes += bytes;
    // Folded stacks share a node, so add within one reading.
    this.#bytes.set(node, this.bytes(node) + bytes);
    this.#reading.set(node, this.#readings);
  }
}
