import { expect, test } from 'vitest';
import { CallTree, ROOT } from '../../src/ledger/call-tree.js';
import { ReadStack } from '../../src/ledger/read-stack.js';
import { objectCountsByNode } from '../../src/profile/object-counts.js';
import { frameOf } from '../support/readings.js';

/** A table with a row per frame, each called by the one before; it names no scripts. */
function tableOf(names: readonly string[], counts: readonly number[]) {
  return {
    parents: names.map((_, row) => row - 1),
    frames: names.map(frameOf),
    counts,
    bytes: counts.map((count) => 10 * count),
  };
}

test('counts come to the stacks that the ledger has read', () => {
  const tree = new CallTree({ maxNodes: 10 });
  const main = tree.child(ROOT, frameOf('main'));
  const parse = tree.child(main, frameOf('parse'));
  const counts = objectCountsByNode(tableOf(['main', 'parse'], [1, 2]), tree);
  expect(Object.fromEntries(counts)).toEqual({
    [main]: { count: 1, bytes: 10 },
    [parse]: { count: 2, bytes: 20 },
  });
});

test('a stack that the ledger has not read makes none: the reading does, which knows its script', () => {
  const tree = new CallTree({ maxNodes: 10 });
  const main = tree.child(ROOT, frameOf('main'));
  const counts = objectCountsByNode(tableOf(['main', 'fresh', 'parse'], [1, 2, 3]), tree);
  expect([...counts.keys()]).toEqual([main]);
  expect(tree.size).toBe(2);
  const fresh = tree.child(main, { ...frameOf('fresh'), scriptId: '7' });
  expect(tree.frame(fresh)?.scriptId).toBe('7');
});

test('in a full tree they fold as readings do, and count no fold', () => {
  const tree = new CallTree({ maxNodes: 2 });
  const main = tree.child(ROOT, frameOf('main'));
  const counts = objectCountsByNode(tableOf(['main', 'parse', 'inner'], [1, 2, 3]), tree);
  expect(Object.fromEntries(counts)).toEqual({ [main]: { count: 6, bytes: 60 } });
  expect(tree.foldedStacks).toBe(0);
});

test('what is called by a folded stack is not taken for a callee of the caller', () => {
  const tree = new CallTree({ maxNodes: 3 });
  const main = tree.child(ROOT, frameOf('main'));
  tree.child(main, frameOf('inner'));
  const counts = objectCountsByNode(tableOf(['main', 'parse', 'inner'], [1, 2, 3]), tree);
  expect(Object.fromEntries(counts)).toEqual({ [main]: { count: 6, bytes: 60 } });
});

test('stacks as deep as the sampler looks are found below the frame that says so', () => {
  const tree = new CallTree({ maxNodes: 20, stackDepth: 2 });
  const main = new ReadStack(frameOf('main'), new ReadStack(frameOf('(root)')));
  const cut = new ReadStack(frameOf('parse'), main).nodeIn(tree);
  const { size } = tree;
  const counts = objectCountsByNode(tableOf(['main', 'parse'], [0, 2]), tree);
  expect(Object.fromEntries(counts)).toEqual({ [cut]: { count: 2, bytes: 20 } });
  expect(tree.size).toBe(size);
});
