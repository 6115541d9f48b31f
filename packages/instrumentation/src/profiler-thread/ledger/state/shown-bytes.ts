import { type CallTree, type NodeIndex, ROOT, sameFrame } from './call-tree.js';
import { GrowableFloats } from './growable-floats.js';
import type { FlatTree } from './sample-snapshot.js';
import { ShownStack } from './shown-stack.js';

/** A node of the newest poll. */
export interface KnownNode {
  readonly stack: ShownStack;
  /** Estimated bytes in use that were allocated with this stack, according to that poll. */
  bytes: number;
  /** Number of that poll. */
  reading: number;
}

/**
 * Bytes in use by stack, according to the newest poll. V8 renumbers nodes that come back, so its ids only
 * match the nodes of two consecutive polls.
 */
export class ShownBytes {
  readonly #tree: CallTree;
  readonly #bytes = new GrowableFloats();
  /** Number of the poll that a stack's bytes are from. */
  readonly #reading = new GrowableFloats();
  readonly #nodeById = new Map<number, KnownNode>();
  /** Largest id of all polls. V8 counts ids up and never reuses one. */
  #newestId = 0;
  #totalBytes = 0;
  #readings = 0;

  constructor(tree: CallTree) {
    this.#tree = tree;
  }

  /** Estimated bytes of all stacks together. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Estimated bytes allocated with this stack. */
  bytes(node: NodeIndex): number {
    return this.#reading.get(node) === this.#readings ? this.#bytes.get(node) : 0;
  }

  /** Returns the stack of a node of a poll. */
  stackOf(node: KnownNode | undefined): NodeIndex {
    return node ? node.stack.nodeIn(this.#tree) : ROOT;
  }

  /** Returns a node of the newest poll by V8's id. */
  node(nodeId: number): KnownNode | undefined {
    return this.#nodeById.get(nodeId);
  }

  /**
   * Matches the nodes of a poll's tree with the known ones.
   *
   * @returns the known node, if any, for each node; undefined if the tree is from another sampler, whose ids
   *   restart
   */
  matchIfSameSampler({ nodes }: FlatTree): (KnownNode | undefined)[] | undefined {
    const known = nodes.map(({ id }) => this.#nodeById.get(id));
    let same = 0;
    let other = 0;
    // Skip the root, which is the same in every tree, and nodes made since the last poll.
    for (let at = 1; at < nodes.length; at++) {
      const { id, callFrame } = nodes[at]!;
      if (id > this.#newestId) continue;
      const found = known[at];
      if (found && sameFrame(found.stack.frame, callFrame)) same++;
      else other++;
    }
    // Tolerate a few mismatches: the frames of collected scripts change. Another sampler's tree matches
    // almost nowhere: an id that the last poll did not show cannot come back.
    return other <= same ? known : undefined;
  }

  /** Updates the bytes from a poll's tree, given its known nodes. */
  read({ nodes, callers }: FlatTree, known: readonly (KnownNode | undefined)[]): void {
    const reading = ++this.#readings;
    this.#totalBytes = 0;
    const stacks: ShownStack[] = [];
    for (let at = 0; at < nodes.length; at++) {
      const { id, callFrame, selfSize } = nodes[at]!;
      if (id > this.#newestId) this.#newestId = id;
      const node =
        known[at] ?? this.#add(id, new ShownStack(callFrame, at > 0 ? stacks[callers[at]!] : undefined));
      node.bytes = selfSize;
      node.reading = reading;
      stacks.push(node.stack);
      if (selfSize > 0) this.#note(node.stack.nodeIn(this.#tree), selfSize);
    }
    if (this.#nodeById.size > nodes.length) this.#dropGone();
  }

  /** Adds bytes to a stack; for sources without polls. */
  add(node: NodeIndex, bytes: number): void {
    this.#note(node, bytes);
  }

  #add(id: number, stack: ShownStack): KnownNode {
    const node = { stack, bytes: 0, reading: 0 };
    this.#nodeById.set(id, node);
    return node;
  }

  /** Drops the ids of nodes that are gone: V8 assigns new ids when their stacks come back. */
  #dropGone(): void {
    for (const [id, { reading }] of this.#nodeById) if (reading !== this.#readings) this.#nodeById.delete(id);
  }

  /** Sets everything to 0, after the loss of the sampler. */
  forget(): void {
    this.#readings++;
    this.#totalBytes = 0;
    this.#newestId = 0;
    this.#nodeById.clear();
  }

  #note(node: NodeIndex, bytes: number): void {
    this.#totalBytes += bytes;
    // Add within one poll: folded stacks share a node.
    this.#bytes.set(node, this.bytes(node) + bytes);
    this.#reading.set(node, this.#readings);
  }
}
