import { expect, test, vi } from 'vitest';
import { HeapUse } from '../../../src/profiler-thread/near-limit/heap-use.js';

const MIB = 2 ** 20;

function newHeap(limit: number) {
  const state = { resident: 60 * MIB, used: 10 * MIB, committed: 20 * MIB };
  const heapUsage = vi.fn(
    async () => ({ usedBytes: state.used, committedBytes: state.committed, bufferBytes: undefined }) as const,
  );
  const heap = new HeapUse({ limitBytes: limit * MIB, residentBytes: () => state.resident, heapUsage });
  return { heap, state, heapUsage };
}

test('does not ask the main thread when resident memory is far below the limit', async () => {
  const { heap, heapUsage } = newHeap(4096);
  expect((await heap.read()).usedBytes).toBe(60 * MIB);
  expect(heapUsage).not.toHaveBeenCalled();
});

test('does not ask again when what V8 has committed cannot reach the limit', async () => {
  const { heap, state, heapUsage } = newHeap(1024);
  state.resident = 3000 * MIB;
  expect((await heap.read()).usedBytes).toBe(10 * MIB);
  state.resident += 100 * MIB;
  expect((await heap.read()).usedBytes).toBe(120 * MIB);
  expect(heapUsage).toHaveBeenCalledTimes(1);
});

test('asks each time when a small limit could be reached soon', async () => {
  const { heap, state, heapUsage } = newHeap(64);
  await heap.read();
  state.used = 50 * MIB;
  expect(await heap.read()).toEqual({
    kind: 'heap',
    usedBytes: 50 * MIB,
    committedBytes: 20 * MIB,
    limitBytes: 64 * MIB,
  });
  expect(heapUsage).toHaveBeenCalledTimes(2);
});

test('takes all growth for growth of the heap when the main thread does not answer', async () => {
  const { heap, state, heapUsage } = newHeap(64);
  await heap.read();
  heapUsage.mockReturnValue(new Promise(() => {}));
  state.resident += 45 * MIB;
  expect((await heap.read()).usedBytes).toBe(55 * MIB);
  await heap.read();
  // The first question is still open.
  expect(heapUsage).toHaveBeenCalledTimes(2);
  expect(heap.unansweredMillis).toBeGreaterThan(0);
});
