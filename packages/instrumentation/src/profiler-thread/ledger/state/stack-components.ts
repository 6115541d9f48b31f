import type { FunctionLocation } from '../../../protocol/code-place.js';
import { type CallTree, type Frame, type NodeIndex, ROOT } from './call-tree.js';

/**
 * Maximum number of wrapped functions; beyond it the oldest are forgotten. Only programs that keep compiling
 * scripts reach it.
 */
const MAX_FUNCTIONS = 10_000;
/** Key of the process's own component. */
const OWN = '';

/**
 * Maps each stack to its component: that of the innermost function on it that `profileComponent` wraps,
 * otherwise the process's own. This also works for asynchronous functions, because a resumed function is on
 * the stack again.
 *
 * Work that a component hands to others (a timer, an event handler) runs on stacks without its function, so
 * it belongs to the process. The same applies to a wrapped function that the optimizer has inlined. No
 * released Node gives more information; a runtime with allocation labels would replace this class.
 *
 * A stack's component is decided once, so that counters by component never decrease.
 */
export class StackComponents {
  #own: string;
  readonly #tree: CallTree;
  readonly #byNode: string[];
  readonly #byFunction = new Map<string, string>();

  /** @param own component name of this process */
  constructor(tree: CallTree, own: string) {
    this.#own = own;
    this.#tree = tree;
    this.#byNode = [OWN];
  }

  /** Renames the process's own component, also for existing stacks. */
  rename(own: string): void {
    this.#own = own;
  }

  /** The process's own component. */
  get own(): string {
    return this.#own;
  }

  /** Returns the name of a component by its key. */
  nameOf(key: string): string {
    return key === OWN ? this.#own : key;
  }

  /** Assigns stacks that pass through this function to the component from now on. */
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

  /** Returns the key of a stack's component, see `nameOf`. It does not change when the process is renamed. */
  of(node: NodeIndex): string {
    const path: NodeIndex[] = [];
    let at = node;
    for (; this.#byNode[at] === undefined && at !== ROOT; at = this.#tree.parent(at)) path.push(at);
    for (let next = path.pop(); next !== undefined; next = path.pop()) {
      const frame = this.#tree.frame(next);
      this.#byNode[next] = (frame && this.ofFunction(frame)) ?? this.#byNode[this.#tree.parent(next)] ?? '';
    }
    return this.#byNode[node] ?? '';
  }

  /** Returns the component's key of a wrapped function; undefined for other functions. */
  ofFunction({ scriptId, line, column }: Frame): string | undefined {
    return this.#byFunction.size === 0 ? undefined : this.#byFunction.get(`${scriptId}:${line}:${column}`);
  }
}
