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

/** Stands for the callers of a stack that is deeper than the sampler looks. */
export const CUT_OFF: RawFrame = { functionName: '(truncated)', url: '', lineNumber: -1, columnNumber: -1 };

/** The index of a node: an allocation stack. Dense, from 0, never re-used. */
export type NodeIndex = number;

/** Machines make names of any length, and `data:` URLs hold whole programs; longer ones are cut, and end in an ellipsis. */
const MAX_NAME_CHARS = 512;
const MAX_PATH_CHARS = 4096;
/** Of names and paths together. A program that makes code for ever must not fill the memory with long ones of these. */
const DEFAULT_MAX_TEXT_CHARS = 2 ** 25;

/** The empty stack. */
export const ROOT: NodeIndex = 0;

/**
 * Every allocation stack ever seen, as a tree of frames. A stack keeps its index for the life of the
 * process: V8 prunes stacks without live samples and gives them a new id when they come back, so ids are
 * no identity, the path is.
 *
 * Past `maxNodes`, or `maxTextChars` of names and paths, a new stack is folded into its caller; `foldedStacks` says how
 * often.
 */
export class CallTree {
  readonly #maxNodes: number;
  readonly #maxTextChars: number;
  /** How many frames the sampler records; undefined: no limit. */
  readonly stackDepth: number | undefined;
  readonly #frames: Frame[] = [];
  readonly #frameIndex = new Map<string, number>();
  readonly #parents: number[] = [ROOT];
  readonly #frameOf: number[] = [-1];
  readonly #children = new Map<number, NodeIndex>();
  #textChars = 0;
  #folded = 0;

  /** @param options.stackDepth how many frames the sampler records; default: no limit */
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

  /** Notes that a stack had to be folded into one of its callers. */
  countFolded(): void {
    this.#folded++;
  }

  /** What {@link child} would return, without making anything; undefined if it would make a node. */
  find(parent: NodeIndex, raw: RawFrame): NodeIndex | undefined {
    const frame = this.#frameIndex.get(keyOf(bounded(raw)));
    const node = frame === undefined ? undefined : this.#children.get(pairKey(parent, frame));
    return node ?? (this.#isFull ? parent : undefined);
  }

  get #isFull(): boolean {
    return this.#parents.length >= this.#maxNodes || this.#textChars >= this.#maxTextChars;
  }

  /** The node for a callee under its caller; made when it is new. The caller's own when the tree is full. */
  child(parent: NodeIndex, raw: RawFrame): NodeIndex {
    // A full tree takes no new frames either: programs may go on making functions of new names for ever.
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

  /** The caller's node; the root's parent is the root. */
  parent(node: NodeIndex): NodeIndex {
    return this.#parents[node] ?? ROOT;
  }

  /** The innermost frame of a stack; undefined for the empty stack. */
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

/** Both indices stay far below 2^26, so the pair fits a double exactly. */
function pairKey(parent: NodeIndex, frame: number): number {
  return parent * 0x4000000 + frame;
}

/** The script's number is no part of it: a script that is loaded again is the same code. */
function keyOf({ functionName, url, lineNumber, columnNumber }: RawFrame): string {
  return `${url}\n${lineNumber}:${columnNumber}\n${functionName}`;
}

function bounded(raw: RawFrame): RawFrame {
  return { ...raw, functionName: boundedName(raw.functionName), url: boundedPath(raw.url) };
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

/** A function's name, cut to what is fit for a label. */
export function boundedName(name: string): string {
  return cut(name, MAX_NAME_CHARS);
}

/** A file's path or URL; no path that exists is cut. */
export function boundedPath(file: string): string {
  return cut(file, MAX_PATH_CHARS);
}

function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  // The cut text must not keep the whole one in memory, as a slice would.
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
