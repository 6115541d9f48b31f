import { expect, test } from 'vitest';
import { BufferFeed, POOL_SLAB } from '../../../src/profiler-thread/buffers/buffer-feed.js';
import { Ledger, type NodeIndex } from '../../../src/profiler-thread/ledger/index.js';
import type { BufferBatch } from '../../../src/protocol/buffer-events.js';

const frame = (functionName: string, lineNumber: number) => ({
  functionName,
  url: 'file:///app/main.js',
  lineNumber,
  columnNumber: 4,
});
const LEAF = { functionName: '(pooled)', url: '', lineNumber: -1, columnNumber: -1 };
const STACKS = [
  { id: 1, frames: [LEAF, frame('keep', 10), frame('main', 1)], isCut: false },
  { id: 2, frames: [LEAF, frame('drop', 20), frame('main', 2)], isCut: true },
];

function setUp() {
  const ledger = new Ledger({ packageOf: () => 'app', samplingInterval: 1000, component: 'app' });
  const feed = new BufferFeed(ledger);
  let atMillis = 0;
  const take = (batch: Partial<BufferBatch>) => {
    atMillis += 1000;
    const empty = {
      oldestStack: 1,
      stacks: [],
      born: [],
      died: [],
      leftInPool: [],
      dropped: 0,
      costMillis: 0,
    };
    feed.take({ ...empty, atMillis, arrayBuffers: 0, ...batch }, 0);
  };
  const bytesOf = (functionName: string, of: (node: NodeIndex) => number) => {
    let sum = 0;
    for (let node = 0; node < ledger.tree.size; node++) {
      if (ledger.sites.site(ledger.sites.siteOf(node)).functionName === functionName) sum += of(node);
    }
    return sum;
  };
  const inUse = (name: string) => bytesOf(name, (node) => ledger.inUseBytes(node));
  const allocated = (name: string) => bytesOf(name, (node) => ledger.allocatedBytes(node));
  return { ledger, feed, take, inUse, allocated };
}

test('counts what is born as allocated, and as in use until it dies', () => {
  const { ledger, take, inUse, allocated } = setUp();
  take({ stacks: STACKS, born: [1, 1, 5000, 4000, 100, 2, 2, 3000, 500, 200] });
  expect([inUse('keep'), inUse('drop')]).toEqual([5000, 3000]);
  take({ died: [2] });
  expect([inUse('keep'), inUse('drop')]).toEqual([5000, 0]);
  expect([allocated('keep'), allocated('drop')]).toEqual([5000, 3000]);
  expect(ledger.counts).toMatchObject({ samples: 2, unseenSamples: 0, liveSamples: 1, sampledBytes: 8000 });
  // The 3000 bytes are in objects of 500.
  expect(bytesSum(ledger, (node) => ledger.allocatedObjects(node))).toBeCloseTo(1.25 + 6);
});

test('counts what is born and dies in one batch as allocated only', () => {
  const { ledger, take, inUse, allocated } = setUp();
  take({ stacks: STACKS, born: [1, 1, 5000, 4000, 100], died: [1] });
  expect([inUse('keep'), allocated('keep'), ledger.counts.liveSamples]).toEqual([0, 5000, 0]);
  take({ died: [1, 99] });
  expect(ledger.shownBytes).toBe(0);
});

test('names the line of the call, and the call site of the innermost function with a file', () => {
  const { ledger, take } = setUp();
  take({ stacks: STACKS, born: [1, 1, 5000, 4000, 100] });
  const sites = Array.from({ length: ledger.tree.size }, (_, node) =>
    ledger.sites.site(ledger.sites.siteOf(node)),
  );
  expect(sites).toContainEqual(expect.objectContaining({ functionName: 'keep', line: 11, column: 5 }));
});

test('moves a small Buffer to its slab when it is gone and the slab is not', () => {
  const { take, inUse, allocated } = setUp();
  take({ stacks: STACKS, born: [1, 1, 5000, 100, 100, 2, 1, 5000, 100, 100] });
  take({ leftInPool: [1] });
  expect([inUse('keep'), inUse(POOL_SLAB)]).toEqual([5000, 5000]);
  expect([allocated('keep'), allocated(POOL_SLAB)]).toEqual([10_000, 0]);
  // Reported together: only the end of the slab counts.
  take({ leftInPool: [2], died: [1, 2] });
  expect([inUse('keep'), inUse(POOL_SLAB)]).toEqual([0, 0]);
});

test('learns from a collection only when its finalizers have run', () => {
  const { ledger, feed, take, inUse } = setUp();
  const born = Array.from({ length: 40 }, (_, at) => [at + 1, 1, 1000, 1000, 100]).flat();
  take({ stacks: STACKS, born });
  feed.noteCollections([{ markMillis: 1500, sweepMillis: 1990, turnMillis: 1995 }]);
  take({});
  expect(ledger.reachability.majors).toBe(0);
  take({ died: Array.from({ length: 20 }, (_, at) => at + 1) });
  expect(ledger.reachability.majors).toBe(1);
  // The survivors were just confirmed, so all of them count.
  expect(inUse('keep')).toBeGreaterThan(19_000);
  // Later ones of a site that loses half are likely to be garbage in part.
  feed.noteCollections([{ markMillis: 3500, sweepMillis: 3600, turnMillis: 3600 }]);
  take({ born: Array.from({ length: 40 }, (_, at) => [at + 101, 1, 1000, 1000, 3700]).flat() });
  take({});
  expect(ledger.uncollectedBytes).toBeGreaterThan(0);
});

test('forgets stacks that the main thread has forgotten', () => {
  const { take, inUse } = setUp();
  take({ stacks: STACKS, born: [1, 1, 5000, 4000, 100] });
  take({ oldestStack: 3, born: [2, 1, 5000, 4000, 100] });
  expect(inUse('keep')).toBe(10_000);
  // Cannot happen; then the place is unknown, and the sum is right.
  take({ born: [3, 1, 5000, 4000, 100] });
  expect(inUse('keep')).toBe(10_000);
});

function bytesSum(ledger: Ledger, of: (node: NodeIndex) => number): number {
  let sum = 0;
  for (let node = 0; node < ledger.tree.size; node++) sum += of(node);
  return sum;
}
