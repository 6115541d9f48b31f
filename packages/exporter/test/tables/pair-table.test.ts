import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PairTable } from '../../src/tables/pair-table.js';

test('numbers pairs in the order of their first use, while the table grows', () => {
  const table = new PairTable();
  for (let round = 0; round < 2; round += 1) {
    for (let at = 0; at < 10_000; at += 1) expect(table.intern(at % 100, at)).toBe(at + 1);
  }
  expect(table.size).toBe(10_000);
  expect([table.parent(4321), table.frame(4321)]).toEqual([20, 4320]);
});

test('agrees with a Map', () => {
  const pairs = fc.array(fc.tuple(fc.nat(50), fc.nat(50)), { maxLength: 3000, size: 'max' });
  fc.assert(
    fc.property(pairs, (input) => {
      const table = new PairTable();
      const map = new Map<string, number>();
      for (const [parent, frame] of input) {
        const key = `${parent},${frame}`;
        if (!map.has(key)) map.set(key, map.size + 1);
        expect(table.intern(parent, frame)).toBe(map.get(key));
      }
    }),
    { numRuns: 20 },
  );
});

test('a sealed table, and a copy, have the nodes by number', () => {
  const table = new PairTable();
  for (let at = 1; at <= 1000; at += 1) table.intern(at >> 1, at);
  const copy = PairTable.of(structuredClone(table.state));
  table.seal();
  for (const { size, parent } of [table, copy].map((each) => ({
    size: each.size,
    parent: [each.parent(0), each.parent(701), each.frame(701)],
  }))) {
    expect(size).toBe(1000);
    expect(parent).toEqual([0, 350, 701]);
  }
});
