import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RowTable } from '../../src/tables/row-table.js';

const fields = fc.constantFrom(-1, 0, 1, 2, 2 ** 31 - 1, -(2 ** 31));

test.each([2, 3, 4, 5])('numbers rows of %i integers as a map with text keys would', (width) => {
  fc.assert(
    fc.property(fc.array(fc.array(fields, { minLength: 5, maxLength: 5 }), { maxLength: 300 }), (rows) => {
      const table = new RowTable(width);
      const known = new Map<string, number>();
      for (const row of rows) {
        const kept = row.map((field, at) => (at < width ? field : 0));
        const [a, b, c, d, e] = kept as [number, number, number, number, number];
        const key = kept.join();
        if (!known.has(key)) known.set(key, known.size);
        const handle = table.handleFor(a, b, c, d, e);
        expect(handle).toBe(known.get(key));
        for (let at = 0; at < width; at++) expect(table.at(handle, at)).toBe(kept[at]);
      }
      expect(table.count).toBe(known.size);
    }),
  );
});

test('finds a deep stack and a wide one', () => {
  const table = new RowTable(2);
  const rows: number[] = [];
  for (let at = 0; at < 50_000; at++) rows.push(table.handleFor(at % 2 === 0 ? -1 : at - 1, at));
  expect(table.count).toBe(50_000);
  const again = rows.map((_, at) => table.handleFor(at % 2 === 0 ? -1 : at - 1, at));
  expect(again).toEqual(rows);
});
