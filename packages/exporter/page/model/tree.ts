import { place } from '../basics/text.ts';
import type { Amount, Amounts } from './amounts.ts';
import { type Callees, calleesOf } from './callees.ts';
import type { Model } from './model.ts';

/** A frame to draw. `hide` and `fade` belong to d3-flame-graph. */
export interface TreeNode extends Amount {
  /** Index of the function; negative for frames that stand for none. */
  readonly fn: number;
  readonly name: string;
  readonly parent: TreeNode | undefined;
  /** From the largest. */
  readonly children: readonly TreeNode[];
  hide?: boolean;
  fade?: boolean;
}

const ROOT = -1;
const OTHER = -2;

/** Callees of each node of a profile, and what a node and all below it have. */
interface CalleeTree {
  readonly model: Model;
  readonly own: Amounts;
  readonly inclusive: Amounts;
  readonly callees: Callees;
  /** True to leave out frames of packages and of the runtime. */
  readonly isOnlyOwn: boolean;
}

/** A frame whose children are computed on first use: most are too narrow to draw. */
abstract class LazyNode<Node extends LazyNode<Node>> implements TreeNode {
  readonly fn: number;
  readonly name: string;
  readonly parent: Node | undefined;
  before = 0;
  after = 0;
  weight = 0;
  sampled = 0;
  hide?: boolean;
  fade?: boolean;
  #children: readonly Node[] | undefined;

  constructor(model: Model, fn: number, parent: Node | undefined) {
    this.fn = fn;
    this.name = nameOf(model, fn);
    this.parent = parent;
  }

  get children(): readonly Node[] {
    this.#children ??= this.makeChildren();
    return this.#children;
  }

  /** Returns the children, from the largest. */
  protected abstract makeChildren(): readonly Node[];
}

/** A frame of which the children are callees, one for each function. */
class CalleeNode extends LazyNode<CalleeNode> {
  readonly #tree: CalleeTree;
  /** Nodes of the profile that are drawn here. */
  readonly #origins: number[] = [];

  constructor(tree: CalleeTree, fn: number, parent?: CalleeNode) {
    super(tree.model, fn, parent);
    this.#tree = tree;
  }

  add(origin: number): void {
    add(this, amountOf(this.#tree.inclusive, origin));
    this.#origins.push(origin);
  }

  protected makeChildren(): CalleeNode[] {
    const { model, own, callees, isOnlyOwn } = this.#tree;
    const found = new Map<number, CalleeNode>();
    const childOf = (fn: number): CalleeNode => {
      const child = found.get(fn) ?? new CalleeNode(this.#tree, fn, this);
      found.set(fn, child);
      return child;
    };
    const open = this.fn === ROOT ? [callees.root] : [...this.#origins];
    for (let caller = open.pop(); caller !== undefined; caller = open.pop()) {
      for (let node = callees.first[caller]!; node >= 0; node = callees.next[node]!) {
        const fn = model.nodeFunctions[node]!;
        if (!isOnlyOwn || model.functions[fn]!.kind === 0) {
          childOf(fn).add(node);
          continue;
        }
        open.push(node);
        if (this.fn === ROOT) add(childOf(OTHER), amountOf(own, node));
      }
    }
    return [...found.values()].filter(({ weight }) => weight !== 0).sort(bySize);
  }
}

/** Amounts of the nodes of a profile whose callers are drawn. */
interface CallerTree {
  readonly model: Model;
  readonly amounts: Amounts;
  /** True to leave out frames of packages and of the runtime. */
  readonly isOnlyOwn: boolean;
}

/** A frame of which the children are callers. */
class CallerNode extends LazyNode<CallerNode> {
  readonly #tree: CallerTree;
  /** Nodes of the profile whose amounts are summed up here. */
  readonly #origins: number[] = [];
  /** The node of each origin's stack that is drawn here, or -1 if no frame of it is drawn. */
  readonly #places: number[] = [];

  constructor(tree: CallerTree, fn: number, parent?: CallerNode) {
    super(tree.model, fn, parent);
    this.#tree = tree;
  }

  /** Adds the amount of the node `origin`; its stack continues with `place`, or its caller. */
  add(origin: number, place: number): void {
    add(this, amountOf(this.#tree.amounts, origin));
    this.#origins.push(origin);
    this.#places.push(place);
  }

  protected makeChildren(): CallerNode[] {
    const { callers, nodeFunctions } = this.#tree.model;
    const found = new Map<number, CallerNode>();
    const isRoot = this.fn === ROOT;
    for (const [at, origin] of this.#origins.entries()) {
      const place = this.#places[at]!;
      const next = this.#shown(isRoot || place < 0 ? place : callers[place]!);
      if (next < 0 && !isRoot) continue;
      const fn = next < 0 ? OTHER : nodeFunctions[next]!;
      const child = found.get(fn) ?? new CallerNode(this.#tree, fn, this);
      found.set(fn, child);
      child.add(origin, next);
    }
    return [...found.values()].sort(bySize);
  }

  /** Returns the first node from `place` outwards that is drawn, or -1. */
  #shown(place: number): number {
    const { model, isOnlyOwn } = this.#tree;
    const { callers, nodeFunctions, functions } = model;
    let at = place;
    while (isOnlyOwn && at >= 0 && functions[nodeFunctions[at]!]!.kind !== 0) at = callers[at]!;
    return at;
  }
}

function nameOf({ functions }: Model, fn: number): string {
  if (fn === ROOT) return 'all';
  return fn === OTHER ? '(other code)' : functions[fn]!.name;
}

function bySize(a: TreeNode, b: TreeNode): number {
  return b.weight - a.weight || order(a.name, b.name);
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function add(to: Amount, { before, after, weight, sampled }: Amount): void {
  to.before += before;
  to.after += after;
  to.weight += weight;
  to.sampled += sampled;
}

function amountOf(amounts: Amounts, node: number): Amount {
  return {
    before: amounts.before[node]!,
    after: amounts.after[node]!,
    weight: amounts.weight[node]!,
    sampled: amounts.sampled[node]!,
  };
}

/** Returns the tree of callers and callees. With `onlyOwn`, frames of packages and of the runtime are left out. */
export function callTree(model: Model, amounts: Amounts, onlyOwn: boolean): TreeNode {
  const root = new CalleeNode(calleeTree(model, amounts, onlyOwn), ROOT);
  add(root, amounts.total);
  return root;
}

function calleeTree(model: Model, own: Amounts, isOnlyOwn: boolean): CalleeTree {
  const inclusive = inclusiveAmounts(model, own);
  return { model, own, inclusive, callees: calleesOf(model.callers), isOnlyOwn };
}

/** Returns the tree that starts with the functions that allocate, and continues with their callers. */
export function invertedTree(model: Model, amounts: Amounts, onlyOwn: boolean): TreeNode {
  const root = new CallerNode({ model, amounts, isOnlyOwn: onlyOwn }, ROOT);
  for (let node = 0; node < model.callers.length; node++) {
    if (amounts.weight[node] !== 0) root.add(node, node);
  }
  return root;
}

/** Returns both halves of the view of one function: its callers, and its callees. Both have the function as root. */
export function sandwich(
  model: Model,
  amounts: Amounts,
  fn: number,
): { callers: TreeNode; callees: TreeNode } {
  const tree = calleeTree(model, amounts, false);
  const callers = new CallerNode({ model, amounts: tree.inclusive, isOnlyOwn: false }, fn);
  const callees = new CalleeNode(tree, fn);
  const isBelow: boolean[] = [];
  for (let node = 0; node < model.callers.length; node++) {
    const isInside = isBelow[model.callers[node]!] === true;
    const isFunction = model.nodeFunctions[node] === fn;
    isBelow[node] = isInside || isFunction;
    if (isInside || !isFunction) continue;
    callees.add(node);
    if (tree.inclusive.weight[node] !== 0) callers.add(node, node);
  }
  return { callers, callees };
}

/** Returns the amounts of each node and everything that it calls. */
export function inclusiveAmounts(model: Model, amounts: Amounts): Amounts {
  const inclusive = (own: Float64Array): Float64Array => {
    const sums = Float64Array.from(own);
    for (let node = sums.length - 1; node >= 0; node--) {
      const caller = model.callers[node]!;
      if (caller >= 0) sums[caller]! += sums[node]!;
    }
    return sums;
  };
  return {
    ...amounts,
    before: inclusive(amounts.before),
    after: inclusive(amounts.after),
    weight: inclusive(amounts.weight),
    sampled: inclusive(amounts.sampled),
  };
}

/** Returns, for each function, whether its name or place contains the text; undefined for no text. */
export function matchingFunctions(model: Model, text: string): readonly boolean[] | undefined {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return undefined;
  return model.functions.map((fn) => `${fn.name}\0${place(fn)}`.toLowerCase().includes(wanted));
}

/** Returns the amount of all stacks that contain a function of `matches`, each counted once. */
export function matchedAmount(
  model: Model,
  amounts: Amounts,
  matches: readonly boolean[],
  onlyOwn: boolean,
): Amount {
  const sum = { before: 0, after: 0, weight: 0, sampled: 0 };
  const isFound: boolean[] = [];
  for (let node = 0; node < model.callers.length; node++) {
    const fn = model.nodeFunctions[node]!;
    const isShown = !onlyOwn || model.functions[fn]!.kind === 0;
    isFound[node] = (isShown && matches[fn]!) || isFound[model.callers[node]!] === true;
    if (isFound[node]) add(sum, amountOf(amounts, node));
  }
  return sum;
}

/** Returns the frames from the outermost to this one. */
export function pathTo(node: TreeNode): TreeNode[] {
  const path: TreeNode[] = [];
  for (let at: TreeNode | undefined = node; at !== undefined; at = at.parent) path.unshift(at);
  return path;
}
