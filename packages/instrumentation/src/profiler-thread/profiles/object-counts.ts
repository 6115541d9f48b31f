import type { ObjectCountTable } from '../../protocol/object-count-table.js';
import { type CallTree, CUT_OFF, type NodeIndex, type RawFrame, ROOT } from '../ledger/index.js';

/** Objects and bytes in use, by stack of the ledger's tree. */
export type ObjectCounts = ReadonlyMap<NodeIndex, { readonly count: number; readonly bytes: number }>;

/**
 * Maps the table's stacks to the ledger's tree. Leaves out stacks that the ledger does not know yet: no
 * profile contains them, and only a poll shows to which script a function belongs.
 */
export function objectCountsByNode(table: ObjectCountTable, tree: CallTree): ObjectCounts {
  const result = new Map<NodeIndex, { count: number; bytes: number }>();
  const paths: Path[] = [];
  const atRoot: Place = { node: ROOT, isFolded: false };
  const root: Path = { depth: 0, whole: atRoot, cutOff: placeBelow(atRoot, CUT_OFF, tree) };
  for (let row = 0; row < table.frames.length; row++) {
    const frame = table.frames[row];
    const caller = paths[table.parents[row] ?? -1] ?? root;
    const path = frame ? below(caller, frame, tree) : caller;
    paths.push(path);
    const node = (path.depth === tree.stackDepth ? path.cutOff : path.whole)?.node;
    const count = table.counts[row] ?? 0;
    if (count === 0 || node === undefined) continue;
    const sum = result.get(node) ?? { count: 0, bytes: 0 };
    sum.count += count;
    sum.bytes += table.bytes[row] ?? 0;
    result.set(node, sum);
  }
  return result;
}

/** Place of a stack in the tree, both from the outermost frame and from below the `(truncated)` frame. */
interface Path {
  readonly depth: number;
  readonly whole: Place | undefined;
  readonly cutOff: Place | undefined;
}

/** Placement as in the ledger, see `ShownStack`: callees of a folded stack are folded too. */
interface Place {
  readonly node: NodeIndex;
  readonly isFolded: boolean;
}

function below({ depth, whole, cutOff }: Path, frame: RawFrame, tree: CallTree): Path {
  return { depth: depth + 1, whole: placeBelow(whole, frame, tree), cutOff: placeBelow(cutOff, frame, tree) };
}

function placeBelow(caller: Place | undefined, frame: RawFrame, tree: CallTree): Place | undefined {
  if (caller === undefined || caller.isFolded) return caller;
  const node = tree.find(caller.node, frame);
  return node === undefined ? undefined : { node, isFolded: node === caller.node };
}
