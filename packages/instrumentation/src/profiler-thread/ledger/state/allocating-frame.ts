import { HOOK_NAME } from '../../../protocol/buffer-events.js';
import { type CallTree, type NodeIndex, ROOT } from './call-tree.js';

/**
 * Returns the node whose function a stack is charged to: the innermost one with a file that is not Node's
 * own. So `JSON.parse` and a stream's internals are charged to the code that called them. Code without a file
 * (`eval`, `new Function`) is charged to its caller too: V8 gives neither its text nor, before Node 26, its
 * position, so that all of it would look the same. A stack without any such function is charged to its
 * innermost evaluated one, else to its innermost frame.
 */
export function allocatingNode(tree: CallTree, node: NodeIndex): NodeIndex {
  let evaluated: NodeIndex | undefined;
  for (let at = node; at !== ROOT; at = tree.parent(at)) {
    const frame = tree.frame(at);
    if (!frame || isRuntimeFrame(frame.functionName, frame.file)) continue;
    if (frame.file !== '') return at;
    evaluated ??= at;
  }
  return evaluated ?? node;
}

/** Returns true for Node's own modules, native code without a file, V8's pseudo frames, and heapray's hooks. */
export function isRuntimeFrame(functionName: string, file: string): boolean {
  if (file.startsWith('node:') || functionName === HOOK_NAME) return true;
  return file === '' && (functionName.startsWith('(') ? functionName !== '(anonymous)' : true);
}
