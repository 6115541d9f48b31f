import { pathTo, type TreeNode } from '../model/tree.ts';

/** Returns the text of a frame, for example its function with the place. */
export type FrameText = (node: TreeNode) => string;

/**
 * Returns a short text for a frame, from which {@link findZoom} finds it again, also in another profile: a number for each frame on
 * the way from the root. Empty for the root.
 */
export function zoomText(node: TreeNode, textOf: FrameText): string {
  const frames = pathTo(node).slice(1);
  return frames.map((frame) => hash(textOf(frame))).join('.');
}

/** Returns the frame that the text stands for, or the last one on the way to it that there is. */
export function findZoom(root: TreeNode, zoom: string, textOf: FrameText): TreeNode {
  let found = root;
  for (const wanted of zoom.split('.')) {
    const next = found.children.find((child) => hash(textOf(child)) === wanted);
    if (next === undefined) break;
    found = next;
  }
  return found;
}

/** Returns a hash of 32 bits (FNV-1a). */
function hash(text: string): string {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return (sum >>> 0).toString(36);
}
