import { fileURLToPath } from 'node:url';

/** A function on a stack. V8 says where a function starts, not which of its lines allocates. */
export interface Frame {
  readonly functionName: string;
  /** An absolute path, `node:...` for the runtime's own code, or '' for native and evaluated code. */
  readonly file: string;
  /** Where the function starts, counted from 1; 0 when unknown. */
  readonly line: number;
  readonly column: number;
  /** V8's number of the script that the function was first seen in; '' when unknown. */
  readonly scriptId: string;
}

/** What identifies a frame where it comes from; lines and columns count from 0, -1 when unknown. */
export interface RawFrame {
  readonly functionName: string;
  readonly scriptId?: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/**
 * Whether two readings of one node name the same function. V8 keeps the name and the script's number with the
 * node; file, line and column it looks up in the script at each reading, and once the script has been collected
 * they are not known any more.
 */
export function sameFrame(a: RawFrame, b: RawFrame): boolean {
  if (a.functionName !== b.functionName || a.scriptId !== b.scriptId) return false;
  if (a.lineNumber < 0 || b.lineNumber < 0) return true;
  return a.lineNumber === b.lineNumber && a.columnNumber === b.columnNumber && a.url === b.url;
}

/** The index of a node: an allocation stack. Dense, from 0, never re-used. */
export type NodeIndex = number;

/** The empty stack. */
export const ROOT: NodeIndex = 0;

/**
 * Every allocation stack ever seen, as a tree of frames. A stack keeps its index for the life of the
 * process: V8 prunes stacks without live samples and gives them a new id when they come back, so ids are
 * no identity, the path is.
 *
 * Past `maxNodes` a new stack is folded into its caller; `foldedNodes` counts how often.
 */
export class CallTree {
  readonly #maxNodes: number;
  readonly #frames: Frame[] = [];
  readonly #frameIndex = new Map<string, number>();
  readonly #parents: number[] = [ROOT];
  readonly #frameOf: number[] = [-1];
  readonly #children = new Map<number, NodeIndex>();
  #folded = 0;

  constructor(options: { readonly maxNodes: number }) {
    this.#maxNodes = options.maxNodes;
  }

  get size(): number {
    return this.#parents.length;
  }

  get foldedNodes(): number {
    return this.#folded;
  }

  /** The node for a callee under its caller; made when it is new. */
  child(parent: NodeIndex, raw: RawFrame): NodeIndex {
    const frame = this.#intern(raw);
    // Both indices stay far below 2^26, so the pair fits a double exactly.
    const key = parent * 0x4000000 + frame;
    const known = this.#children.get(key);
    if (known !== undefined) return known;
    if (this.#parents.length >= this.#maxNodes) {
      this.#folded++;
      return parent;
    }
    const index = this.#parents.length;
    this.#parents.push(parent);
    this.#frameOf.push(frame);
    this.#children.set(key, index);
    return index;
  }

  /** The caller's node; the root's parent is the root. */
  parent(node: NodeIndex): NodeIndex {
    return this.#parents[node] ?? ROOT;
  }

  /** The innermost frame of a stack; undefined for the empty stack. */
  frame(node: NodeIndex): Frame | undefined {
    return this.#frames[this.#frameOf[node] ?? -1];
  }

  #intern(raw: RawFrame): number {
    const key = `${raw.url}\n${raw.lineNumber}:${raw.columnNumber}\n${raw.functionName}`;
    const known = this.#frameIndex.get(key);
    if (known !== undefined) return known;
    const index = this.#frames.length;
    this.#frames.push(toFrame(raw));
    this.#frameIndex.set(key, index);
    return index;
  }
}

/** Names, paths and positions as people expect them: `(anonymous)`, plain paths, counted from 1. */
function toFrame(raw: RawFrame): Frame {
  return {
    functionName: raw.functionName || '(anonymous)',
    file: toPath(raw.url),
    line: raw.lineNumber + 1,
    column: raw.columnNumber + 1,
    scriptId: raw.scriptId ?? '',
  };
}

function toPath(url: string): string {
  if (!url.startsWith('file:')) return url;
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}
