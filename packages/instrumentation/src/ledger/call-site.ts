import { type CallTree, type Frame, type NodeIndex, ROOT } from './call-tree.js';
import { StackComponents } from './stack-components.js';

/** The index of a call site: an allocating function. Dense, from 0. */
export type SiteIndex = number;

/** A call site: the innermost function of a stack that is not the runtime's own, in one component. */
export interface CallSite {
  readonly functionName: string;
  readonly file: string;
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
}

/**
 * Which call site each stack belongs to. The runtime's own frames (`node:` modules and V8's pseudo frames
 * such as `(GC)`) are skipped from the inside, so that `JSON.parse` or a stream's internals are charged to
 * the code that called them; a stack of nothing else belongs to its innermost frame.
 */
export class CallSites {
  readonly #tree: CallTree;
  readonly #facts: CodeFacts;
  readonly components: StackComponents;
  readonly #sites: CallSite[] = [];
  readonly #indexByKey = new Map<string, SiteIndex>();
  readonly #siteOfNode: SiteIndex[] = [];

  /** @param component what this process is */
  constructor(tree: CallTree, facts: CodeFacts, component: string) {
    this.#tree = tree;
    this.#facts = facts;
    this.components = new StackComponents(tree, component);
  }

  get size(): number {
    return this.#sites.length;
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
    const index = this.#intern(this.#ownFrame(node), this.components.of(node));
    this.#siteOfNode[node] = index;
    return index;
  }

  #ownFrame(node: NodeIndex): NodeIndex {
    for (let at = node; at !== ROOT; at = this.#tree.parent(at)) {
      const frame = this.#tree.frame(at);
      if (frame && !isRuntimeFrame(frame.functionName, frame.file)) return at;
    }
    return node;
  }

  #intern(node: NodeIndex, component: string): SiteIndex {
    const frame = this.frame(node);
    const functionName = frame?.functionName ?? '(root)';
    const file = frame?.file ?? '';
    const key = `${functionName}\n${file}\n${component}`;
    const known = this.#indexByKey.get(key);
    if (known !== undefined) return known;
    const index = this.#sites.length;
    const packageName = this.#facts.packageOf(file);
    const packageVersion = this.#facts.versionOf?.(file);
    this.#sites.push({ functionName, file, packageName, packageVersion, component });
    this.#indexByKey.set(key, index);
    return index;
  }
}

/** Node's own modules, native code without a file, and V8's pseudo frames. */
export function isRuntimeFrame(functionName: string, file: string): boolean {
  if (file.startsWith('node:')) return true;
  return file === '' && (functionName.startsWith('(') ? functionName !== '(anonymous)' : true);
}
