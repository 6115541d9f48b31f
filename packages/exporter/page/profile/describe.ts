import { place, quantity, share, signed } from '../basics/text.ts';
import type { Amount } from '../model/amounts.ts';
import type { FunctionInfo } from '../model/model.ts';
import type { TreeNode } from '../model/tree.ts';
import type { Uncertainty } from '../model/uncertainty.ts';

/** Inputs of the texts about a frame. */
export interface DescribeContext {
  /** Undefined for frames that stand for no function. */
  readonly fn: FunctionInfo | undefined;
  readonly unit: string;
  readonly total: Amount;
  readonly isDiff: boolean;
  /** True if a frame has itself what its children do not have. */
  readonly hasSelf: boolean;
  readonly uncertainty: Uncertainty | undefined;
}

/** Returns the texts about a frame: name, place, amount with its standard error, what it has itself. */
export function describe(node: TreeNode, context: DescribeContext): string[] {
  const { fn, unit, total, isDiff, hasSelf, uncertainty } = context;
  const where = fn === undefined ? '' : place(fn);
  const change = node.after - node.before;
  const relative = uncertainty?.relative(node) ?? 0;
  const error = Math.abs(change) * relative;
  const least = uncertainty?.isLeast ? 'at least ' : '';
  const errorText = relative > 1 ? 'over 100%' : `${least}${quantity(Math.round(error), unit)}`;
  const within = error === 0 ? '' : ` ± ${errorText}`;
  const amount = isDiff
    ? `${quantity(node.before, unit)} to ${quantity(node.after, unit)}, ${signed(change, unit)}${within}`
    : `${quantity(node.after, unit)}${within}, ${share(node.after, total.weight)} of all`;
  const self = hasSelf && node.children.length > 0 ? selfOf(node) : 0;
  const own = self === 0 ? [] : [`itself ${quantity(self, unit)}`];
  const doubt = uncertainty?.isUncertain(node) && change !== 0 ? ['uncertain: few samples'] : [];
  return [node.name, ...(where === '' ? [] : [where]), amount, ...own, ...doubt];
}

function selfOf(node: TreeNode): number {
  return node.children.reduce((rest, child) => rest - child.after, node.after);
}
