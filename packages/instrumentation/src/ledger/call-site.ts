import { allocatingNode, isRuntimeFrame } from './allocating-frame.js';
import { type CallTree, type Frame, type NodeIndex, ROOT } from './call-tree.js';
import { StackComponents } from './stack-components.js';

/** The index of a call site: an allocating function. Dense, from 0. */
export type SiteIndex = number;

/** A call site: the function that a stack is charged to, told from others by where it starts, in one component. */
export interface CallSite {
  readonly functionName: string;
  readonly file: string;
  /** Where the function starts, counted from 1; 0 when unknown. */
  readonly line: number;
  readonly column: number;
  /** Whether other functions start on that line, or may: then only the column tells which one this is. */
  readonly sharesLine: boolean;
  /** The file as messages show it, e.g. relative to the working folder. */
  readonly shortFile: string;
  readonly packageName: string;
  readonly packageVersion?: string | undefined;
  readonly component: string;
}

/** What call sites need to know of code: who wrote it. */
export interface CodeFacts {
  /** The package of a file. */
  readonly packageOf: (file: string) => string;
  readonly versionOf?: (file: string) => string | undefined;
  /** The function as its author wrote it, where source maps tell. The same frame always gets the same answer. */
  readonly originalOf?: (frame: Frame) => Frame;
  /** A file as messages show it. Default: as it is. */
  readonly shortFileOf?: (file: string) => string;
  /** Whether no other function starts on the line of this one (as its author wrote it). Default: not known. */
  readonly isAloneOnLine?: (frame: Frame) => boolean;
}

export interface CallSitesOptions {
  /** Functions past this many have no call site of their own. Default 20,000. */
  readonly maxSites?: number | undefined;
}

const DEFAULT_MAX_SITES = 20_000;
/** The call site of what is folded and has no caller with a call site either. */
const FOLDED: Frame = { functionName: '(folded)', file: '', line: 0, column: 0, scriptId: '' };
const NODE_RUNTIME = 'node:';
const EMPTY_STACK: Frame = { ...FOLDED, functionName: '(root)' };

/**
 * Which call site each stack belongs to: that of the function it is charged to, see `allocatingNode`. A function is
 * told from others by name, file and position, as its author wrote it: what a bundler has put twice into a program is one
 * call site, and so is a script that is loaded again.
 *
 * Past `maxSites` a stack whose function has no call site is charged to the nearest caller that has one;
 * `foldedStacks` says how many are.
 */
export class CallSites {
  readonly #tree: CallTree;
  readonly #facts: CodeFacts;
  readonly #maxSites: number;
  readonly components: StackComponents;
  readonly #sites: CallSite[] = [];
  readonly #indexByKey = new Map<string, SiteIndex>();
  readonly #siteOfNode: SiteIndex[] = [];
  /** By name, file and line, the column of the first function that had them. */
  readonly #columnOfLine = new Map<string, number>();
  #folded = 0;

  /** @param component what this process is */
  constructor(tree: CallTree, facts: CodeFacts, component: string, options: CallSitesOptions = {}) {
    this.#tree = tree;
    this.#facts = facts;
    this.#maxSites = options.maxSites ?? DEFAULT_MAX_SITES;
    this.components = new StackComponents(tree, component);
  }

  get size(): number {
    return this.#sites.length;
  }

  /** How many stacks are charged to another function than their own, for want of a call site. */
  get foldedStacks(): number {
    return this.#folded;
  }

  site(index: SiteIndex): CallSite {
    const site = this.#sites[index];
    if (!site) throw new RangeError(`no call site ${index}`);
    return site;
  }

  /** The innermost frame of a stack as its author wrote it; undefined for the empty stack. */
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

  /** Node's own module that called native code for itself; empty for code that no module called. */
  #runtimeAround(own: NodeIndex): string {
    for (let at = own; at !== ROOT; at = this.#tree.parent(at)) {
      if (this.#tree.frame(at)?.file.startsWith(NODE_RUNTIME)) return NODE_RUNTIME;
    }
    return '';
  }

  /** @param owner the file whose package the function belongs to */
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

  /** Finds it out when it is asked for, because the source may have to be read: only sites that are shown are asked. */
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
