import { type CallTree, type Frame, type NodeIndex, ROOT } from './call-tree.js';

/** Where a wrapped function starts, as V8 says it: lines and columns count from 0. */
export interface FunctionLocation {
  readonly scriptId: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** Only a program that compiles scripts for ever and wraps their functions has more; the oldest are forgotten. */
const MAX_FUNCTIONS = 10_000;
/** The key of the process's own component. */
const OWN = '';

/**
 * Which component a stack belongs to: that of the innermost function on it that `profileComponent` wraps,
 * otherwise the process's own. This holds for asynchronous functions too, because a resumed function is on
 * the stack again.
 *
 * Work that a component hands to others (a timer, an event handler) runs on stacks without its function and
 * belongs to the process; so does a wrapped function that the optimizer has inlined. No released Node tells
 * more; a runtime with allocation labels would replace this class.
 *
 * A stack's component is decided once, so that counters by component never go back.
 */
export class StackComponents {
  #own: string;
  readonly #tree: CallTree;
  readonly #byNode: string[];
  readonly #byFunction = new Map<string, string>();

  /** @param own what this process is */
  constructor(tree: CallTree, own: string) {
    this.#own = own;
    this.#tree = tree;
    this.#byNode = [OWN];
  }

  /** Calls the process something else, also on the stacks that are there. */
  rename(own: string): void {
    this.#own = own;
  }

  /** The name of a component, by its key. */
  nameOf(key: string): string {
    return key === OWN ? this.#own : key;
  }

  /** Stacks that pass through this function belong to the component from now on. */
  addFunction({ scriptId, lineNumber, columnNumber }: FunctionLocation, component: string): void {
    const place = `${scriptId}:${lineNumber + 1}:${columnNumber + 1}`;
    this.#byFunction.delete(place);
    this.#byFunction.set(place, component === this.#own ? OWN : component);
    if (this.#byFunction.size <= MAX_FUNCTIONS) return;
    for (const oldest of this.#byFunction.keys()) {
      this.#byFunction.delete(oldest);
      return;
    }
  }

  /** The key of a stack's component, see `nameOf`. It stays the same when the process is called something else. */
  of(node: NodeIndex): string {
    const path: NodeIndex[] = [];
    let at = node;
    for (; this.#byNode[at] === undefined && at !== ROOT; at = this.#tree.parent(at)) path.push(at);
    for (let next = path.pop(); next !== undefined; next = path.pop()) {
      const frame = this.#tree.frame(next);
      this.#byNode[next] = (frame && this.#ofFunction(frame)) ?? this.#byNode[this.#tree.parent(next)] ?? '';
    }
    return this.#byNode[node] ?? '';
  }

  #ofFunction({ scriptId, line, column }: Frame): string | undefined {
    return this.#byFunction.size === 0 ? undefined : this.#byFunction.get(`${scriptId}:${line}:${column}`);
  }
}
