import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DirectCache } from '../../src/tables/direct-cache.js';

test('finds a value only under its own key, while it grows', () => {
  const cache = new DirectCache(4096);
  const key = fc.integer({ min: -3, max: 60 });
  fc.assert(
    fc.property(key, key, key, (a, b, c) => {
      const value = (a + 4) * 1_000_000 + (b + 4) * 1_000 + (c + 4);
      expect([0, value]).toContain(cache.find(a, b, c));
      cache.store(a, b, c, value);
      expect(cache.find(a, b, c)).toBe(value);
    }),
    { numRuns: 20_000 },
  );
  cache.clear();
  expect(cache.find(1, 1, 1)).toBe(0);
});

test('does not find a key that is no 32-bit integer', () => {
  const cache = new DirectCache(1024);
  cache.store(1, 2, 3, 4);
  expect(cache.find(1, 2, 3 + 2 ** 32)).toBe(0);
  expect(cache.find(1 + 2 ** 32, 2, 3)).toBe(0);
});
