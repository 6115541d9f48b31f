import { expect, test } from 'vitest';
import { CallTree, ROOT } from '../../../../src/profiler-thread/ledger/state/call-tree.js';
import { StackComponents } from '../../../../src/profiler-thread/ledger/state/stack-components.js';

const locationOf = (line: number) => ({ scriptId: '7', lineNumber: line, columnNumber: 0 });

test('forgets the oldest wrapped functions beyond the limit, but not those wrapped again', () => {
  const tree = new CallTree({ maxNodes: 100, stackDepth: undefined });
  const components = new StackComponents(tree, 'shop');
  for (const line of [0, 1]) components.addFunction(locationOf(line), 'payments');
  for (let line = 2; line < 10_001; line++) {
    if (line === 5_000) components.addFunction(locationOf(0), 'payments');
    components.addFunction(locationOf(line), 'payments');
  }
  const componentOf = (line: number) => {
    const frame = { functionName: `f${line}`, url: 'file:///app.js', ...locationOf(line) };
    return components.nameOf(components.of(tree.child(ROOT, frame)));
  };
  expect([0, 1, 2, 10_000].map(componentOf)).toEqual(['payments', 'shop', 'payments', 'payments']);
});
