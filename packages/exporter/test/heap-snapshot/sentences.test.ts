import { expect, test } from 'vitest';
import { type HeldClass, holderSentence } from '../../src/heap-snapshot/index.js';

const ORDERS: HeldClass = {
  name: 'Order',
  objects: 300,
  bytes: 9_000,
  retainedBytes: 9_000,
  place: undefined,
  before: { objects: 100, bytes: 3_000 },
  explained: { objects: 200, bytes: 6_000, isNew: true },
  holders: [],
  makers: [],
};

const bytes = (value: number) => `${value} B`;

test('calls objects new when they were made after the earlier snapshot', () => {
  expect(holderSentence(ORDERS, undefined, bytes)).toBe(
    '6000 B in 200 new `Order` objects has no holder in common',
  );
  const explained = { objects: 300, bytes: 9_000, isNew: false };
  expect(holderSentence({ ...ORDERS, explained }, undefined, bytes)).toBe(
    '9000 B in 300 `Order` objects has no holder in common',
  );
});
