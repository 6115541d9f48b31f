import type { Amount, Amounts } from './amounts.ts';
import type { Model } from './model.ts';

/** A frame to draw. `hide` and `fade` belong to d3-flame-graph. */
export interface TreeNode extends Amount {
  /** Index of the function; negative for frames that stand for none. */
  readonly fn: number;
  readonly name: string;
  readonly parent: TreeNode | undefined;
  children: TreeNode[];
  /** Whether the search finds it. */
  match: boolean;
  hide?: boolean;
  fade?: boolean;
}

const ROOT = -1;
const OTHER = -2;

/** Builds a tree in which each caller has one child per function. */
class TreeBuilder {
  readonly root: TreeNode;
  readonly #model: Model;
  readonly #nodes: TreeNode[];
  readonly #numbers = new Map<TreeNode, number>();
  readonly #children = new Map<number, TreeNode>();

  constructor(model: Model, root: TreeNode) {
    this.#model = model;
    this.root = root;
    this.#nodes = [root];
    this.#numbers.set(root, 0);
  }

  child(parent: TreeNode, fn: number): TreeNode {
    const key = this.#numbers.get(parent)! * (this.#model.functions.length + 2) + fn + 2;
    const known = this.#children.get(key);
    if (known !== undefined) return known;
    const name = fn === OTHER ? '(other code)' : this.#model.functions[fn]!.name;
    const node = newNode(fn, name, parent);
    this.#children.set(key, node);
    this.#numbers.set(node, this.#nodes.length);
    this.#nodes.push(node);
    return node;
  }

  /** Returns the root after adding to each frame what its children have; children without an amount are dropped. */
  finish(): TreeNode {
    for (let at = this.#nodes.length - 1; at > 0; at--) {
      const node = this.#nodes[at]!;
      if (node.weight === 0) continue;
      const parent = node.parent!;
      add(parent, node);
      parent.children.push(node);
    }
    for (const node of this.#nodes) {
      if (node.children.length > 1)
        node.children.sort((a, b) => b.weight - a.weight || order(a.name, b.name));
    }
    return this.root;
  }
}

function newNode(fn: number, name: string, parent: TreeNode | undefined): TreeNode {
  return { fn, name, parent, before: 0, after: 0, weight: 0, children: [], match: false };
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function add(to: Amount, { before, after, weight }: Amount): void {
  to.before += before;
  to.after += after;
  to.weight += weight;
}

function amountOf(amounts: Amounts, node: number): Amount {
  return { before: amounts.before[node]!, after: amounts.after[node]!, weight: amounts.weight[node]! };
}

/** Returns the tree of callers and callees. With `onlyOwn`, frames of packages and of the runtime are left out. */
export function callTree(model: Model, amounts: Amounts, onlyOwn: boolean): TreeNode {
  const builder = new TreeBuilder(model, newNode(ROOT, 'all', undefined));
  const drawn: TreeNode[] = [];
  for (let node = 0; node < model.callers.length; node++) {
    const fn = model.nodeFunctions[node]!;
    const caller = model.callers[node]!;
    const parent = caller < 0 ? builder.root : drawn[caller]!;
    const isShown = !onlyOwn || model.functions[fn]!.kind === 0;
    drawn[node] = isShown ? builder.child(parent, fn) : parent;
    if (amounts.weight[node] === 0) continue;
    const holder = drawn[node] === builder.root ? builder.child(builder.root, OTHER) : drawn[node]!;
    add(holder, amountOf(amounts, node));
  }
  return builder.finish();
}

/** Returns the tree that starts with the functions that allocate, and goes on to their callers. */
export function invertedTree(model: Model, amounts: Amounts, onlyOwn: boolean): TreeNode {
  const builder = new TreeBuilder(model, newNode(ROOT, 'all', undefined));
  for (let node = 0; node < model.callers.length; node++) {
    if (amounts.weight[node] === 0) continue;
    let at = builder.root;
    for (let caller = node; caller >= 0; caller = model.callers[caller]!) {
      const fn = model.nodeFunctions[caller]!;
      if (!onlyOwn || model.functions[fn]!.kind === 0) at = builder.child(at, fn);
    }
    if (at === builder.root) at = builder.child(at, OTHER);
    add(at, amountOf(amounts, node));
  }
  return builder.finish();
}

/** Returns both halves of the view of one function: its callers, and its callees. Both have the function as root. */
export function sandwich(
  model: Model,
  amounts: Amounts,
  fn: number,
): { callers: TreeNode; callees: TreeNode } {
  const { name } = model.functions[fn]!;
  const callers = new TreeBuilder(model, newNode(fn, name, undefined));
  const callees = new TreeBuilder(model, newNode(fn, name, undefined));
  const inclusive = inclusiveAmounts(model, amounts);
  const drawn: (TreeNode | undefined)[] = [];
  for (let node = 0; node < model.callers.length; node++) {
    const caller = model.callers[node]!;
    const parent = caller < 0 ? undefined : drawn[caller];
    const own = model.nodeFunctions[node]!;
    if (parent === undefined && own !== fn) continue;
    drawn[node] = parent === undefined ? callees.root : callees.child(parent, own);
    add(drawn[node]!, amountOf(amounts, node));
    if (parent !== undefined || inclusive.weight[node] === 0) continue;
    let at = callers.root;
    for (let up = caller; up >= 0; up = model.callers[up]!) at = callers.child(at, model.nodeFunctions[up]!);
    add(at, amountOf(inclusive, node));
  }
  return { callers: callers.finish(), callees: callees.finish() };
}

/** Returns the amounts of each node and everything that it calls. */
export function inclusiveAmounts(model: Model, amounts: Amounts): Amounts {
  const [before, after, weight] = [amounts.before, amounts.after, amounts.weight].map((own) => {
    const sums = Float64Array.from(own);
    for (let node = sums.length - 1; node >= 0; node--) {
      const caller = model.callers[node]!;
      if (caller >= 0) sums[caller]! += sums[node]!;
    }
    return sums;
  });
  return { before: before!, after: after!, weight: weight!, total: amounts.total };
}

/** Marks the frames whose name or file contains the text. Returns the amount of all of them, each counted once. */
export function markMatches(model: Model, root: TreeNode, text: string): Amount {
  const wanted = text.trim().toLowerCase();
  const matches = model.functions.map(({ name, file }) => {
    return wanted !== '' && `${name}\0${file}`.toLowerCase().includes(wanted);
  });
  const sum = { before: 0, after: 0, weight: 0 };
  const pending: { node: TreeNode; isBelow: boolean }[] = [{ node: root, isBelow: false }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, isBelow } = next;
    node.match = node.fn >= 0 && matches[node.fn]!;
    if (node.match && !isBelow) add(sum, node);
    for (const child of node.children) pending.push({ node: child, isBelow: isBelow || node.match });
  }
  return sum;
}

/** Returns the frames from the outermost to this one. */
export function pathTo(node: TreeNode): TreeNode[] {
  const path: TreeNode[] = [];
  for (let at: TreeNode | undefined = node; at !== undefined; at = at.parent) path.unshift(at);
  return path;
}
