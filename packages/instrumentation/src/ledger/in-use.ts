import { type CallTree, type NodeIndex, type RawFrame, ROOT, sameFrame } from './call-tree.js';
import { GrowableFloats } from './growable-floats.js';
import type { ReadingNode } from './heap-reading.js';

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
  knowsIds(head: ReadingNode): boolean {
    let same = 0;
    let other = 0;
    // Every tree has the same root.
    const open: ReadingNode[] = [...head.children];
    for (let node = open.pop(); node; node = open.pop()) {
      const known = this.#nodeById.get(node.id);
      if (known && sameFrame(known.frame, node.callFrame)) same++;
      else if (known) other++;
      for (const child of node.children) open.push(child);
    }
    // Another sampler's tree has next to nothing in common with ours; a frame or two may change its looks.
    return other <= same;
  }

  /** Takes the tree of a reading. */
  read(head: ReadingNode): void {
    this.#readings++;
    this.#totalBytes = 0;
    const known = this.#nodeById;
    const nodeById = new Map<number, KnownNode>();
    nodeById.set(head.id, { index: ROOT, frame: head.callFrame });
    this.#note(ROOT, head.selfSize);
    const open: { readonly node: ReadingNode; readonly depth: number }[] = [{ node: head, depth: 0 }];
    for (let next = open.pop(); next; next = open.pop()) {
      const { node, depth } = next;
      const parent = nodeById.get(node.id)?.index ?? ROOT;
      for (const child of node.children) {
        const frame = child.callFrame;
        const same = known.get(child.id) ?? { index: this.#tree.childAt(depth + 1, parent, frame), frame };
        nodeById.set(child.id, same);
        this.#note(same.index, child.selfSize);
        open.push({ node: child, depth: depth + 1 });
      }
    }
    this.#nodeById = nodeById;
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
