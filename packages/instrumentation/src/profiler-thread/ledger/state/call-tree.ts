import { fileURLToPath } from 'node:url';
import type { RawFrame } from '../../../protocol/code-place.js';

/** A function on a stack. V8 reports where a function starts, not which of its lines allocates. */
export interface Frame {
  readonly functionName: string;
  /** Absolute path, `node:...` for Node's own code, or '' for native and evaluated code. */
  readonly file: string;
  /** Start of the function, counted from 1; 0 when unknown. */
  readonly line: number;
  readonly column: number;
  /** V8's id of the script in which the function was first seen; '' when unknown. */
  readonly scriptId: string;
}

/**
 * Returns true if two polls report the same function for a node. V8 stores the name and script id with the
 * node. It looks up file, line and column in the script at each poll; they are unknown once the script has
 * been collected.
 */
export function sameFrame(a: RawFrame, b: RawFrame): boolean {
  if (a.functionName !== b.functionName || a.scriptId !== b.scriptId) return false;
  if (a.lineNumber < 0 || b.lineNumber < 0) return true;
  return a.lineNumber === b.lineNumber && a.columnNumber === b.columnNumber && a.url === b.url;
}

/** Stands for the callers of a stack that is deeper than the sampler records. */
export const CUT_OFF: RawFrame = { functionName: '(truncated)', url: '', lineNumber: -1, columnNumber: -1 };

/** Index of a node: an allocation stack. Dense, from 0, never reused. */
export type NodeIndex = number;

/**
 * Maximum lengths: generated names may be of any length, and `data:` URLs hold whole programs. Longer ones
 * are cut and end in an ellipsis.
 */
const MAX_NAME_CHARS = 512;
const MAX_PATH_CHARS = 4096;
/**
 * Maximum characters of all names and paths together, so that a program that keeps generating code cannot
 * fill the memory.
 */
const DEFAULT_MAX_TEXT_CHARS = 2 ** 25;

/** The empty stack. */
export const ROOT: NodeIndex = 0;

/**
 * Holds every allocation stack ever seen, as a tree of frames. A stack keeps its index for the life of the
 * process. V8's node ids do not identify a stack: V8 prunes stacks without live samples and assigns a new id
 * when they come back.
 *
 * Past `maxNodes`, or `maxTextChars` of names and paths, a new stack is folded into its caller;
 * `foldedStacks` counts these.
 */
export class CallTree {
  readonly #maxNodes: number;
  readonly #maxTextChars: number;
  /** Number of frames that the sampler records; undefined if unlimited. */
  readonly stackDepth: number | undefined;
  readonly #frames: Frame[] = [];
  readonly #frameIndex = new Map<string, number>();
  readonly #parents: number[] = [ROOT];
  readonly #frameOf: number[] = [-1];
  readonly #children = new Map<number, NodeIndex>();
  #textChars = 0;
  #folded = 0;

  /** @param options.stackDepth number of frames that the sampler records; default: no limit */
  constructor(options: {
    readonly maxNodes: number;
    readonly maxTextChars?: number | undefined;
    readonly stackDepth?: number | undefined;
  }) {
    this.#maxNodes = options.maxNodes;
    this.#maxTextChars = options.maxTextChars ?? DEFAULT_MAX_TEXT_CHARS;
    this.stackDepth = options.stackDepth;
  }

  get size(): number {
    return this.#parents.length;
  }

  get foldedStacks(): number {
    return this.#folded;
  }

  /** Counts a stack that had to be folded into one of its callers. */
  countFolded(): void {
    this.#folded++;
  }

  /** Returns what {@link child} would return, without adding anything; undefined if it would add a node. */
  find(parent: NodeIndex, raw: RawFrame): NodeIndex | undefined {
    const frame = this.#frameIndex.get(keyOf(bounded(raw)));
    const node = frame === undefined ? undefined : this.#children.get(pairKey(parent, frame));
    return node ?? (this.#isFull ? parent : undefined);
  }

  get #isFull(): boolean {
    return this.#parents.length >= this.#maxNodes || this.#textChars >= this.#maxTextChars;
  }

  /**
   * Returns the node of a callee under its caller, adding it if it is new. Returns the caller if the tree is
   * full.
   */
  child(parent: NodeIndex, raw: RawFrame): NodeIndex {
    // Add no frames either when the tree is full: a program may keep generating functions with new names.
    if (this.#isFull) return this.find(parent, raw) ?? parent;
    const frame = this.#intern(raw);
    const key = pairKey(parent, frame);
    const known = this.#children.get(key);
    if (known !== undefined) return known;
    const index = this.#parents.length;
    this.#parents.push(parent);
    this.#frameOf.push(frame);
    this.#children.set(key, index);
    return index;
  }

  /** Returns the caller's node; the root's parent is the root. */
  parent(node: NodeIndex): NodeIndex {
    return this.#parents[node] ?? ROOT;
  }

  /** Returns the innermost frame of a stack; undefined for the empty stack. */
  frame(node: NodeIndex): Frame | undefined {
    return this.#frames[this.#frameOf[node] ?? -1];
  }

  #intern(raw: RawFrame): number {
    const frame = bounded(raw);
    const key = keyOf(frame);
    const known = this.#frameIndex.get(key);
    if (known !== undefined) return known;
    const index = this.#frames.length;
    this.#frames.push(toFrame(frame));
    this.#frameIndex.set(key, index);
    this.#textChars += key.length;
    return index;
  }
}

/** Packs two indices into one number: both stay far below 2^26, so a double holds the pair exactly. */
function pairKey(parent: NodeIndex, frame: number): number {
  return parent * 0x4000000 + frame;
}

/**
 * Returns the identity of a frame. The script id is not part of it: a script that is loaded again is the same
 * code.
 */
function keyOf({ functionName, url, lineNumber, columnNumber }: RawFrame): string {
  return `${url}\n${lineNumber}:${columnNumber}\n${functionName}`;
}

/** Returns a file as frames have it. */
export function frameFile(url: string): string {
  return toPath(boundedPath(url));
}

function bounded(raw: RawFrame): RawFrame {
  return { ...raw, functionName: boundedName(raw.functionName), url: boundedPath(raw.url) };
}

/** Converts to the usual form: `(anonymous)`, plain paths, positions counted from 1. */
function toFrame(raw: RawFrame): Frame {
  return {
    functionName: raw.functionName || '(anonymous)',
    file: toPath(raw.url),
    line: raw.lineNumber + 1,
    column: raw.columnNumber + 1,
    scriptId: raw.scriptId ?? '',
  };
}

/** Cuts a function's name to a length suitable for a label. */
export function boundedName(name: string): string {
  return cut(name, MAX_NAME_CHARS);
}

/** Cuts a file's path or URL; the limit is above the length of any real path. */
export function boundedPath(file: string): string {
  return cut(file, MAX_PATH_CHARS);
}

function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  // Copy: a slice would keep the whole original string in memory.
  return Buffer.from(`${text.slice(0, maxChars - 1).toWellFormed()}…`).toString();
}

function toPath(url: string): string {
  if (!url.startsWith('file:')) return url;
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}
