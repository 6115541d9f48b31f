import { expect, test } from 'vitest';
import { CallTree, ROOT } from '../../../src/profiler-thread/ledger/state/call-tree.js';
import { ShownStack } from '../../../src/profiler-thread/ledger/state/shown-stack.js';
import { objectCountsByNode } from '../../../src/profiler-thread/profiles/object-counts.js';
import { frameOf } from '../../support/readings.js';

/** Makes a table with one row per frame, each called by the previous one, without scripts. */
function tableOf(names: readonly string[], counts: readonly number[]) {
  return {
    parents: names.map((_, row) => row - 1),
    frames: names.map(frameOf),
    counts,
    bytes: counts.map((count) => 10 * count),
  };
}

test('assigns counts to the stacks that the ledger knows', () => {
  const tree = new CallTree({ maxNodes: 10 });
  const main = tree.child(ROOT, frameOf('main'));
  const parse = tree.child(main, frameOf('parse'));
  const counts = objectCountsByNode(tableOf(['main', 'parse'], [1, 2]), tree);
  expect(Object.fromEntries(counts)).toEqual({
    [main]: { count: 1, bytes: 10 },
    [parse]: { count: 2, bytes: 20 },
  });
});

test('adds no stack to the ledger: the poll does, which knows the script', () => {
  const tree = new CallTree({ maxNodes: 10 });
  const main = tree.child(ROOT, frameOf('main'));
  const counts = objectCountsByNode(tableOf(['main', 'fresh', 'parse'], [1, 2, 3]), tree);
  expect([...counts.keys()]).toEqual([main]);
  expect(tree.size).toBe(2);
  const fresh = tree.child(main, { ...frameOf('fresh'), scriptId: '7' });
  expect(tree.frame(fresh)?.scriptId).toBe('7');
});

test('folds like the ledger in a full tree, without counting folds', () => {
  const tree = new CallTree({ maxNodes: 2 });
  const main = tree.child(ROOT, frameOf('main'));
  const counts = objectCountsByNode(tableOf(['main', 'parse', 'inner'], [1, 2, 3]), tree);
  expect(Object.fromEntries(counts)).toEqual({ [main]: { count: 6, bytes: 60 } });
  expect(tree.foldedStacks).toBe(0);
});

test("does not take a callee of a folded stack for the caller's", () => {
  const tree = new CallTree({ maxNodes: 3 });
  const main = tree.child(ROOT, frameOf('main'));
  tree.child(main, frameOf('inner'));
  const counts = objectCountsByNode(tableOf(['main', 'parse', 'inner'], [1, 2, 3]), tree);
  expect(Object.fromEntries(counts)).toEqual({ [main]: { count: 6, bytes: 60 } });
});

test("finds stacks at the sampler's depth limit below the truncated frame", () => {
  const tree = new CallTree({ maxNodes: 20, stackDepth: 2 });
  const main = new ShownStack(frameOf('main'), new ShownStack(frameOf('(root)')));
  const cut = new ShownStack(frameOf('parse'), main).nodeIn(tree);
  const { size } = tree;
  const counts = objectCountsByNode(tableOf(['main', 'parse'], [0, 2]), tree);
  expect(Object.fromEntries(counts)).toEqual({ [cut]: { count: 2, bytes: 20 } });
  expect(tree.size).toBe(size);
});
