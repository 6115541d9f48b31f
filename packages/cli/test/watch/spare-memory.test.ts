import { expect, test } from 'vitest';
import { SpareMemory } from '../../src/watch/spare-memory.js';

const MIB = 2 ** 20;

function spareMemory() {
  const state = { now: 0, collections: 0 };
  const memory = new SpareMemory({
    collect: () => {
      state.collections += 1;
    },
    clock: () => state.now,
  });
  return { state, memory };
}

test('collects behind the first captures, and behind more of them a minute later', () => {
  const { state, memory } = spareMemory();
  const read = (mib: number) => memory.tend({ bytesRead: mib * MIB, gone: 0, profiles: 0 });
  read(0);
  expect(state.collections).toBe(0);
  read(5);
  expect(state.collections).toBe(1);
  for (state.now = 1000; state.now < 60_000; state.now += 1000) read(5 + state.now / 1000);
  expect(state.collections).toBe(1);
  read(100);
  expect(state.collections).toBe(2);
  state.now += 600_000;
  read(100.5);
  expect(state.collections).toBe(2);
});

test.each(['gone', 'profiles'])('collects behind %s, 5 s apart', (what) => {
  const { state, memory } = spareMemory();
  const tend = (count: number) => memory.tend({ bytesRead: 0, gone: 0, profiles: 0, [what]: count });
  tend(1);
  tend(1);
  state.now += 10_000;
  tend(1);
  expect(state.collections).toBe(1);
  tend(2);
  tend(3);
  expect(state.collections).toBe(2);
  state.now += 5_000;
  tend(3);
  expect(state.collections).toBe(3);
});
