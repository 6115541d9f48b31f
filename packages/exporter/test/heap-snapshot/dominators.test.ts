import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  computeDominators,
  type HeapSnapshot,
  HeapSnapshotReader,
  RetainingEdges,
  retainedSizes,
  UNREACHED,
} from '../../src/heap-snapshot/index.js';
import { SnapshotBuilder } from './snapshot-builder.js';

function read(builder: SnapshotBuilder): HeapSnapshot {
  const reader = new HeapSnapshotReader();
  reader.push(builder.bytes());
  return reader.end();
}

/** Returns the retained size of each node; undefined for unreachable ones. */
function retainedByNode(snapshot: HeapSnapshot): (number | undefined)[] {
  const dominators = computeDominators(snapshot, new RetainingEdges(snapshot));
  const retained = retainedSizes(snapshot, dominators);
  return [...dominators.numbers].map((number) => (number === UNREACHED ? undefined : retained[number]));
}

/** Returns the bytes that can be reached without passing a node: the slow way to know what it retains. */
function reachableWithout(snapshot: HeapSnapshot, retaining: RetainingEdges, without: number): number {
  const seen = new Set<number>();
  const open = without === 0 ? [] : [0];
  let bytes = 0;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    bytes += snapshot.sizes[node]!;
    for (let edge = snapshot.firstEdges[node]!; edge < snapshot.firstEdges[node + 1]!; edge++) {
      const target = snapshot.targets[edge]!;
      if (target !== without && retaining.has(edge)) open.push(target);
    }
  }
  return bytes;
}

test('retains what cannot be reached without the node, in any graph', () => {
  const arbitraryEdges = fc.array(fc.tuple(fc.nat(14), fc.nat(14)), { maxLength: 60 });
  fc.assert(
    fc.property(arbitraryEdges, (edges) => {
      const builder = new SnapshotBuilder();
      for (let node = 2; node < 15; node++) builder.node('object', 'Node', 2 ** node);
      for (const [from, to] of edges) builder.edge(from, 'property', 'x', to);
      const snapshot = read(builder);
      const retaining = new RetainingEdges(snapshot);
      const all = reachableWithout(snapshot, retaining, -1);
      retainedByNode(snapshot).forEach((bytes, node) => {
        if (bytes !== undefined) expect(bytes).toBe(all - reachableWithout(snapshot, retaining, node));
      });
    }),
    { numRuns: 100 },
  );
});

test('a ring of 20,000 objects is dominated by what holds it', () => {
  const builder = new SnapshotBuilder();
  const list = builder.property(1, 'list', 'object', 'List');
  const ring = Array.from({ length: 20_000 }, () => builder.node('object', 'Timeout', 1));
  ring.forEach((node, at) => {
    builder.edge(node, 'property', 'next', ring[at + 1] ?? list);
    builder.edge(node, 'property', 'previous', ring[at - 1] ?? list);
  });
  builder.edge(list, 'property', 'next', ring[0]!).edge(list, 'property', 'previous', ring.at(-1)!);
  const retained = retainedByNode(read(builder));
  expect(retained[list]).toBe(20_016);
  expect(retained[ring[10_000]!]).toBe(1);
});

test('weak references, and shortcuts that do not start at the root, retain nothing', () => {
  const builder = new SnapshotBuilder();
  const holder = builder.property(1, 'a', 'object', 'Holder');
  const weak = builder.node('object', 'Weak', 100);
  const short = builder.node('object', 'Short', 100);
  const user = builder.node('object', 'global', 100);
  builder.edge(holder, 'weak', 'x', weak).edge(holder, 'shortcut', 'y', short).edge(0, 'shortcut', 'z', user);
  const retained = retainedByNode(read(builder));
  expect([retained[holder], retained[weak], retained[short], retained[user]]).toEqual([
    16,
    undefined,
    undefined,
    100,
  ]);
});

test('a value of a WeakMap is retained by its key, not by the table', () => {
  const builder = new SnapshotBuilder();
  const map = builder.property(1, 'map', 'object', 'WeakMap');
  const table = builder.node('array', '', 10);
  const key = builder.property(1, 'key', 'object', 'Key');
  const value = builder.node('object', 'Value', 1000);
  const name = `2 / part of key (Key @${key * 2 + 1}) -> value (Value @${value * 2 + 1}) pair in WeakMap (table @${table * 2 + 1})`;
  builder
    .edge(map, 'internal', 'table', table)
    .edge(table, 'internal', name, value)
    .edge(key, 'internal', name, value);
  const retained = retainedByNode(read(builder));
  expect([retained[key], retained[map]]).toEqual([1016, 26]);
});

test('finds the dominators of a long list whose items an index has too', { timeout: 60_000 }, () => {
  // Walking up the list from each item would take minutes.
  const LENGTH = 400_000;
  const INDEX = 2 * LENGTH + 1;
  const nodeCount = INDEX + 1;
  const firstEdges = new Uint32Array(nodeCount + 1);
  const targets = new Uint32Array(3 * LENGTH + 1);
  let edges = 0;
  const add = (node: number, ...to: readonly number[]) => {
    for (const target of to) targets[edges++] = target;
    firstEdges[node + 1] = edges;
  };
  // The entries of the list, then its items, then the index.
  add(0, 1, INDEX);
  for (let at = 1; at < LENGTH; at++) add(at, LENGTH + at, at + 1);
  add(LENGTH, 2 * LENGTH);
  for (let at = 1; at <= LENGTH; at++) add(LENGTH + at);
  for (let at = 1; at <= LENGTH; at++) add(INDEX, LENGTH + at);
  const snapshot = { nodeCount, firstEdges, targets } as unknown as HeapSnapshot;
  const { numbers, parents, count } = computeDominators(snapshot, { has: () => true } as never);
  expect(count).toBe(nodeCount);
  for (let at = 2; at <= LENGTH; at += 9_999) {
    expect(parents[numbers[at]!]).toBe(numbers[at - 1]);
    expect(parents[numbers[LENGTH + at]!]).toBe(0);
  }
});
