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
      /** Samples first seen alive, samples gone, and samples born and dead since the reading before; samples alive. */
      readonly fresh: number;
      readonly freed: number;
      readonly unseen: number;
      readonly live: number;
      readonly nodes: number;
      /** Whether nothing died since the reading before, seen or unseen: no collection came between the two. */
      readonly whole: boolean;
      /** Mean number of frames of the samples first seen alive; undefined without any. */
      readonly meanFrames: number | undefined;
    }
  | { readonly status: 'restarted'; readonly nodes: number };

/** A reading's tree laid out flat, so that it is walked once: callers come before their callees, the root is first. */
export interface FlatTree {
  readonly nodes: readonly ReadingNode[];
  /** Of each node, where its caller is; 0 for the root. */
  readonly callers: readonly number[];
}

export function flatTree(head: ReadingNode): FlatTree {
  const nodes: ReadingNode[] = [head];
  const callers: number[] = [0];
  for (let at = 0; at < nodes.length; at++) {
    for (const child of nodes[at]?.children ?? []) {
      nodes.push(child);
      callers.push(at);
    }
  }
  return { nodes, callers };
}
