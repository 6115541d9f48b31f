import { filePath } from '@heapray/exporter/call-sites';
import { FormatError } from '@heapray/exporter/pprof';
import type { FrameHandle, ProfileBuilder } from '@heapray/exporter/profile';
import { type JsonHandler, JsonReader } from './json-reader.js';

const HEAP_PROFILE = 'V8 heap profile';
/** Maximum size of a node in bytes: larger numbers cannot be summed exactly. */
const MAX_SIZE = Number.MAX_SAFE_INTEGER;
const MAX_POSITION = 2 ** 31 - 1;
/** Maximum number of nodes in a file. Each takes some 100 bytes of memory until it is in a profile. */
const MAX_NODES = 2 ** 23;
const FIRST_NODES = 2 ** 10;
/** Represents "no node" and "no frame". */
export const NONE = -1;

/** Kind of an open object or array. For `other`, only the depth is tracked. */
type Kind = 'file' | 'node' | 'children' | 'frame' | 'other';

/** The nodes of a `.heapprofile` in the order of the file: a caller before its callees. */
export interface HeapNodes {
  readonly count: number;
  /** Caller of each node; {@link NONE} for the root, which is node 0. */
  readonly parents: Int32Array;
  /** Frame of each node; {@link NONE} for the root. */
  readonly frames: Int32Array;
  readonly sizes: Float64Array;
  /** File of each frame, by frame number. */
  readonly files: readonly string[];
}

/**
 * Reads the tree of a `.heapprofile` as its bytes arrive. Stores one row of numbers per node, and nothing that a
 * profile does not need. Not recursive, because a stack in a file may be deeper than the reader's own.
 */
export class HeapNodeReader {
  readonly #handler: HeapNodeHandler;
  readonly #json: JsonReader;

  /**
   * Creates a reader.
   *
   * @param builder receives the frames
   */
  constructor(builder: ProfileBuilder) {
    this.#handler = new HeapNodeHandler(builder, () => this.#json.offset);
    this.#json = new JsonReader(HEAP_PROFILE, this.#handler);
  }

  /**
   * Reads the next bytes.
   *
   * @throws FormatError when the file is not a heap profile, or has too many nodes
   */
  push(bytes: Uint8Array): void {
    this.#json.push(bytes);
  }

  /**
   * Ends the input.
   *
   * @throws FormatError when the file is incomplete
   */
  end(): HeapNodes {
    this.#json.end();
    return this.#handler.nodes();
  }
}

class HeapNodeHandler implements JsonHandler {
  readonly #builder: ProfileBuilder;
  readonly #offset: () => number;
  readonly #files: string[] = [];
  readonly #paths: Map<string, string> = new Map();
  #parents: Int32Array = new Int32Array(FIRST_NODES);
  #frames: Int32Array = new Int32Array(FIRST_NODES);
  #sizes: Float64Array = new Float64Array(FIRST_NODES);
  /** 1 for each node whose `children` have been read. */
  #withChildren: Uint8Array = new Uint8Array(FIRST_NODES);
  #count = 0;
  /**
   * Kinds of the open objects and arrays, from the file to the innermost relevant one. Inside it, `#skipped` others are
   * open.
   */
  readonly #kinds: Kind[] = [];
  #skipped = 0;
  /** The innermost open node. */
  #node = NONE;
  #key = '';
  #frame: CallFrame = noFrame();

  constructor(builder: ProfileBuilder, offset: () => number) {
    this.#builder = builder;
    this.#offset = offset;
  }

  nodes(): HeapNodes {
    if (this.#count === 0) throw new FormatError(HEAP_PROFILE, 'there is no `head`');
    return {
      count: this.#count,
      parents: this.#parents,
      frames: this.#frames,
      sizes: this.#sizes,
      files: this.#files,
    };
  }

  key(name: string): void {
    if (this.#skipped > 0) return;
    this.#key = name;
    if (this.#kinds.length !== 1 || this.#count > 0) return;
    // Report early: these files may be many times larger.
    if (name === 'snapshot') throw this.#error('this is a heap snapshot, not a heap profile');
    if (name === 'nodes') throw this.#error('this is a CPU profile, not a heap profile');
  }

  startObject(): void {
    const kind = this.#skipped > 0 ? 'other' : this.#kindOfObject();
    if (kind === 'other') this.#skipped += 1;
    else this.#kinds.push(kind);
    if (kind === 'node') this.#startNode();
    if (kind === 'frame') this.#frame = noFrame();
  }

  startArray(): void {
    if (this.#skipped > 0 || this.#kinds.at(-1) !== 'node' || this.#key !== 'children') {
      if (this.#skipped === 0) this.#value({});
      this.#skipped += 1;
      return;
    }
    if (this.#withChildren[this.#node] === 1) throw this.#error('a node has `children` twice');
    this.#withChildren[this.#node] = 1;
    this.#kinds.push('children');
  }

  end(): void {
    if (this.#skipped > 0) {
      this.#skipped -= 1;
      return;
    }
    const kind = this.#kinds.pop();
    if (kind === 'frame') this.#endFrame();
    if (kind === 'node') this.#endNode();
  }

  number(value: number): void {
    if (this.#skipped > 0) return;
    if (this.#kinds.at(-1) === 'node' && this.#key === 'selfSize') {
      if (!(value >= 0 && value <= MAX_SIZE)) throw this.#noSize(value);
      this.#sizes[this.#node] = value;
      return;
    }
    this.#value(value);
  }

  text(value: string): void {
    if (this.#skipped === 0) this.#value(value);
  }

  literal(value: boolean | null): void {
    if (this.#skipped === 0) this.#value(value);
  }

  wantsText(): boolean {
    return this.#skipped === 0 && this.#kinds.at(-1) === 'frame';
  }

  #kindOfObject(): Kind {
    const within = this.#kinds.at(-1);
    if (within === undefined) return 'file';
    if (within === 'children') return 'node';
    if (within === 'node' && this.#key === 'callFrame') return 'frame';
    if (within === 'file' && this.#key === 'head') {
      if (this.#count > 0) throw this.#error('there is a second `head`');
      return 'node';
    }
    this.#value({});
    return 'other';
  }

  /** Handles a value that is not a relevant object or list. */
  #value(value: unknown): void {
    const within = this.#kinds.at(-1);
    if (within === 'frame') this.#setFrame(this.#key, value);
    else if (within === 'children') throw this.#noFrame();
    else if (within === 'node' && this.#key === 'selfSize') throw this.#noSize(value);
    else if (within === 'node' && this.#key === 'children') throw this.#error('`children` is not a list');
  }

  #setFrame(key: string, value: unknown): void {
    if (key === 'functionName') this.#frame.functionName = value;
    else if (key === 'url') this.#frame.url = value;
    else if (key === 'lineNumber') this.#frame.lineNumber = value;
    else if (key === 'columnNumber') this.#frame.columnNumber = value;
  }

  #startNode(): void {
    if (this.#count === this.#parents.length) this.#grow();
    const node = this.#count++;
    this.#parents[node] = this.#node;
    this.#frames[node] = NONE;
    this.#sizes[node] = Number.NaN;
    this.#node = node;
  }

  #endFrame(): void {
    const { functionName, url, lineNumber, columnNumber } = this.#frame;
    // The root has no callers, and its name is always the same.
    if (this.#node === 0 || typeof functionName !== 'string' || typeof url !== 'string') return;
    const file = this.#pathOf(url);
    const frame: FrameHandle = this.#builder.frame(
      functionName,
      file,
      position(lineNumber),
      position(columnNumber),
    );
    this.#files[frame] = file;
    this.#frames[this.#node] = frame;
  }

  #endNode(): void {
    const node = this.#node;
    if (node !== 0 && this.#frames[node] === NONE) throw this.#noFrame();
    if (Number.isNaN(this.#sizes[node])) throw this.#noSize(undefined);
    this.#node = this.#parents[node]!;
  }

  #pathOf(url: string): string {
    let path = this.#paths.get(url);
    if (path === undefined) {
      path = filePath(url);
      this.#paths.set(url, path);
    }
    return path;
  }

  #grow(): void {
    const length = this.#count * 2;
    if (this.#count >= MAX_NODES) throw this.#error(`more than the limit of ${MAX_NODES} nodes`);
    this.#parents = copied(this.#parents, new Int32Array(length));
    this.#frames = copied(this.#frames, new Int32Array(length));
    this.#sizes = copied(this.#sizes, new Float64Array(length));
    this.#withChildren = copied(this.#withChildren, new Uint8Array(length));
  }

  #noFrame(): FormatError {
    return this.#error('a node has no `callFrame` with `functionName` and `url`');
  }

  #noSize(value: unknown): FormatError {
    // Do not include other values, which may be of any length and depth.
    const found = typeof value === 'number' ? value : typeof value;
    return this.#error(`\`selfSize\` is ${found} and not a number of bytes`);
  }

  #error(reason: string): FormatError {
    return new FormatError(HEAP_PROFILE, reason, this.#offset());
  }
}

interface CallFrame {
  functionName: unknown;
  url: unknown;
  lineNumber: unknown;
  columnNumber: unknown;
}

function noFrame(): CallFrame {
  return { functionName: undefined, url: undefined, lineNumber: undefined, columnNumber: undefined };
}

/** Converts a position from V8, which counts from 0 and uses -1 for unknown. */
function position(counted: unknown): number {
  const known =
    typeof counted === 'number' && Number.isInteger(counted) && counted >= 0 && counted < MAX_POSITION;
  return known ? counted + 1 : 0;
}

function copied<T extends Int32Array | Float64Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
