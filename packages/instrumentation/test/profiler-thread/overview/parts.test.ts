import { expect, test } from 'vitest';
import { partsOf } from '../../../src/profiler-thread/overview/parts.js';
import { heapOf } from '../../support/memory-sources.js';
import { FakeHeap } from '../leaks/fake-heap.js';

test('lists what each thread has, and nothing for a main thread alone', () => {
  const [main, worker] = [new FakeHeap(), new FakeHeap()];
  worker.allocate('crawl', 3);
  for (const heap of [main, worker]) heap.read(1000);
  const sources = [heapOf(main.ledger), heapOf(worker.ledger, { id: 3, name: 'crawler' })];
  expect(partsOf(sources.slice(0, 1))).toEqual([]);
  const [first, second] = partsOf(sources);
  expect(first).toMatchObject({ name: 'main thread', facts: [{ name: 'In use', text: '0 B' }, {}, {}] });
  expect(second).toMatchObject({ name: 'worker 3 crawler', facts: [{ text: '3.0 KiB' }, {}, {}] });
});
