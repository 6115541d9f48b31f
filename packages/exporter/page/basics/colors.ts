import type { FunctionKind } from '../../src/page/page-data.ts';
import type { TreeNode } from '../model/tree.ts';

// All are light enough for black text, in light and dark pages alike.

/** Colour of frames that the search finds. */
export const MATCH_COLOR = '#c77dff';

const NEUTRAL = [226, 226, 226] as const;
const GREW = [222, 96, 77] as const;
const SHRANK = [82, 152, 205] as const;

/** Returns the colour of a frame by who wrote the code; functions of equal name have equal colours. */
export function kindColor(node: TreeNode, kind: FunctionKind | undefined): string {
  const step = hash(node.name) % 5;
  if (kind === 0) return `hsl(${26 + 5 * step} 88% ${66 + 2 * step}%)`;
  if (kind === 1) return `hsl(${172 + 6 * step} 42% ${66 + 2 * step}%)`;
  return `hsl(220 8% ${74 + 2 * step}%)`;
}

/** Returns the colour of a frame by its change: red for growth, blue for shrinkage. */
export function changeColor(node: TreeNode): string {
  const change = node.weight === 0 ? 0 : (node.after - node.before) / node.weight;
  const end = change > 0 ? GREW : SHRANK;
  // The square root shows small changes, too.
  const strength = Math.min(1, Math.sqrt(Math.abs(change)));
  const mixed = NEUTRAL.map((from, at) => Math.round(from + (end[at]! - from) * strength));
  return `rgb(${mixed.join(' ')})`;
}

function hash(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at++) sum = (31 * sum + text.charCodeAt(at)) >>> 0;
  return sum;
}
