import {
  CLOSE_BRACE,
  COLON,
  COMMA,
  fault,
  faultOfFile,
  isSpace,
  MORE,
  OPEN_BRACE,
  OPEN_BRACKET,
  type Position,
  QUOTE,
  type ValueParser,
} from './fault.js';
import { HeapSnapshot } from './heap-snapshot.js';
import { NumberList, type NumberRows } from './number-list.js';
import { RawValue } from './raw-value.js';
import { EdgeRows, LocationRows, NodeRows } from './rows.js';
import { parseMeta, type SnapshotMeta } from './snapshot-meta.js';
import { StringList } from './string-list.js';
import { TextBytes } from './text-bytes.js';
import { FunctionRows, isKnownTree, TraceTree } from './traces.js';

/** Maximum size of the member `snapshot`. V8 writes less than 2 KB. */
const MAX_META_BYTES = 2 ** 20;
const MAX_KEY_BYTES = 2 ** 8;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
/** Members that end in a table. The others are skipped. */
const LISTS: ReadonlySet<string> = new Set([
  'nodes',
  'edges',
  'locations',
  'strings',
  'trace_function_infos',
  'trace_tree',
]);

type Expected =
  | 'start'
  | 'key or end'
  | 'key'
  | 'rest of key'
  | 'colon'
  | 'value'
  | 'rest of value'
  | 'comma or end';

/**
 * Reads V8's `.heapsnapshot` as its bytes arrive. Numbers go into typed arrays and texts stay bytes, so that memory is
 * below the size of the file. The layout is taken from the file itself. The member `snapshot` must precede the lists
 * whose layout it describes, as in all files of V8.
 */
export class HeapSnapshotReader {
  readonly #position: Position = { base: 0 };
  readonly #texts = new TextBytes();
  readonly #seen: Set<string> = new Set();
  #expected: Expected | 'nothing' = 'start';
  #marks = 0;
  #key = '';
  #parser: ValueParser | undefined;
  #meta: SnapshotMeta | undefined;
  #nodes: NodeRows | undefined;
  #edges: EdgeRows | undefined;
  #locations: LocationRows | undefined;
  #functions: FunctionRows | undefined;
  #tree: TraceTree | undefined;

  /**
   * Reads the next bytes, which may change afterwards.
   *
   * @throws FormatError with the offset when the file is not a valid heap snapshot
   */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) at = this.#next(bytes, at);
    this.#position.base += bytes.length;
  }

  /**
   * Ends the input.
   *
   * @throws FormatError when the file is incomplete, or its tables do not agree
   */
  end(): HeapSnapshot {
    if (this.#expected !== 'nothing') {
      const isEmpty = this.#position.base === 0;
      throw fault(this.#position, 0, isEmpty ? 'the file is empty' : 'the file is cut off');
    }
    const meta = this.#meta;
    const nodes = this.#nodes;
    const edges = this.#edges;
    if (meta === undefined) throw faultOfFile('there is no `snapshot`');
    if (nodes === undefined) throw faultOfFile('there are no `nodes`');
    if (edges === undefined) throw faultOfFile('there are no `edges`');
    this.#check(meta, nodes, edges);
    return new HeapSnapshot({
      meta,
      texts: this.#texts,
      nodes,
      edges,
      locations: this.#locations,
      functions: this.#functions,
      tree: this.#tree,
    });
  }

  #check({ nodeCount, edgeCount }: SnapshotMeta, nodes: NodeRows, edges: EdgeRows): void {
    if (!this.#seen.has('strings')) throw faultOfFile('there are no `strings`');
    if (nodes.count === 0) throw faultOfFile('there are no nodes');
    if (nodes.count !== nodeCount) {
      throw faultOfFile(`\`node_count\` is ${nodeCount}, but there are ${nodes.count} nodes`);
    }
    if (edges.count !== edgeCount) {
      throw faultOfFile(`\`edge_count\` is ${edgeCount}, but there are ${edges.count} edges`);
    }
    const owned = nodes.firstEdges[nodes.count]!;
    if (owned !== edges.count) {
      throw faultOfFile(`the nodes have ${owned} edges, but there are ${edges.count}`);
    }
    const maxName = Math.max(nodes.maxName, edges.maxName);
    if (maxName >= this.#texts.count) {
      throw faultOfFile(`text ${maxName} is used, but there are ${this.#texts.count} in \`strings\``);
    }
  }

  /** Reads one token or a part of a value. Returns the offset after it. */
  #next(bytes: Uint8Array, at: number): number {
    if (this.#expected === 'rest of value') return this.#value(bytes, at);
    if (this.#expected === 'rest of key') return this.#keyByte(bytes[at]!, at);
    const byte = bytes[at]!;
    if (isSpace(byte)) return at + 1;
    switch (this.#expected) {
      case 'start':
        return this.#start(byte, at);
      case 'key or end':
      case 'key':
        if (byte === QUOTE) {
          this.#key = '';
          this.#expected = 'rest of key';
        } else if (byte === CLOSE_BRACE && this.#expected === 'key or end') this.#expected = 'nothing';
        else throw this.#damaged(at);
        return at + 1;
      case 'colon':
        if (byte !== COLON) throw this.#damaged(at);
        this.#expected = 'value';
        return at + 1;
      case 'value':
        this.#expected = 'rest of value';
        return this.#value(bytes, this.#open(byte, at));
      case 'comma or end':
        if (byte === COMMA) this.#expected = 'key';
        else if (byte === CLOSE_BRACE) this.#expected = 'nothing';
        else throw this.#damaged(at);
        return at + 1;
      case 'nothing':
        throw fault(this.#position, at, 'there is other data after the end');
    }
  }

  #start(byte: number, at: number): number {
    if (this.#position.base + at === this.#marks && byte === BYTE_ORDER_MARK[this.#marks]) {
      this.#marks += 1;
      return at + 1;
    }
    if (byte !== OPEN_BRACE) throw fault(this.#position, at, 'this is not JSON');
    this.#expected = 'key or end';
    return at + 1;
  }

  #keyByte(byte: number, at: number): number {
    if (byte === QUOTE) {
      this.#expected = 'colon';
      return at + 1;
    }
    if (byte < 0x20 || this.#key.length >= MAX_KEY_BYTES) throw this.#damaged(at);
    this.#key += String.fromCharCode(byte);
    return at + 1;
  }

  /** Creates the parser of a value. Returns the offset at which the parser starts. */
  #open(byte: number, at: number): number {
    const key = this.#key;
    if (key === 'head' && !this.#seen.has('snapshot')) {
      throw fault(this.#position, at, 'this is a heap profile, not a heap snapshot');
    }
    if (this.#seen.has(key)) throw fault(this.#position, at, `\`${key}\` is there twice`);
    // Other members are skipped, so their number must not matter.
    if (LISTS.has(key) || key === 'snapshot') this.#seen.add(key);
    this.#parser = LISTS.has(key) ? this.#listParser(key, at) : undefined;
    if (this.#parser === undefined) {
      this.#parser = new RawValue(this.#position, key, key === 'snapshot' ? MAX_META_BYTES : 0);
      return at;
    }
    if (byte !== OPEN_BRACKET) throw fault(this.#position, at, `\`${key}\` is not a list`);
    return at + 1;
  }

  /** Returns the parser of a list, or undefined to skip it. */
  #listParser(key: string, at: number): ValueParser | undefined {
    if (key === 'strings') return new StringList(this.#position, this.#texts);
    const meta = this.#meta;
    if (meta === undefined) throw fault(this.#position, at, `\`${key}\` is before \`snapshot\``);
    switch (key) {
      case 'nodes':
        this.#nodes = new NodeRows(meta);
        return this.#numbers(this.#nodes);
      case 'edges':
        this.#edges = new EdgeRows(meta);
        return this.#numbers(this.#edges);
      case 'locations':
        if (!meta.locationFields.includes('object_index') || !meta.locationFields.includes('script_id'))
          return undefined;
        this.#locations = new LocationRows(meta);
        return this.#numbers(this.#locations);
      case 'trace_function_infos':
        if (!meta.traceFunctionFields.includes('name')) return undefined;
        this.#functions = new FunctionRows(meta.traceFunctionFields);
        return this.#numbers(this.#functions);
      default:
        if (!isKnownTree(meta.traceNodeFields)) return undefined;
        this.#tree = new TraceTree(this.#position);
        return this.#tree;
    }
  }

  #numbers(rows: NumberRows): NumberList {
    return new NumberList(this.#position, rows);
  }

  #value(bytes: Uint8Array, at: number): number {
    const parser = this.#parser!;
    const end = parser.push(bytes, at);
    if (end === MORE) return bytes.length;
    if (this.#key === 'snapshot' && parser instanceof RawValue) this.#readMeta(parser.bytes, at);
    this.#parser = undefined;
    this.#expected = 'comma or end';
    return end;
  }

  #readMeta(bytes: Uint8Array, at: number): void {
    try {
      this.#meta = parseMeta(new TextDecoder().decode(bytes));
    } catch (cause) {
      const reason = cause instanceof SyntaxError ? '`snapshot` is damaged' : (cause as Error).message;
      throw fault(this.#position, at, reason);
    }
  }

  #damaged(at: number): Error {
    return fault(this.#position, at, 'the JSON is damaged');
  }
}

/**
 * Reads a heap snapshot.
 *
 * @param chunks bytes of the file in order; a piece may change after the next is requested
 * @throws FormatError with the offset when the file is not a valid heap snapshot
 */
export async function readHeapSnapshot(chunks: AsyncIterable<Uint8Array>): Promise<HeapSnapshot> {
  const reader = new HeapSnapshotReader();
  for await (const chunk of chunks) reader.push(chunk);
  return reader.end();
}
