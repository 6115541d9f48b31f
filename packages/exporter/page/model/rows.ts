import { type Amounts, bytesColumn, type Filters, NO_LABEL } from './amounts.ts';
import { callSites } from './call-sites.ts';
import { calleesOf } from './callees.ts';
import type { Model } from './model.ts';
import { inclusiveAmounts } from './tree.ts';

/** A row of the table: a function, or a value of a label. */
export interface Row {
  /** Index of the function; -1 for a label. */
  readonly fn: number;
  readonly name: string;
  readonly file: string;
  readonly self: Pair;
  readonly total: Pair;
}

export interface Pair {
  before: number;
  after: number;
  /** Bytes that its standard error depends on; 0 when unknown. */
  sampled: number;
}

/**
 * Returns one row per function. `self` is what a function and the runtime below it allocate, as in `heapray top`; `total`
 * includes its callees, and counts recursive calls once.
 */
export function functionRows(model: Model, amounts: Amounts): Row[] {
  const rows = model.functions.map(({ name, file }, fn): Row => {
    return { fn, name, file, self: newPair(), total: newPair() };
  });
  const sites = callSites(model);
  for (let node = 0; node < sites.length; node++) {
    const row = rows[sites[node]! < 0 ? model.nodeFunctions[node]! : sites[node]!]!;
    addTo(row.self, amounts, node);
    if (sites[node]! < 0) addTo(row.total, amounts, node);
  }
  const inclusive = inclusiveAmounts(model, amounts);
  for (const node of outermost(model)) addTo(rows[model.nodeFunctions[node]!]!.total, inclusive, node);
  return rows.filter(isUsed);
}

/** Returns one row per value of a label. */
export function labelRows(model: Model, key: number, column: number, filters: Filters): Row[] {
  const rows = new Map<string, Row>();
  const wanted = model.labelKeys.map((each) => filters.get(each));
  const isDiff = model.profiles.length > 1;
  const bytes = bytesColumn(model.columns, column);
  for (const [at, profile] of model.profiles.entries()) {
    for (let sample = 0; sample < profile.nodes.length; sample++) {
      const set = model.labelSets[profile.sets[sample]!]!;
      if (set.some((value, each) => wanted[each] !== undefined && wanted[each] !== (value ?? NO_LABEL)))
        continue;
      const name = set[key] ?? NO_LABEL;
      const row = rows.get(name) ?? newLabelRow(name);
      rows.set(name, row);
      const isBefore = isDiff && at === 0;
      row.self[isBefore ? 'before' : 'after'] += profile.values[column]![sample]!;
      row.self.sampled += (isBefore ? -1 : 1) * profile.values[bytes]![sample]!;
    }
  }
  return [...rows.values()].filter(isUsed);
}

/** Returns whether a row of a difference is not the same before and after. */
export function hasChanged({ self, total }: Row): boolean {
  return self.after !== self.before || total.after !== total.before;
}

function newLabelRow(name: string): Row {
  const sums = newPair();
  return { fn: -1, name, file: '', self: sums, total: sums };
}

function newPair(): Pair {
  return { before: 0, after: 0, sampled: 0 };
}

function isUsed({ self, total }: Row): boolean {
  return self.before !== 0 || self.after !== 0 || total.before !== 0 || total.after !== 0;
}

function addTo(pair: Pair, amounts: Amounts, node: number): void {
  pair.before += amounts.before[node]!;
  pair.after += amounts.after[node]!;
  pair.sampled += amounts.sampled[node]!;
}

/** Yields the nodes outside the runtime that are not below another node of the same function. */
function* outermost({ callers, nodeFunctions, functions }: Model): Generator<number> {
  const { root, first, next } = calleesOf(callers);
  const open = new Int32Array(functions.length);
  const path: number[] = [];
  let at = first[root]!;
  while (at >= 0 || path.length > 0) {
    if (at < 0) {
      const left = path.pop()!;
      open[nodeFunctions[left]!]! -= 1;
      at = next[left]!;
      continue;
    }
    const fn = nodeFunctions[at]!;
    if (open[fn] === 0 && functions[fn]!.kind !== 2) yield at;
    open[fn]! += 1;
    path.push(at);
    at = first[at]!;
  }
}
