import { expect, test } from 'vitest';
import { IdleCollector } from '../../src/watch/idle-collector.js';

const MIB = 2 ** 20;

function spareMemory() {
  const state = { now: 0, collections: 0 };
  const memory = new IdleCollector({
    collect: () => {
      state.collections += 1;
    },
    clock: () => state.now,
  });
  return { state, memory };
}

const NOTHING = { bytesRead: 0, gone: 0, profiles: 0 };

test('collects after the first captures, again 5 s later, and then after more data a minute later', () => {
  const { state, memory } = spareMemory();
  const tend = (atMillis: number, mib: number) => {
    state.now = atMillis;
    memory.collectIfWorthwhile({ ...NOTHING, bytesRead: mib * MIB });
    return state.collections;
  };
  expect(tend(0, 0)).toBe(0);
  expect(tend(0, 5)).toBe(1);
  expect(tend(4_999, 6)).toBe(1);
  expect(tend(5_000, 7)).toBe(2);
  expect(tend(64_999, 50)).toBe(2);
  expect(tend(65_000, 50)).toBe(3);
  expect(tend(70_000, 50)).toBe(4);
  expect(tend(600_000, 50.5)).toBe(4);
});

test.each(['gone', 'profiles'])('collects after %s, 5 s apart, and then once again', (what) => {
  const { state, memory } = spareMemory();
  const tend = (atMillis: number, count: number) => {
    state.now = atMillis;
    memory.collectIfWorthwhile({ ...NOTHING, [what]: count });
    return state.collections;
  };
  expect(tend(0, 1)).toBe(1);
  expect(tend(1_000, 2)).toBe(1);
  expect(tend(5_000, 2)).toBe(2);
  expect(tend(10_000, 2)).toBe(3);
  expect(tend(100_000, 2)).toBe(3);
});
