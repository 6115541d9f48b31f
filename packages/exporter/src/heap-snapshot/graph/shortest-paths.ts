import type { HeapSnapshot } from '../read/heap-snapshot.js';
import type { RetainingEdges } from './retaining-edges.js';

/** Stands for no edge. */
export const NO_EDGE: number = 2 ** 32 - 1;
const ROOT = 0;

/**
 * V8's roots that say why an object is kept. The others are its own tables, what happens to be on the stack, and what its
 * compiler works on: they are followed after all else.
 */
const EARLY_ROOTS: ReadonlySet<string> = new Set([
  '(Global handles)',
  '(Traced handles)',
  '(Eternal handles)',
  '(Micro tasks)',
]);
const GC_ROOTS = '(GC roots)';
const SYNTHETIC = 'synthetic';
/** Types of nodes that V8 keeps for itself. */
const LATE_TYPES: readonly string[] = ['code', 'object shape'];

/** A tree with the shortest path from the root to each node. */
export interface ShortestPaths {
  /** Last edge of the path to each node; {@link NO_EDGE} for the root and for nodes that cannot be reached. */
  readonly edges: Uint32Array;
  /** Reached nodes, in the order of their distance. */
  readonly order: Uint32Array;
}

/** Finds the shortest paths by a breadth-first search. Paths through V8's own tables are the last choice. */
export function shortestPaths(snapshot: HeapSnapshot, retaining: RetainingEdges): ShortestPaths {
  const { nodeCount, firstEdges, targets } = snapshot;
  const edges = new Uint32Array(nodeCount).fill(NO_EDGE);
  const queue = new Uint32Array(nodeCount);
  const lateNodes = lateRoots(snapshot);
  const isLateType = snapshot.nodeTypes.map((type) => LATE_TYPES.includes(type));
  const synthetic = snapshot.nodeTypes.indexOf(SYNTHETIC);
  const late: number[] = [];
  let count = 1;
  let at = 0;
  let lateAt = 0;
  const visit = (node: number): void => {
    const end = firstEdges[node + 1]!;
    for (let edge = firstEdges[node]!; edge < end; edge++) {
      const target = targets[edge]!;
      if (target === ROOT || edges[target] !== NO_EDGE || !retaining.has(edge)) continue;
      edges[target] = edge;
      queue[count++] = target;
    }
  };
  const isLate = (node: number): boolean => {
    const type = snapshot.types[node]!;
    return isLateType[type]! || (type === synthetic && lateNodes.has(node));
  };
  queue[0] = ROOT;
  for (;;) {
    for (; at < count; at++) {
      const node = queue[at]!;
      if (isLate(node)) late.push(node);
      else visit(node);
    }
    const next = late[lateAt++];
    if (next === undefined) return { edges, order: queue.subarray(0, count) };
    visit(next);
  }
}

/** Returns the nodes below "(GC roots)" to follow late. */
function lateRoots(snapshot: HeapSnapshot): ReadonlySet<number> {
  const { firstEdges, targets } = snapshot;
  const late = new Set<number>();
  for (let edge = firstEdges[ROOT]!; edge < firstEdges[ROOT + 1]!; edge++) {
    const roots = targets[edge]!;
    if (snapshot.nameOf(roots) !== GC_ROOTS) continue;
    for (let each = firstEdges[roots]!; each < firstEdges[roots + 1]!; each++) {
      const target = targets[each]!;
      if (snapshot.typeOf(target) === SYNTHETIC && !EARLY_ROOTS.has(snapshot.nameOf(target)))
        late.add(target);
    }
  }
  return late;
}

/** Returns the edges of the shortest path from the root to a node, in order. */
export function pathTo({ edges }: ShortestPaths, snapshot: HeapSnapshot, node: number): number[] {
  const path: number[] = [];
  for (let edge = edges[node]!; edge !== NO_EDGE; edge = edges[snapshot.sourceOf(edge)]!) path.push(edge);
  return path.reverse();
}
