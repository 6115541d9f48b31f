import type { CallSite } from '../../../protocol/messages.js';
import { allocatingNode, isRuntimeFrame } from './allocating-frame.js';
import { type CallTree, type Frame, type NodeIndex, ROOT } from './call-tree.js';
import { StackComponents } from './stack-components.js';

/** Index of a call site. Dense, from 0. */
export type SiteIndex = number;

/** Lookups about code that call sites need. */
export interface CodeFacts {
  /** Returns the package of a file. */
  readonly packageOf: (file: string) => string;
  readonly versionOf?: (file: string) => string | undefined;
  /** Returns the function in its original source, if a source map exists. Must be stable for a frame. */
  readonly originalOf?: (frame: Frame) => Frame;
  /** Returns a file as shown in messages. Default: unchanged. */
  readonly shortFileOf?: (file: string) => string;
  /** Returns true if no other function starts on the original line of this one. Default: unknown. */
  readonly isAloneOnLine?: (frame: Frame) => boolean;
}

export interface CallSitesOptions {
  /** Functions past this many have no call site of their own. Default 20,000. */
  readonly maxSites?: number | undefined;
}

const DEFAULT_MAX_SITES = 20_000;
/** Call site of folded stacks that have no caller with a call site. */
const FOLDED: Frame = { functionName: '(folded)', file: '', line: 0, column: 0, scriptId: '' };
const NODE_RUNTIME = 'node:';
const EMPTY_STACK: Frame = { ...FOLDED, functionName: '(root)' };

/**
 * Maps each stack to its call site: that of the function it is charged to, see `allocatingNode`. Functions
 * are identified by original name, file and position. So code that a bundler duplicated is one call site, and
 * so is a script that is loaded again.
 *
 * Past `maxSites`, a stack whose function has no call site is charged to the nearest caller that has one;
 * `foldedStacks` counts these.
 */
export class CallSites {
  readonly #tree: CallTree;
  readonly #facts: CodeFacts;
  readonly #maxSites: number;
  readonly components: StackComponents;
  readonly #sites: CallSite[] = [];
  readonly #indexByKey = new Map<string, SiteIndex>();
  readonly #siteOfNode: SiteIndex[] = [];
  /** By node, the call site of the function of its own frame. */
  readonly #siteOfFrame: SiteIndex[] = [];
  /** By node, the number of sites when the function of its frame had none. */
  readonly #sitesAtMiss: number[] = [];
  /** Column of the first function found on a line, by name, file and line. */
  readonly #columnOfLine = new Map<string, number>();
  #folded = 0;

  /** @param component component name of this process */
  constructor(tree: CallTree, facts: CodeFacts, component: string, options: CallSitesOptions = {}) {
    this.#tree = tree;
    this.#facts = facts;
    this.#maxSites = options.maxSites ?? DEFAULT_MAX_SITES;
    this.components = new StackComponents(tree, component);
  }

  get size(): number {
    return this.#sites.length;
  }

  /** Number of stacks charged to another function than their own because `maxSites` was reached. */
  get foldedStacks(): number {
    return this.#folded;
  }

  site(index: SiteIndex): CallSite {
    const site = this.#sites[index];
    if (!site) throw new RangeError(`no call site ${index}`);
    return site;
  }

  /** Returns the innermost frame of a stack in its original source; undefined for the empty stack. */
  frame(node: NodeIndex): Frame | undefined {
    const frame = this.#tree.frame(node);
    return frame && (this.#facts.originalOf?.(frame) ?? frame);
  }

  siteOf(node: NodeIndex): SiteIndex {
    const known = this.#siteOfNode[node];
    if (known !== undefined) return known;
    const component = this.components.of(node);
    const own = allocatingNode(this.#tree, node);
    const frame = this.frame(own) ?? EMPTY_STACK;
    const isFull = this.#sites.length >= this.#maxSites;
    const owner = frame.file || this.#runtimeAround(own);
    const index =
      this.#indexByKey.get(keyOf(frame, component, owner)) ??
      (isFull ? this.#fold(own, component) : this.#add(frame, component, owner));
    this.#siteOfNode[node] = index;
    return index;
  }

  /**
   * Returns the nearest wanted call site among the callers of the function that a stack is charged to; undefined if there is none.
   *
   * @param isWanted called with the sites of callers, but never with the stack's own: a function that calls itself is one site
   */
  nearestCaller(node: NodeIndex, isWanted: (site: SiteIndex) => boolean): SiteIndex | undefined {
    const own = this.siteOf(node);
    const first = this.#tree.parent(allocatingNode(this.#tree, node));
    for (let at = first; at !== ROOT; at = this.#tree.parent(at)) {
      const caller = this.#siteOfCaller(at);
      if (caller !== undefined && caller !== own && isWanted(caller)) return caller;
    }
    return undefined;
  }

  /** Returns the call site of the function of a frame; undefined for code of the runtime, and if nothing was charged to it so far. */
  #siteOfCaller(at: NodeIndex): SiteIndex | undefined {
    const known = this.#siteOfFrame[at];
    if (known !== undefined) return known;
    // Sites are only added: as long as there are no more, the answer is the same.
    if (this.#sitesAtMiss[at] === this.#sites.length) return undefined;
    const frame = this.frame(at);
    const isCode = frame && frame.file !== '' && !isRuntimeFrame(frame.functionName, frame.file);
    const site = isCode ? this.#indexByKey.get(keyOf(frame, this.components.of(at))) : undefined;
    if (site === undefined) this.#sitesAtMiss[at] = this.#sites.length;
    else this.#siteOfFrame[at] = site;
    return site;
  }

  #fold(own: NodeIndex, component: string): SiteIndex {
    this.#folded++;
    for (let at = this.#tree.parent(own); at !== ROOT; at = this.#tree.parent(at)) {
      const frame = this.frame(at);
      if (!frame || isRuntimeFrame(frame.functionName, frame.file)) continue;
      const known = this.#indexByKey.get(keyOf(frame, component));
      if (known !== undefined) return known;
    }
    return this.#indexByKey.get(keyOf(FOLDED, component)) ?? this.#add(FOLDED, component);
  }

  /** Returns `node:` if a module of Node is among the callers of native code, else an empty string. */
  #runtimeAround(own: NodeIndex): string {
    for (let at = own; at !== ROOT; at = this.#tree.parent(at)) {
      if (this.#tree.frame(at)?.file.startsWith(NODE_RUNTIME)) return NODE_RUNTIME;
    }
    return '';
  }

  /** @param owner file whose package the function belongs to */
  #add(frame: Frame, component: string, owner = frame.file): SiteIndex {
    const { functionName, file, line, column } = frame;
    const sharesLine = this.#sharesLine(frame);
    const { components } = this;
    const index = this.#sites.length;
    this.#sites.push({
      functionName,
      file,
      line,
      column,
      get sharesLine() {
        return sharesLine();
      },
      shortFile: this.#facts.shortFileOf?.(file) ?? file,
      packageName: this.#facts.packageOf(owner),
      packageVersion: this.#facts.versionOf?.(owner),
      get component() {
        return components.nameOf(component);
      },
    });
    this.#indexByKey.set(keyOf(frame, component, owner), index);
    return index;
  }

  /** Returns a lazy check, because it may have to read the source: only sites that are shown need it. */
  #sharesLine(frame: Frame): () => boolean {
    const { functionName, file, line, column } = frame;
    const place = `${functionName}\n${file}\n${line}`;
    const first = this.#columnOfLine.get(place) ?? column;
    this.#columnOfLine.set(place, first);
    let sharesLine: boolean | undefined;
    return () => {
      sharesLine ??= line > 0 && (column !== first || !this.#facts.isAloneOnLine?.(frame));
      return sharesLine;
    };
  }
}

function keyOf({ functionName, file, line, column }: Frame, component: string, owner = file): string {
  return `${functionName}\n${file}\n${file === '' ? owner : ''}\n${line}:${column}\n${component}`;
}
