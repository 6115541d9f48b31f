import { type Column, capacityFor, enlarged, FIRST_ROWS } from './growth.js';
import type { NumberRows } from './number-list.js';
import type { SnapshotMeta } from './snapshot-meta.js';

const MAX_UINT32 = 2 ** 32 - 1;
/** Edge types whose second number is an index, not the number of a text. */
const INDEXED: ReadonlySet<string> = new Set(['element', 'hidden']);

/** Moves the columns of a table to longer ones. */
function enlargeAll<Name extends string>(
  table: Record<Name, Column>,
  names: readonly Name[],
  capacity: number,
): void {
  for (const name of names) table[name] = enlarged(table[name], capacity);
}

/** Returns the node at an index of the list `nodes`; undefined where none starts. */
function nodeAt(index: number, { nodeFields, nodeCount }: SnapshotMeta): number | undefined {
  const node = index / nodeFields.length;
  return node >= 0 && node < nodeCount && node % 1 === 0 ? node : undefined;
}

/** Takes the list `nodes`. */
export class NodeRows implements NumberRows {
  readonly name = 'nodes';
  readonly width: number;
  readonly allowsNegative = false;
  count = 0;
  types: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_ROWS);
  names: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_ROWS);
  ids: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_ROWS);
  sizes: Float64Array<ArrayBuffer> = new Float64Array(FIRST_ROWS);
  /** First edge of each node, and after the last node the number of edges. */
  firstEdges: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_ROWS + 1);
  /** Row of each node's allocation in the trace tree, by its ID; empty if nodes have none. */
  traces: Uint32Array<ArrayBuffer>;
  /** Largest number of a text. */
  maxName = 0;
  #edges = 0;
  readonly #meta: SnapshotMeta;

  constructor(meta: SnapshotMeta) {
    this.#meta = meta;
    this.width = meta.nodeFields.length;
    this.traces = new Uint32Array(meta.nodeFields.includes('trace_node_id') ? FIRST_ROWS : 0);
  }

  add(values: Float64Array, rows: number): string | undefined {
    const { nodeFields, nodeTypes, nodeCount } = this.#meta;
    if (this.count + rows > nodeCount) return `more than the ${nodeCount} nodes of \`node_count\``;
    this.#reserve(this.count + rows);
    const type = nodeFields.indexOf('type');
    const name = nodeFields.indexOf('name');
    const id = nodeFields.indexOf('id');
    const size = nodeFields.indexOf('self_size');
    const edgeCount = nodeFields.indexOf('edge_count');
    const trace = nodeFields.indexOf('trace_node_id');
    const { types, names, ids, sizes, firstEdges, traces } = this;
    let node = this.count;
    for (let row = 0, at = 0; row < rows; row++, at += this.width, node++) {
      const typeOf = values[at + type]!;
      if (typeOf >= nodeTypes.length) {
        return `a node of type ${typeOf}, which is not in \`node_types\` (node ${node})`;
      }
      const nameOf = values[at + name]!;
      const idOf = values[at + id]!;
      if (nameOf > MAX_UINT32 || idOf > MAX_UINT32) {
        return `a node whose name or ID is out of range (node ${node})`;
      }
      types[node] = typeOf;
      names[node] = nameOf;
      ids[node] = idOf;
      sizes[node] = values[at + size]!;
      this.#edges += values[at + edgeCount]!;
      if (this.#edges > MAX_UINT32) return 'more than 4,294,967,295 edges';
      firstEdges[node + 1] = this.#edges;
      if (trace >= 0) traces[node] = Math.min(values[at + trace]!, MAX_UINT32);
      if (nameOf > this.maxName) this.maxName = nameOf;
    }
    this.count = node;
    return undefined;
  }

  #reserve(rows: number): void {
    if (rows <= this.types.length) return;
    const capacity = capacityFor(rows, this.types.length, this.#meta.nodeCount);
    enlargeAll(this, ['types', 'names', 'ids', 'sizes'], capacity);
    this.firstEdges = enlarged(this.firstEdges, capacity + 1);
    if (this.traces.length > 0) this.traces = enlarged(this.traces, capacity);
  }
}

/** Takes the list `edges`. */
export class EdgeRows implements NumberRows {
  readonly name = 'edges';
  readonly width: number;
  readonly allowsNegative = false;
  count = 0;
  types: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_ROWS);
  /** Number of a text, or for elements and hidden edges an index. */
  names: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_ROWS);
  targets: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_ROWS);
  maxName = 0;
  readonly #meta: SnapshotMeta;
  readonly #isIndexed: readonly boolean[];

  constructor(meta: SnapshotMeta) {
    this.#meta = meta;
    this.width = meta.edgeFields.length;
    this.#isIndexed = meta.edgeTypes.map((type) => INDEXED.has(type));
  }

  add(values: Float64Array, rows: number): string | undefined {
    const { edgeFields, edgeTypes, edgeCount } = this.#meta;
    if (this.count + rows > edgeCount) return `more than the ${edgeCount} edges of \`edge_count\``;
    this.#reserve(this.count + rows);
    const type = edgeFields.indexOf('type');
    const name = edgeFields.indexOf('name_or_index');
    const target = edgeFields.indexOf('to_node');
    const { types, names, targets } = this;
    let edge = this.count;
    for (let row = 0, at = 0; row < rows; row++, at += this.width, edge++) {
      const typeOf = values[at + type]!;
      if (typeOf >= edgeTypes.length) {
        return `an edge of type ${typeOf}, which is not in \`edge_types\` (edge ${edge})`;
      }
      const nameOf = values[at + name]!;
      if (nameOf > MAX_UINT32) return `an edge whose name is out of range (edge ${edge})`;
      const node = nodeAt(values[at + target]!, this.#meta);
      if (node === undefined) {
        return `an edge to ${values[at + target]}, where no node starts (edge ${edge})`;
      }
      types[edge] = typeOf;
      names[edge] = nameOf;
      targets[edge] = node;
      if (nameOf > this.maxName && !this.#isIndexed[typeOf]) this.maxName = nameOf;
    }
    this.count = edge;
    return undefined;
  }

  #reserve(rows: number): void {
    if (rows <= this.types.length) return;
    const capacity = capacityFor(rows, this.types.length, this.#meta.edgeCount);
    enlargeAll(this, ['types', 'names', 'targets'], capacity);
  }
}

/** Takes the list `locations`: where functions, and constructors of objects, are in scripts. */
export class LocationRows implements NumberRows {
  readonly name = 'locations';
  readonly width: number;
  readonly allowsNegative = true;
  count = 0;
  nodes: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_ROWS);
  scripts: Int32Array<ArrayBuffer> = new Int32Array(FIRST_ROWS);
  /** From 0. */
  lines: Int32Array<ArrayBuffer> = new Int32Array(FIRST_ROWS);
  /** From 0. */
  columns: Int32Array<ArrayBuffer> = new Int32Array(FIRST_ROWS);
  readonly #meta: SnapshotMeta;

  constructor(meta: SnapshotMeta) {
    this.#meta = meta;
    this.width = meta.locationFields.length;
  }

  add(values: Float64Array, rows: number): string | undefined {
    const { locationFields } = this.#meta;
    const object = locationFields.indexOf('object_index');
    const script = locationFields.indexOf('script_id');
    const line = locationFields.indexOf('line');
    const column = locationFields.indexOf('column');
    this.#reserve(this.count + rows);
    for (let row = 0, at = 0; row < rows; row++, at += this.width) {
      const node = nodeAt(values[at + object]!, this.#meta);
      if (node === undefined) {
        return `a location of ${values[at + object]}, where no node starts (location ${this.count})`;
      }
      this.nodes[this.count] = node;
      this.scripts[this.count] = values[at + script]!;
      this.lines[this.count] = values[at + line]!;
      this.columns[this.count] = values[at + column]!;
      this.count += 1;
    }
    return undefined;
  }

  #reserve(rows: number): void {
    if (rows <= this.nodes.length) return;
    const capacity = Math.max(rows, this.nodes.length * 2);
    enlargeAll(this, ['nodes', 'scripts', 'lines', 'columns'], capacity);
  }
}
