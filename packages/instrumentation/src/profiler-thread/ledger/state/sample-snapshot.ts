import type { RawFrame } from '../../../protocol/code-place.js';

/** A poll result: the live heap at one moment, as passed to the ledger. Sizes are estimated bytes. */
export interface SampleSnapshot {
  readonly head: SnapshotNode;
  readonly samples: readonly { readonly size: number; readonly nodeId: number; readonly ordinal: number }[];
}
export interface SnapshotNode {
  readonly id: number;
  readonly callFrame: RawFrame;
  readonly selfSize: number;
  readonly children: readonly SnapshotNode[];
}

/**
 * Result of an update: what changed, or that the poll is from another sampler, in which case nothing changed.
 */
export type UpdateResult =
  | {
      readonly status: 'ok';
      /**
       * Samples first seen alive; samples gone; samples born and dead since the previous poll; samples alive.
       */
      readonly fresh: number;
      readonly freed: number;
      readonly unseen: number;
      readonly live: number;
      readonly nodes: number;
      /** True if nothing died since the previous poll, seen or unseen: no collection came between the two. */
      readonly isComplete: boolean;
      /** Mean number of frames of the samples first seen alive; undefined if there are none. */
      readonly meanFrames: number | undefined;
    }
  | { readonly status: 'restarted'; readonly nodes: number };

/** A poll's tree as flat arrays, so that it is walked only once: root first, callers before callees. */
export interface FlatTree {
  readonly nodes: readonly SnapshotNode[];
  /** Index of each node's caller; 0 for the root. */
  readonly callers: readonly number[];
}

export function flatTree(head: SnapshotNode): FlatTree {
  const nodes: SnapshotNode[] = [head];
  const callers: number[] = [0];
  for (let at = 0; at < nodes.length; at++) {
    for (const child of nodes[at]?.children ?? []) {
      nodes.push(child);
      callers.push(at);
    }
  }
  return { nodes, callers };
}
