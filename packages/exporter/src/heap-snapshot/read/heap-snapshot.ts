import type { EdgeRows, LocationRows, NodeRows } from './rows.js';
import type { SnapshotMeta } from './snapshot-meta.js';
import type { TextBytes } from './text-bytes.js';
import type { FunctionRows, TraceTree } from './traces.js';

/** A function and where it starts in its script. */
export interface TracedFunction {
  readonly name: string;
  /** Path or URL; empty for native code. */
  readonly file: string;
  /** From 1; 0 when unknown. */
  readonly line: number;
  /** From 1; 0 when unknown. */
  readonly column: number;
}

/** Stacks of allocations: calls in the order of the file, a caller before its callees. */
export interface SnapshotTraces {
  /** Number of calls. */
  readonly count: number;
  /** Value of `trace_node_id` in nodes that were allocated in the call. */
  readonly ids: Uint32Array;
  /** Row of the caller; -1 for the root. */
  readonly parents: Int32Array;
  /** Number of the function, for {@link functionAt}. */
  readonly functions: Uint32Array;
  /** Objects allocated in the call itself, dead ones included. */
  readonly counts: Float64Array;
  /** Bytes allocated in the call itself, dead objects included. */
  readonly sizes: Float64Array;
  /** Number of functions. */
  readonly functionCount: number;
  /** Returns a function; undefined for a number that none has. */
  functionAt(index: number): TracedFunction | undefined;
}

/** Where a function, or the constructor of an object, is in the source. */
export interface ScriptPlace {
  readonly scriptId: number;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

const FUNCTION_NUMBERS = 4;

/** The tables of a snapshot, as they were read and checked. */
export interface SnapshotTables {
  readonly meta: SnapshotMeta;
  readonly texts: TextBytes;
  readonly nodes: NodeRows;
  readonly edges: EdgeRows;
  readonly locations: LocationRows | undefined;
  readonly functions: FunctionRows | undefined;
  readonly tree: TraceTree | undefined;
}

/** A heap snapshot of V8 in typed arrays: objects (nodes), and the references between them (edges). Node 0 is the root. */
export class HeapSnapshot {
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly texts: TextBytes;
  /** Number of each node's type, in {@link nodeTypes}. */
  readonly types: Uint8Array;
  /** Number of each node's name, in {@link texts}. */
  readonly names: Uint32Array;
  /** V8's number of each object, which it keeps in later snapshots of the same process. */
  readonly ids: Uint32Array;
  /** Size of each node itself, in bytes. */
  readonly sizes: Float64Array;
  /** First edge of each node, and after the last node the number of edges. */
  readonly firstEdges: Uint32Array;
  /** For each node, the ID of the call that allocated it, in {@link traces}; 0 for none. Empty without traces. */
  readonly traceIds: Uint32Array;
  readonly edgeTypes: Uint8Array;
  /** Number of each edge's name in {@link texts}; an index for elements and hidden edges. */
  readonly edgeNames: Uint32Array;
  readonly targets: Uint32Array;
  readonly nodeTypes: readonly string[];
  readonly typesOfEdges: readonly string[];
  /** Stacks of allocations; undefined for a snapshot without them. */
  readonly traces: SnapshotTraces | undefined;
  readonly #locations: LocationRows | undefined;
  #locationOf: Uint32Array | undefined;

  constructor({ meta, texts, nodes, edges, locations, functions, tree }: SnapshotTables) {
    this.nodeCount = nodes.count;
    this.edgeCount = edges.count;
    this.texts = texts;
    this.types = nodes.types.subarray(0, nodes.count);
    this.names = nodes.names.subarray(0, nodes.count);
    this.ids = nodes.ids.subarray(0, nodes.count);
    this.sizes = nodes.sizes.subarray(0, nodes.count);
    this.firstEdges = nodes.firstEdges.subarray(0, nodes.count + 1);
    this.traceIds = nodes.traces.subarray(0, nodes.count);
    this.edgeTypes = edges.types.subarray(0, edges.count);
    this.edgeNames = edges.names.subarray(0, edges.count);
    this.targets = edges.targets.subarray(0, edges.count);
    this.nodeTypes = meta.nodeTypes;
    this.typesOfEdges = meta.edgeTypes;
    this.#locations = locations;
    const isTraced = tree !== undefined && tree.count > 0 && nodes.traces.length > 0;
    this.traces = isTraced && functions !== undefined ? tracesOf(tree, functions, texts) : undefined;
  }

  /** Returns the name of a node: the class of an object, the name of a function, the content of a string. */
  nameOf(node: number): string {
    return this.texts.at(this.names[node]!);
  }

  /** Returns the type of a node, for example `object`. */
  typeOf(node: number): string {
    return this.nodeTypes[this.types[node]!]!;
  }

  /** Returns the type of an edge, for example `property`. */
  typeOfEdge(edge: number): string {
    return this.typesOfEdges[this.edgeTypes[edge]!]!;
  }

  /** Returns the name of an edge, or its index in decimal digits. */
  nameOfEdge(edge: number): string {
    const type = this.typeOfEdge(edge);
    const name = this.edgeNames[edge]!;
    return type === 'element' || type === 'hidden' ? `${name}` : this.texts.at(name);
  }

  /** Returns the node that an edge starts at. */
  sourceOf(edge: number): number {
    let low = 0;
    let high = this.nodeCount - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.firstEdges[middle]! <= edge) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Returns the target of the first edge of a node with this type and name, or -1. */
  targetOf(node: number, type: string, name: string): number {
    for (let edge = this.firstEdges[node]!; edge < this.firstEdges[node + 1]!; edge++) {
      if (this.typeOfEdge(edge) === type && this.nameOfEdge(edge) === name) return this.targets[edge]!;
    }
    return -1;
  }

  /** Returns where a function, or the constructor of an object, is in the source. Undefined when unknown. */
  placeOf(node: number): ScriptPlace | undefined {
    const locations = this.#locations;
    const row = (this.#rowsOfPlaces()?.[node] ?? 0) - 1;
    if (locations === undefined || row < 0) return undefined;
    return {
      scriptId: locations.scripts[row]!,
      line: locations.lines[row]! + 1,
      column: locations.columns[row]! + 1,
    };
  }

  /** Returns the nodes that have a place in the source, each once. */
  *placedNodes(): Generator<number> {
    const rows = this.#rowsOfPlaces() ?? [];
    for (let node = 0; node < rows.length; node++) if (rows[node] !== 0) yield node;
  }

  /** Returns for each node the row of its place plus 1; 0 for none. Undefined without places. */
  #rowsOfPlaces(): Uint32Array | undefined {
    if (this.#locations !== undefined) this.#locationOf ??= rowsByNode(this.#locations, this.nodeCount);
    return this.#locationOf;
  }
}

/** Returns for each node its row in `locations` plus 1; 0 for none. */
function rowsByNode({ nodes, count }: LocationRows, nodeCount: number): Uint32Array {
  const rows = new Uint32Array(nodeCount);
  for (let row = 0; row < count; row++) rows[nodes[row]!] = row + 1;
  return rows;
}

function tracesOf(tree: TraceTree, functions: FunctionRows, texts: TextBytes): SnapshotTraces {
  return {
    count: tree.count,
    ids: tree.ids.subarray(0, tree.count),
    parents: tree.parents.subarray(0, tree.count),
    functions: tree.functions.subarray(0, tree.count),
    counts: tree.counts.subarray(0, tree.count),
    sizes: tree.sizes.subarray(0, tree.count),
    functionCount: functions.count,
    functionAt(index) {
      if (!(index >= 0 && index < functions.count)) return undefined;
      const at = index * FUNCTION_NUMBERS;
      const [name, file, line, column] = functions.values.subarray(at, at + FUNCTION_NUMBERS);
      return { name: texts.at(name!), file: texts.at(file!), line: line! + 1, column: column! + 1 };
    },
  };
}
