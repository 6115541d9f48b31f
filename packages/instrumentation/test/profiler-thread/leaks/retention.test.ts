import { expect, test } from 'vitest';
import { HighWaterMarkTracker } from '../../../src/profiler-thread/history/high-water-mark.js';
import { ageBucketOf, bytesByAge } from '../../../src/profiler-thread/history/retention-age.js';
import { SurvivalTracker } from '../../../src/profiler-thread/history/survival.js';
import { AGE_BUCKETS } from '../../../src/profiler-thread/ledger/index.js';
import { heapOf } from '../../support/memory-sources.js';
import { FakeHeap } from './fake-heap.js';

test('an age belongs to the bucket whose bounds contain it', () => {
  const bucket = (millis: number) => AGE_BUCKETS[ageBucketOf(millis)];
  expect([0, 9_999, 10_000, 59_999, 60_000, 599_999, 600_000, 3_599_999, 3_600_000].map(bucket)).toEqual([
    '<10s',
    '<10s',
    '10s-1m',
    '10s-1m',
    '1m-10m',
    '1m-10m',
    '10m-1h',
    '10m-1h',
    '>1h',
  ]);
});

test('the ages of a stack add up to its bytes in use', () => {
  const heap = new FakeHeap();
  heap.allocate('load', 3);
  heap.read(1_000);
  heap.read(30_000);
  heap.allocate('load', 5);
  heap.read(1_000);
  const ages = [...bytesByAge(heap.ledger, heap.now)];
  expect(ages).toHaveLength(1);
  const [node, bytes] = ages[0] ?? [0, []];
  expect(bytes).toEqual([5 * heap.samplingInterval, 3 * heap.samplingInterval, 0, 0, 0, 0]);
  expect(bytes.reduce((sum, value) => sum + value, 0)).toBe(heap.ledger.inUseBytes(node));
});

test('the high-water mark keeps the poll with the most bytes in use, by stack', () => {
  const heap = new FakeHeap();
  const tracker = new HighWaterMarkTracker();
  const free = heap.allocate('load', 10);
  heap.read(100);
  tracker.observe([heapOf(heap.ledger)], heap.now);
  free();
  heap.allocate('store', 4);
  heap.read(100);
  tracker.observe([heapOf(heap.ledger)], heap.now);
  expect(tracker.mark?.totalBytes).toBe(10 * heap.samplingInterval);
  expect(tracker.mark?.atMillis).toBe(100);
  expect([...(tracker.mark?.parts[0]?.bytesByNode.values() ?? [])]).toEqual([10 * heap.samplingInterval]);
});

test("survival is the share of a minute's allocations that is alive later", () => {
  const heap = new FakeHeap();
  const survival = new SurvivalTracker();
  survival.observe(heap.ledger, heap.now);
  const free = heap.allocate('load', 6);
  heap.allocate('load', 2);
  heap.allocate('keep', 4);
  heap.read(30_000);
  survival.observe(heap.ledger, heap.now);
  heap.read(30_000);
  survival.observe(heap.ledger, heap.now);
  free();
  heap.read(180_000);
  survival.observe(heap.ledger, heap.now);
  const result = survival.survival(heap.ledger, heap.now, 200_000);
  const shares = [...(result ?? [])].map(([site, { share }]) => [
    heap.ledger.sites.site(site).functionName,
    share,
  ]);
  expect(shares).toEqual(
    expect.arrayContaining([
      ['load', 0.25],
      ['keep', 1],
    ]),
  );
  expect(survival.survival(heap.ledger, heap.now, 10 * 3_600_000)).toBeUndefined();
});

test('survival restarts when the sampler was lost, because what was alive is not known to be dead', () => {
  const heap = new FakeHeap();
  const survival = new SurvivalTracker();
  survival.observe(heap.ledger, heap.now);
  heap.allocate('keep', 4);
  for (let minute = 0; minute < 3; minute++) {
    heap.read(60_000);
    survival.observe(heap.ledger, heap.now);
  }
  expect(survival.survival(heap.ledger, heap.now, 150_000)?.size).toBe(1);
  heap.ledger.samplerLost();
  survival.observe(heap.ledger, heap.now);
  expect(survival.survival(heap.ledger, heap.now, 150_000)).toBeUndefined();
});

test('survival is kept for the thousand largest sites of a span', () => {
  const heap = new FakeHeap();
  const survival = new SurvivalTracker();
  survival.observe(heap.ledger, heap.now);
  for (let i = 0; i < 1500; i++) heap.allocate(`f${i}`, i < 500 ? 1 : 2);
  heap.read(60_000);
  survival.observe(heap.ledger, heap.now);
  const kept = survival.survival(heap.ledger, heap.now + 30_000, 60_000);
  expect(kept?.size).toBe(1000);
  expect([...(kept?.values() ?? [])].every(({ allocatedBytes }) => allocatedBytes === 2048)).toBe(true);
});

test('survival is known after ten spans, and older spans are dropped', () => {
  const heap = new FakeHeap();
  const survival = new SurvivalTracker();
  survival.observe(heap.ledger, heap.now);
  for (let minute = 0; minute < 30; minute++) {
    heap.allocate('keep', 4);
    heap.read(60_000);
    survival.observe(heap.ledger, heap.now);
    // It must stay known until the next span closes.
    for (const wait of [0, 59_999]) {
      const known = survival.survival(heap.ledger, heap.now + wait, 600_000);
      expect(known !== undefined).toBe(minute >= 9);
    }
    expect(survival.survival(heap.ledger, heap.now, 660_001)).toBeUndefined();
  }
});

test('a stack belongs to the innermost wrapped function, and keeps its component', () => {
  const heap = new FakeHeap();
  heap.allocate('free', 1);
  heap.read(1);
  const { tree, sites } = heap.ledger;
  const frame = (functionName: string, lineNumber: number) => ({
    functionName,
    scriptId: '7',
    url: 'file:///srv/shop.js',
    lineNumber,
    columnNumber: 4,
  });
  sites.components.addFunction({ scriptId: '7', lineNumber: 10, columnNumber: 4 }, 'scheduler');
  const outside = tree.child(0, frame('main', 1));
  const wrapped = tree.child(outside, frame('run', 10));
  const inside = tree.child(wrapped, frame('work', 20));
  expect([outside, wrapped, inside].map((node) => sites.site(sites.siteOf(node)).component)).toEqual([
    'api',
    'scheduler',
    'scheduler',
  ]);
  sites.components.addFunction({ scriptId: '7', lineNumber: 20, columnNumber: 4 }, 'late');
  expect(sites.site(sites.siteOf(inside)).component).toBe('scheduler');
  const resumed = tree.child(0, frame('run', 10));
  expect(sites.site(sites.siteOf(resumed)).component).toBe('scheduler');
});
