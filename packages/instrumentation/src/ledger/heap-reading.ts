import type { RawFrame } from './call-tree.js';

/** What a source hands to the ledger: the live heap at one moment. Sizes are estimated bytes. */
export interface HeapReading {
  readonly head: ReadingNode;
  readonly samples: readonly { readonly size: number; readonly nodeId: number; readonly ordinal: number }[];
}
export interface ReadingNode {
  readonly id: number;
  readonly callFrame: RawFrame;
  readonly selfSize: number;
  readonly children: readonly ReadingNode[];
}

/** What one reading changed; or that it is another sampler's, in which case nothing was changed. */
export type Absorbed =
  | {
      readonly status: 'ok';
      /** Samples first seen alive, samples gone, and samples born and dead since the reading before. */
      readonly fresh: number;
      readonly freed: number;
      readonly unseen: number;
      readonly live: number;
      /** Whether nothing died since the reading before, seen or unseen: no collection came between the two. */
      readonly whole: boolean;
    }
  | { readonly status: 'restarted' };

/** Per node id: what turns a sample's rounded size into its share of the node's unbiased size. */
export function scalesByNode(
  head: ReadingNode,
  sizeOfNode: ReadonlyMap<number, number>,
): ReadonlyMap<number, number> {
  const scales = new Map<number, number>();
  const open: ReadingNode[] = [head];
  for (let node = open.pop(); node; node = open.pop()) {
    const sum = sizeOfNode.get(node.id);
    if (sum) scales.set(node.id, node.selfSize / sum);
    for (const child of node.children) open.push(child);
  }
  return scales;
}
