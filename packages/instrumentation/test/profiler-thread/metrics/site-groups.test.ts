import { describe, expect, test } from 'vitest';
import type { GroupBy } from '../../../src/config/index.js';
import { StickyCallSites } from '../../../src/profiler-thread/metrics/sticky-call-sites.js';
import { AllocatingProgram } from '../../support/allocating-program.js';
import { INTERVAL } from '../../support/ledger-sums.js';
import { manyPlaces } from '../../support/many-places.js';
import { heapOf } from '../../support/memory-sources.js';

/**
 * Runs a program with distinct attributes and returns bytes in use under a grouping, by the attributes kept.
 */
function retainedBy(groupBy: GroupBy): Record<string, number> {
  const program = manyPlaces();
  program.retain('shop/a:one', 1);
  program.retain('shop/a:two', 20);
  program.retain('shop/b:one', 300);
  program.retain('cart/c:one', 4000);
  program.retain('task > cart/c:one', 50_000);
  const { rows } = new StickyCallSites({ maxCallSites: 9, groupBy }).view(
    { all: [heapOf(program.ledger)] },
    program.now,
  );
  return Object.fromEntries(
    rows.map(({ functionName, file, packageName, component, retained }) => [
      [functionName, file, packageName, component].map((part) => part ?? '-').join(' '),
      retained,
    ]),
  );
}

describe('groups call sites by', () => {
  test('function', () => {
    expect(retainedBy('function')).toEqual({
      'one /shop/a.js shop api': 1,
      'two /shop/a.js shop api': 20,
      'one /shop/b.js shop api': 300,
      'one /cart/c.js cart api': 4000,
      'one /cart/c.js cart scheduler': 50_000,
    });
  });

  test('file', () => {
    expect(retainedBy('file')).toEqual({
      '- /shop/a.js shop api': 21,
      '- /shop/b.js shop api': 300,
      '- /cart/c.js cart api': 4000,
      '- /cart/c.js cart scheduler': 50_000,
    });
  });

  test('package', () => {
    expect(retainedBy('package')).toEqual({
      '- - shop api': 321,
      '- - cart api': 4000,
      '- - cart scheduler': 50_000,
    });
  });

  test('component', () => {
    expect(retainedBy('component')).toEqual({ '- - - api': 4321, '- - - scheduler': 50_000 });
  });
});

test.each([
  ['function', { functionName: '(unobserved)', file: '' }],
  ['file', { file: '(unobserved)' }],
  ['package', { packageName: '(unobserved)' }],
  ['component', { component: '(unobserved)' }],
] as const)('what nobody observed stays apart by %s', (groupBy, group) => {
  const program = manyPlaces();
  program.allocateUnseen(3);
  program.retain('shop/a:one', 1);
  program.ledger.attribute(program.now, true);
  const { rows } = new StickyCallSites({ maxCallSites: 9, groupBy }).view(
    { all: [heapOf(program.ledger)] },
    program.now,
  );
  expect(rows.map(({ retained }) => retained)).toEqual([1, 0]);
  expect(rows[1]).toMatchObject(group);
  expect(rows[1]?.allocated).toBe(3 * INTERVAL);
});

test('a package named like the rest is part of the rest', () => {
  const program = manyPlaces();
  program.retain('other/a:one', 5000);
  program.retain('shop/a:one', 1);
  const { rows, other } = new StickyCallSites({ maxCallSites: 9, groupBy: 'package' }).view(
    { all: [heapOf(program.ledger)] },
    program.now,
  );
  expect(rows.map(({ packageName }) => packageName)).toEqual(['shop']);
  expect(other.retained).toBe(5000);
});

test.each(['function', 'file'] as const)('native code belongs to Node or nothing, also by %s', (groupBy) => {
  const program = new AllocatingProgram({
    ledger: { packageOf: (file) => file || '(none)' },
    frameOf: (functionName) => {
      return {
        functionName,
        url: functionName === 'set' ? '' : 'node:timers',
        lineNumber: -1,
        columnNumber: -1,
      };
    },
  });
  program.retain('set', 10);
  program.retain('tick > set', 20);
  const { rows } = new StickyCallSites({ maxCallSites: 9, groupBy }).view(
    { all: [heapOf(program.ledger)] },
    program.now,
  );
  expect(rows.map(({ packageName, retained }) => [packageName, retained])).toEqual([
    ['node:', 20],
    ['(none)', 10],
  ]);
});
