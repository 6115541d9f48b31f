// Makes small heap snapshots in V8's format.

const NODE_TYPES = [
  ...['hidden', 'array', 'string', 'object', 'code', 'closure', 'regexp', 'number', 'native', 'synthetic'],
  ...['concatenated string', 'sliced string', 'symbol', 'bigint', 'object shape'],
] as const;
const EDGE_TYPES = ['context', 'element', 'property', 'internal', 'hidden', 'shortcut', 'weak'] as const;

export type NodeType = (typeof NODE_TYPES)[number];
export type EdgeType = (typeof EDGE_TYPES)[number];

interface BuiltNode {
  readonly type: NodeType;
  readonly name: string;
  readonly size: number;
  readonly trace: number;
  readonly edges: { readonly type: EdgeType; readonly name: string | number; readonly to: number }[];
}

/** A file as an object, for tests that change it before it is written. */
export interface SnapshotFile {
  snapshot: {
    meta: Record<string, unknown>;
    node_count: number;
    edge_count: number;
  };
  nodes: number[];
  edges: number[];
  trace_function_infos: number[];
  trace_tree: unknown[];
  samples: number[];
  locations: number[];
  strings: string[];
}

export class SnapshotBuilder {
  readonly #nodes: BuiltNode[] = [];
  readonly #locations: number[][] = [];
  readonly #strings: Map<string, number> = new Map([['<dummy>', 0]]);
  functions: number[] = [];
  tree: unknown[] = [];

  /** Starts with the root (0) and "(GC roots)" (1). */
  constructor() {
    this.node('synthetic', '', 0);
    this.node('synthetic', '(GC roots)', 0);
    this.edge(0, 'element', 1, 1);
  }

  /** Adds a node. Returns its number. */
  node(type: NodeType, name: string, size = 16, trace = 0): number {
    this.text(name);
    return this.#nodes.push({ type, name, size, trace, edges: [] }) - 1;
  }

  edge(from: number, type: EdgeType, name: string | number, to: number): this {
    if (typeof name === 'string') this.text(name);
    this.#nodes[from]!.edges.push({ type, name, to });
    return this;
  }

  /** Adds an object that another one refers to by a property. Returns its number. */
  property(from: number, name: string, type: NodeType, className: string, size = 16): number {
    const node = this.node(type, className, size);
    this.edge(from, 'property', name, node);
    return node;
  }

  /** Adds a function with its scope. Returns both numbers. */
  closure(name: string, file: string, line = 0): { closure: number; scope: number } {
    const closure = this.node('closure', name, 32);
    const scope = this.node('object', 'system / Context', 32);
    const shared = this.node('code', name, 8);
    const script = this.node('code', file, 8);
    this.edge(closure, 'internal', 'context', scope).edge(closure, 'internal', 'shared', shared);
    this.edge(shared, 'internal', 'script', script);
    this.location(closure, 100 + script, line, 0);
    return { closure, scope };
  }

  location(node: number, script: number, line: number, column: number): this {
    this.#locations.push([node, script, line, column]);
    return this;
  }

  text(text: string): number {
    let number = this.#strings.get(text);
    if (number === undefined) {
      number = this.#strings.size;
      this.#strings.set(text, number);
    }
    return number;
  }

  file(): SnapshotFile {
    const width = 7;
    const edges = this.#nodes.flatMap((node) => node.edges);
    return {
      snapshot: {
        meta: {
          node_fields: ['type', 'name', 'id', 'self_size', 'edge_count', 'trace_node_id', 'detachedness'],
          node_types: [NODE_TYPES, 'string', 'number', 'number', 'number', 'number', 'number'],
          edge_fields: ['type', 'name_or_index', 'to_node'],
          edge_types: [EDGE_TYPES, 'string_or_number', 'node'],
          trace_function_info_fields: ['function_id', 'name', 'script_name', 'script_id', 'line', 'column'],
          trace_node_fields: ['id', 'function_info_index', 'count', 'size', 'children'],
          sample_fields: ['timestamp_us', 'last_assigned_id'],
          location_fields: ['object_index', 'script_id', 'line', 'column'],
        },
        node_count: this.#nodes.length,
        edge_count: edges.length,
      },
      nodes: this.#nodes.flatMap(({ type, name, size, trace, edges: own }, at) => [
        NODE_TYPES.indexOf(type),
        this.#strings.get(name)!,
        at * 2 + 1,
        size,
        own.length,
        trace,
        0,
      ]),
      edges: edges.flatMap(({ type, name, to }) => [
        EDGE_TYPES.indexOf(type),
        typeof name === 'number' ? name : this.#strings.get(name)!,
        to * width,
      ]),
      trace_function_infos: this.functions,
      trace_tree: this.tree,
      samples: [],
      locations: this.#locations.flatMap(([node, ...rest]) => [node! * width, ...rest]),
      strings: [...this.#strings.keys()],
    };
  }

  bytes(): Uint8Array {
    return Buffer.from(JSON.stringify(this.file()));
  }
}

/** Returns a program whose class `OrderCache` has a Map `#orders` with 100 objects of the class `Order`. */
export function cacheSnapshot(): SnapshotBuilder {
  const builder = new SnapshotBuilder();
  const handles = builder.node('synthetic', '(Global handles)', 0);
  const native = builder.node('hidden', 'system / NativeContext', 100);
  builder.edge(1, 'element', 10, handles).edge(handles, 'internal', '1', native);
  const { closure, scope } = builder.closure('main', '/srv/app/cache.js');
  builder.edge(handles, 'internal', '2', closure).edge(scope, 'internal', 'previous', native);
  const owner = builder.node('object', 'OrderCache', 16);
  builder.edge(scope, 'context', 'cache', owner);
  const map = builder.property(owner, '#orders', 'object', 'Map');
  const table = builder.node('array', '', 100);
  builder.edge(map, 'internal', 'table', table);
  for (let at = 3; at < 103; at++)
    builder.edge(table, 'internal', `${at}`, builder.node('object', 'Order', 40));
  return builder;
}
