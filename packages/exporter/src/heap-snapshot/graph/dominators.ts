import { type Column, enlarged, release } from '../read/growth.js';
import type { HeapSnapshot } from '../read/heap-snapshot.js';
import type { RetainingEdges } from './retaining-edges.js';

/** Number of a node that cannot be reached from the root. */
export const UNREACHED: number = 2 ** 32 - 1;
const ROOT = 0;
const FIRST_PATH = 2 ** 10;

/**
 * The dominator tree of a snapshot: a node's dominator is the nearest one that all paths from the root to it pass.
 * Nodes are numbered in the order of a depth-first search, so a dominator has a smaller number than what it dominates.
 */
export interface Dominators {
  /** Number of reachable nodes. */
  readonly count: number;
  /** Node of each number. */
  readonly nodes: Uint32Array;
  /** Number of each node; {@link UNREACHED} if the root does not reach it. */
  readonly numbers: Uint32Array;
  /** For each number, the number of its dominator. The root's own is 0. */
  readonly parents: Uint32Array;
}

/**
 * Computes dominators with the algorithm of Lengauer and Tarjan. It takes nearly linear time for any graph. Walking up the
 * tree for each node would take hours for a long list whose items are in a Map too. Not recursive.
 */
export function computeDominators(snapshot: HeapSnapshot, retaining: RetainingEdges): Dominators {
  const size = snapshot.nodeCount;
  const nodes = new Uint32Array(size);
  const numbers = new Uint32Array(size).fill(UNREACHED);
  const ancestors = new Uint32Array(size);
  // Both serve the search as stacks first.
  const semi = new Uint32Array(size);
  const found = new Uint32Array(size);
  const count = searchDepthFirst(snapshot, retaining, {
    nodes,
    numbers,
    parents: ancestors,
    stack: semi,
    cursors: found,
  });
  const incoming = incomingEdges(snapshot, retaining, numbers);
  const best = new Uint32Array(size);
  found[0] = 0;
  findSemidominators({ count, semi, ancestors, best, found, nodes, incoming });
  for (let number = 1; number < count; number++) {
    const dominator = found[number]!;
    if (dominator !== semi[number]) found[number] = found[dominator]!;
  }
  const used: Column[] = [semi, ancestors, best, incoming.first, incoming.sources];
  for (const column of used) release(column);
  return { count, nodes: nodes.subarray(0, count), numbers, parents: found.subarray(0, count) };
}

interface Search {
  readonly nodes: Uint32Array;
  readonly numbers: Uint32Array;
  /** Parents in the tree of the search. */
  readonly parents: Uint32Array;
  readonly stack: Uint32Array;
  readonly cursors: Uint32Array;
}

/** Numbers the nodes. Returns how many the root reaches. */
function searchDepthFirst(
  { firstEdges, targets }: HeapSnapshot,
  retaining: RetainingEdges,
  { nodes, numbers, parents, stack, cursors }: Search,
): number {
  let count = 1;
  let depth = 0;
  nodes[0] = ROOT;
  numbers[ROOT] = 0;
  stack[0] = ROOT;
  cursors[0] = firstEdges[ROOT]!;
  while (depth >= 0) {
    const node = stack[depth]!;
    const end = firstEdges[node + 1]!;
    let edge = cursors[depth]!;
    while (edge < end && (numbers[targets[edge]!] !== UNREACHED || !retaining.has(edge))) edge += 1;
    if (edge === end) {
      depth -= 1;
      continue;
    }
    cursors[depth] = edge + 1;
    const target = targets[edge]!;
    numbers[target] = count;
    nodes[count] = target;
    parents[count] = numbers[node]!;
    count += 1;
    depth += 1;
    stack[depth] = target;
    cursors[depth] = firstEdges[target]!;
  }
  return count;
}

interface Incoming {
  /** First row of each node in `sources`. */
  readonly first: Uint32Array<ArrayBuffer>;
  /** Number of the node where each edge starts. */
  readonly sources: Uint32Array<ArrayBuffer>;
}

function incomingEdges(
  { nodeCount, firstEdges, targets }: HeapSnapshot,
  retaining: RetainingEdges,
  numbers: Uint32Array,
): Incoming {
  const first = new Uint32Array(nodeCount + 2);
  let total = 0;
  for (let node = 0; node < nodeCount; node++) {
    if (numbers[node] === UNREACHED) continue;
    const end = firstEdges[node + 1]!;
    for (let edge = firstEdges[node]!; edge < end; edge++) {
      if (!retaining.has(edge)) continue;
      first[targets[edge]! + 2]! += 1;
      total += 1;
    }
  }
  for (let node = 2; node < first.length; node++) first[node]! += first[node - 1]!;
  const sources = new Uint32Array(total);
  for (let node = 0; node < nodeCount; node++) {
    const number = numbers[node]!;
    if (number === UNREACHED) continue;
    const end = firstEdges[node + 1]!;
    for (let edge = firstEdges[node]!; edge < end; edge++) {
      if (!retaining.has(edge)) continue;
      const at = targets[edge]! + 1;
      sources[first[at]!] = number;
      first[at]! += 1;
    }
  }
  return { first, sources };
}

interface Semidominators {
  readonly count: number;
  readonly semi: Uint32Array;
  /** Parents; those of visited numbers are shortened along the paths that were looked up. */
  readonly ancestors: Uint32Array;
  /**
   * Number with the smallest semidominator on the shortened path of each number. Before a number is visited, the first of
   * those whose semidominator it is; 0 for none.
   */
  readonly best: Uint32Array;
  /**
   * Dominator of each number, or a number that has the same dominator. Before that is known, the next number with the same
   * semidominator; 0 for none.
   */
  readonly found: Uint32Array;
  readonly nodes: Uint32Array;
  readonly incoming: Incoming;
}

function findSemidominators({ count, semi, ancestors, best, found, nodes, incoming }: Semidominators): void {
  let path: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_PATH);
  const { first, sources } = incoming;
  for (let number = count - 1; number > 0; number--) {
    const parent = ancestors[number]!;
    let least = parent;
    const node = nodes[number]!;
    const end = first[node + 1]!;
    for (let at = first[node]!; at < end; at++) {
      const source = sources[at]!;
      // A source with a smaller number is its own candidate.
      const candidate = source <= number ? source : semi[bestAbove(source, number)]!;
      if (candidate < least) least = candidate;
    }
    semi[number] = least;
    // All numbers with this semidominator are done, so its place for the first of them is free.
    best[number] = number;
    if (least === parent) found[number] = parent;
    else {
      found[number] = best[least]!;
      best[least] = number;
    }
    let waiting = best[parent]!;
    best[parent] = 0;
    while (waiting !== 0) {
      const next = found[waiting]!;
      const above = bestAbove(waiting, parent);
      found[waiting] = semi[above]! < semi[waiting]! ? above : parent;
      waiting = next;
    }
  }

  /**
   * Returns the number with the smallest semidominator on the path from `start` up to the last one above `limit`, and
   * shortens the path.
   */
  function bestAbove(start: number, limit: number): number {
    let depth = 0;
    let at = start;
    while (ancestors[at]! > limit) {
      if (depth === path.length) path = enlarged(path, depth * 2);
      path[depth++] = at;
      at = ancestors[at]!;
    }
    const top = ancestors[at]!;
    let least = best[at]!;
    while (depth > 0) {
      const each = path[--depth]!;
      ancestors[each] = top;
      const own = best[each]!;
      if (semi[own]! < semi[least]!) least = own;
      else best[each] = least;
    }
    return least;
  }
}

/** Returns the retained size of each number, in bytes: of the node and all that it dominates. */
export function retainedSizes({ sizes }: HeapSnapshot, { count, nodes, parents }: Dominators): Float64Array {
  const retained = new Float64Array(count);
  for (let number = 0; number < count; number++) retained[number] = sizes[nodes[number]!]!;
  for (let number = count - 1; number > 0; number--) retained[parents[number]!]! += retained[number]!;
  return retained;
}
