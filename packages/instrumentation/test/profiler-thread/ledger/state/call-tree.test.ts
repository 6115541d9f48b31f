import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CallTree, type NodeIndex, ROOT } from '../../../../src/profiler-thread/ledger/state/call-tree.js';
import { ShownStack } from '../../../../src/profiler-thread/ledger/state/shown-stack.js';
import type { RawFrame } from '../../../../src/protocol/code-place.js';
import { frameOf } from '../../../support/readings.js';

const at = (lineNumber: number, columnNumber: number): RawFrame => ({
  functionName: 'f',
  url: 'file:///app/f.js',
  lineNumber,
  columnNumber,
});

test('a stack has one index, however often it is seen', () => {
  const tree = new CallTree({ maxNodes: 10 });
  const main = tree.child(ROOT, frameOf('main'));
  const parse = tree.child(main, frameOf('parse'));
  expect(tree.child(tree.child(ROOT, frameOf('main')), frameOf('parse'))).toBe(parse);
  expect(tree.size).toBe(3);
  expect(tree.parent(parse)).toBe(main);
  expect(tree.frame(parse)?.functionName).toBe('parse');
});

test('the same function under two callers has two stacks', () => {
  const tree = new CallTree({ maxNodes: 10 });
  const one = tree.child(tree.child(ROOT, frameOf('one')), frameOf('parse'));
  const two = tree.child(tree.child(ROOT, frameOf('two')), frameOf('parse'));
  expect(one).not.toBe(two);
  expect(tree.frame(one)).toBe(tree.frame(two));
});

test('a recursive function has one stack per depth', () => {
  const tree = new CallTree({ maxNodes: 10 });
  const once = tree.child(ROOT, frameOf('walk'));
  const twice = tree.child(once, frameOf('walk'));
  expect(twice).not.toBe(once);
  expect(tree.parent(twice)).toBe(once);
});

test('functions that start at different places are different frames', () => {
  const tree = new CallTree({ maxNodes: 10 });
  const nodes = [at(0, 0), at(0, 1), at(1, 0)].map((frame) => tree.child(ROOT, frame));
  expect(new Set(nodes).size).toBe(3);
});

describe('a converted frame', () => {
  const frame = (raw: Partial<RawFrame>) => {
    const tree = new CallTree({ maxNodes: 10 });
    return tree.frame(tree.child(ROOT, { ...frameOf('f'), ...raw }));
  };

  test('counts lines and columns from 1, with 0 for unknown', () => {
    expect(frame({ lineNumber: 4, columnNumber: 9 })).toMatchObject({ line: 5, column: 10 });
    expect(frame({ lineNumber: -1, columnNumber: -1 })).toMatchObject({ line: 0, column: 0 });
  });

  test('has a path as file', () => {
    expect(frame({ url: pathToFileURL('/srv/my app/ü.js').href })?.file).toBe('/srv/my app/ü.js');
    expect(frame({ url: '/srv/common.js' })?.file).toBe('/srv/common.js');
    expect(frame({ url: 'node:fs' })?.file).toBe('node:fs');
    expect(frame({ url: '' })?.file).toBe('');
  });

  test('keeps a URL that is not a path', () => {
    expect(frame({ url: 'file:///a%2Fb.js' })?.file).toBe('file:///a%2Fb.js');
    expect(frame({ url: 'https://example.org/x.mjs' })?.file).toBe('https://example.org/x.mjs');
  });

  test('has a name for a function without one', () => {
    expect(frame({ functionName: '' })?.functionName).toBe('(anonymous)');
  });
});

describe('a full tree', () => {
  test('folds a new stack into its caller', () => {
    const tree = new CallTree({ maxNodes: 3 });
    const main = tree.child(ROOT, frameOf('main'));
    const parse = tree.child(main, frameOf('parse'));
    expect(tree.child(main, frameOf('render'))).toBe(main);
    expect(tree.child(ROOT, frameOf('timer'))).toBe(ROOT);
    expect(tree.size).toBe(3);
    expect(tree.child(main, frameOf('parse'))).toBe(parse);
  });

  test('is also one whose names and paths reach their memory limit', () => {
    const tree = new CallTree({ maxNodes: 1000, maxTextChars: 10_000 });
    const url = (i: number) => `data:text/javascript,${i}${'x'.repeat(4000)}`;
    const main = tree.child(ROOT, frameOf('main'));
    for (let i = 0; i < 100; i++) tree.child(main, { ...frameOf(`f${i}`), url: url(i) });
    expect(tree.size).toBe(2 + 3);
    expect(tree.child(main, { ...frameOf('f99'), url: url(99) })).toBe(main);
    expect(tree.child(main, { ...frameOf('f2'), url: url(2) })).not.toBe(main);
  });
});

describe("stacks at the sampler's depth limit", () => {
  /** Returns the stack of this many functions in the tree; `withCallers` also adds its callers. */
  const stackOf = (depth: number, tree: CallTree, withCallers = false) => {
    let stack = new ShownStack(frameOf('(root)'));
    for (let i = 1; i <= depth; i++) {
      stack = new ShownStack(frameOf(`f${i}`), stack);
      if (withCallers) stack.nodeIn(tree);
    }
    return stack.nodeIn(tree);
  };
  const textOf = (node: NodeIndex, tree: CallTree) => {
    const names: string[] = [];
    for (let at = node; at !== ROOT; at = tree.parent(at)) names.unshift(tree.frame(at)!.functionName);
    return names.join(' > ');
  };

  test('are below a frame that stands for further callers', () => {
    const tree = new CallTree({ maxNodes: 100, stackDepth: 3 });
    expect(textOf(stackOf(2, tree), tree)).toBe('f1 > f2');
    expect(textOf(stackOf(3, tree), tree)).toBe('(truncated) > f1 > f2 > f3');
  });

  test('are stored once: their callers have no other node', () => {
    const tree = new CallTree({ maxNodes: 100, stackDepth: 3 });
    const node = stackOf(3, tree);
    expect(tree.size).toBe(1 + 4);
    expect(stackOf(3, tree)).toBe(node);
    expect(tree.size).toBe(1 + 4);
  });

  test('differ from shorter stacks', () => {
    const tree = new CallTree({ maxNodes: 100, stackDepth: 3 });
    const node = stackOf(3, tree, true);
    expect(textOf(node, tree)).toBe('(truncated) > f1 > f2 > f3');
    expect(textOf(stackOf(2, tree), tree)).toBe('f1 > f2');
    expect(tree.size).toBe(1 + 2 + 4);
  });

  test('are folded like others when the tree is full, and count once', () => {
    const tree = new CallTree({ maxNodes: 3, stackDepth: 20 });
    expect(textOf(stackOf(20, tree), tree)).toBe('(truncated) > f1');
    expect(tree.size).toBe(3);
    expect(tree.foldedStacks).toBe(1);
  });
});

test("callees of a folded stack are folded too, and not taken for its caller's", () => {
  const tree = new CallTree({ maxNodes: 3 });
  const main = new ShownStack(frameOf('main'), new ShownStack(frameOf('(root)')));
  const parse = new ShownStack(frameOf('parse'), main);
  const render = new ShownStack(frameOf('render'), main);
  const parseOfRender = new ShownStack(frameOf('parse'), render);
  expect(parse.nodeIn(tree)).not.toBe(main.nodeIn(tree));
  expect(parseOfRender.nodeIn(tree)).toBe(main.nodeIn(tree));
  expect(parseOfRender.nodeIn(tree)).toBe(main.nodeIn(tree));
  expect(tree.foldedStacks).toBe(1);
});

describe('long names', () => {
  test('are cut and end in an ellipsis', () => {
    const tree = new CallTree({ maxNodes: 10 });
    const url = `data:text/javascript,${'x'.repeat(1_000_000)}`;
    const node = tree.child(ROOT, { ...at(1, 1), functionName: 'n'.repeat(10_240), url });
    const frame = tree.frame(node)!;
    expect(frame.functionName).toBe(`${'n'.repeat(511)}…`);
    expect(frame.file).toHaveLength(4096);
    expect(frame.file).toMatch(/^data:text\/javascript,x+…$/);
  });

  test('are not cut inside a character', () => {
    const tree = new CallTree({ maxNodes: 10 });
    const node = tree.child(ROOT, { ...at(1, 1), functionName: '😀'.repeat(5_000) });
    expect(tree.frame(node)!.functionName.isWellFormed()).toBe(true);
  });

  test('that are equal up to the cut belong to different functions if they start at different places', () => {
    const tree = new CallTree({ maxNodes: 10 });
    const long = 'n'.repeat(10_240);
    const here = tree.child(ROOT, { ...at(1, 1), functionName: `${long}a` });
    expect(tree.child(ROOT, { ...at(2, 1), functionName: `${long}b` })).not.toBe(here);
    expect(tree.child(ROOT, { ...at(1, 1), functionName: `${long}a` })).toBe(here);
  });
});

test('a full tree retains nothing of later functions', () => {
  const tree = new CallTree({ maxNodes: 3 });
  const main = tree.child(ROOT, frameOf('main'));
  const parse = tree.child(main, frameOf('parse'));
  globalThis.gc!();
  const before = process.memoryUsage().heapUsed;
  let folded = 0;
  for (let made = 0; made < 50_000; made++) {
    if (tree.child(parse, frameOf(`made${made}`.repeat(10))) === parse) folded += 1;
  }
  globalThis.gc!();
  expect([tree.size, tree.child(ROOT, frameOf('main')), folded]).toEqual([3, main, 50_000]);
  // Their names alone would take 4 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(2e6);
});
