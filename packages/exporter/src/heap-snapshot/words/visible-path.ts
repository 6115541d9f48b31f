import type { HeapSnapshot } from '../read/heap-snapshot.js';

/** How an object is referred to by the one before it on a path. */
export interface Reference {
  readonly kind:
    | 'property'
    | 'element'
    | 'entry'
    | 'variable'
    | 'export'
    | 'local'
    | 'reaction'
    | 'result'
    | 'weak key'
    | 'root'
    | 'internal';
  /** Name of a property, variable, export or root, or index of an element; empty if there is none. */
  readonly name: string;
  /** Scope of a variable: the node of V8's context; -1 for other kinds. */
  readonly scope: number;
}

/** An object that a user knows, on a path from the root. */
export interface PathNode {
  readonly node: number;
  /** Name of its class; of a function, its name. */
  readonly name: string;
  readonly isFunction: boolean;
  readonly reference: Reference;
  /** Index of the path's edge that leads to it. */
  readonly edgeIndex: number;
}

const ROOT = 0;
const NO_NODE = -1;
const INTERNAL: Reference = { kind: 'internal', name: '', scope: NO_NODE };
const SYSTEM = 'system / ';
const REACTION = 'system / PromiseReaction';
const CONTEXT = 'system / Context';
const CELL = 'system / Cell';
const MODULE = 'system / SourceTextModule';
const GLOBAL = /^global(?: [(/].*)?$/;
const WEAK_MAP = 'in WeakMap (table @';
const KNOWN_TYPES: ReadonlySet<string> = new Set(['object', 'closure', 'regexp']);
/** Internal edges that lead to the scope of a function, or say nothing. */
const SCOPES: ReadonlySet<string> = new Set(['context', 'previous', 'shared', 'script']);

/**
 * Leaves out of a path what V8 keeps for itself: tables, contexts, cells. The last node stays in any case.
 *
 * @param edges edges of the path from the root, in order
 */
export function visiblePath(snapshot: HeapSnapshot, edges: readonly number[]): PathNode[] {
  const path: PathNode[] = [];
  let pending: Reference | undefined;
  let module = NO_NODE;
  let from = ROOT;
  edges.forEach((edge, at) => {
    const node = snapshot.targets[edge]!;
    pending = referenceBy(snapshot, edge, from, pending, module);
    if (snapshot.nameOf(node) === MODULE) module = node;
    if (isVisible(snapshot, node) || at === edges.length - 1) {
      const name = snapshot.nameOf(node);
      const reference = pending ?? INTERNAL;
      const isFunction = snapshot.typeOf(node) === 'closure';
      path.push({ node, name, isFunction, reference, edgeIndex: at });
      pending = undefined;
    }
    from = node;
  });
  return path;
}

/** Returns whether a user knows a node: as an object or function, not as a part that V8 keeps for itself. */
export function isVisible(snapshot: HeapSnapshot, node: number): boolean {
  return KNOWN_TYPES.has(snapshot.typeOf(node)) && !snapshot.texts.startsWith(snapshot.names[node]!, SYSTEM);
}

/** Returns whether this is the name of the global object: `global`, with a suffix in some versions of V8. */
export function isGlobal(name: string): boolean {
  return GLOBAL.test(name);
}

/** Returns whether a node is the scope of functions. */
export function isScope(snapshot: HeapSnapshot, node: number): boolean {
  return snapshot.typeOf(node) === 'object' && snapshot.nameOf(node) === CONTEXT;
}

/** Returns the reference that a path has so far since its last visible node, with one more edge. */
function referenceBy(
  snapshot: HeapSnapshot,
  edge: number,
  from: number,
  before: Reference | undefined,
  module: number,
): Reference | undefined {
  if (snapshot.typeOf(from) === 'synthetic')
    return { kind: 'root', name: snapshot.nameOf(from), scope: NO_NODE };
  const name = snapshot.nameOfEdge(edge);
  const isReaction = snapshot.nameOf(from) === REACTION;
  switch (snapshot.typeOfEdge(edge)) {
    case 'context':
      return { kind: 'variable', name, scope: from };
    case 'property':
      return { kind: 'property', name, scope: NO_NODE };
    case 'element':
      return { kind: 'element', name, scope: NO_NODE };
    case 'hidden':
      return isReaction ? plain('reaction') : (before ?? INTERNAL);
    case 'internal':
      if (SCOPES.has(name)) return before;
      if (name === 'table') return plain('entry');
      if (name === 'elements') return plain('element');
      if (name === 'parameters_and_registers') return plain('local');
      if (name === 'reactions_or_result') {
        return plain(snapshot.nameOf(snapshot.targets[edge]!) === REACTION ? 'reaction' : 'result');
      }
      if (isReaction) return plain('reaction');
      if (name === 'value' && snapshot.nameOf(from) === CELL) {
        return { kind: 'export', name: exportName(snapshot, module, from), scope: module };
      }
      if (name.includes(WEAK_MAP)) return plain('weak key');
      return before ?? { kind: 'internal', name, scope: NO_NODE };
    default:
      return before ?? INTERNAL;
  }
}

function plain(kind: Reference['kind']): Reference {
  return { kind, name: '', scope: NO_NODE };
}

/** Names of exported cells by the node of the table that has them, for each snapshot. */
const exportTables = new WeakMap<HeapSnapshot, Map<number, ReadonlyMap<number, string>>>();

/** Returns the name under which a module exports a cell: V8 keeps it before the cell in a table. Empty if it is not there. */
function exportName(snapshot: HeapSnapshot, module: number, cell: number): string {
  if (module === NO_NODE) return '';
  const known = exportTables.get(snapshot) ?? new Map<number, ReadonlyMap<number, string>>();
  exportTables.set(snapshot, known);
  for (let edge = snapshot.firstEdges[module]!; edge < snapshot.firstEdges[module + 1]!; edge++) {
    const table = snapshot.targets[edge]!;
    if (snapshot.typeOf(table) !== 'array') continue;
    const names = known.get(table) ?? namesIn(snapshot, table);
    known.set(table, names);
    const name = names.get(cell) ?? '';
    if (name !== '') return name;
  }
  return '';
}

/** Returns the text before each element of a table, by the node of that element. */
function namesIn(snapshot: HeapSnapshot, table: number): ReadonlyMap<number, string> {
  const [first, end] = [snapshot.firstEdges[table]!, snapshot.firstEdges[table + 1]!];
  const texts = new Map<number, string>();
  for (let edge = first; edge < end; edge++) {
    const target = snapshot.targets[edge]!;
    if (snapshot.typeOf(target) === 'string')
      texts.set(Number(snapshot.nameOfEdge(edge)), snapshot.nameOf(target));
  }
  const names = new Map<number, string>();
  for (let edge = first; edge < end; edge++) {
    const name = texts.get(Number(snapshot.nameOfEdge(edge)) - 1);
    if (name !== undefined) names.set(snapshot.targets[edge]!, name);
  }
  return names;
}

/** Longest group of references that repeats in a list. */
const MAX_PERIOD = 3;
/** Number of times that a group must be repeated. */
const REPEATS = 3;

/**
 * Returns where a list starts on a path, and how long its repeated group is: nodes of the same classes with the same
 * references, again and again, as in linked lists and chains of promises. Undefined if there is none.
 */
export function repeatedPart(
  path: readonly PathNode[],
): { readonly start: number; readonly period: number; readonly end: number } | undefined {
  for (let start = 0; start < path.length; start++) {
    for (let period = 1; period <= MAX_PERIOD; period++) {
      let end = start + period;
      while (end < path.length && isAlike(path[end]!, path[end - period]!)) end += 1;
      if (end - start >= period * REPEATS) return { start, period, end };
    }
  }
  return undefined;
}

function isAlike(a: PathNode, b: PathNode): boolean {
  const { kind, name } = a.reference;
  return (
    a.name === b.name &&
    kind === b.reference.kind &&
    (kind === 'element' || kind === 'entry' || name === b.reference.name)
  );
}
