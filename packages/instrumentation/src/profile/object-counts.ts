import { type CallTree, type NodeIndex, type RawFrame, ROOT } from '../ledger/index.js';

/**
 * How many objects each stack has in use, as V8's own API counts them (unbiased). Made on the main thread
 * from the native binding's profile and sent to the profiler thread as plain columns, a row per stack,
 * callers before callees.
 */
export interface ObjectCountTable {
  readonly parents: readonly number[];
  readonly frames: readonly RawFrame[];
  readonly counts: readonly number[];
  readonly bytes: readonly number[];
}

/** Objects and bytes in use by stack of the ledger's tree. */
export type ObjectCounts = ReadonlyMap<NodeIndex, { readonly count: number; readonly bytes: number }>;

/**
 * Finds the table's stacks in the ledger's tree. What the ledger has not read yet is left out: it is in no profile, and
 * only a reading tells which script a function is of.
 */
export function objectCountsByNode(table: ObjectCountTable, tree: CallTree): ObjectCounts {
  const result = new Map<NodeIndex, { count: number; bytes: number }>();
  const nodes: (NodeIndex | undefined)[] = [];
  const depths: number[] = [];
  for (let row = 0; row < table.frames.length; row++) {
    const frame = table.frames[row];
    const callerRow = table.parents[row] ?? -1;
    const parent = callerRow < 0 ? ROOT : nodes[callerRow];
    const depth = (depths[callerRow] ?? 0) + 1;
    const node = frame && parent !== undefined ? tree.find(depth, parent, frame) : parent;
    nodes.push(node);
    depths.push(depth);
    const count = table.counts[row] ?? 0;
    if (count === 0 || node === undefined) continue;
    const sum = result.get(node) ?? { count: 0, bytes: 0 };
    sum.count += count;
    sum.bytes += table.bytes[row] ?? 0;
    result.set(node, sum);
  }
  return result;
}
