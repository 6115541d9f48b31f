// Readings of V8's sampler: what they mean, and the profiles and captures of them.
import { analyzeMemray, isNodeCapture, profileFromMemray } from '@heapray/exporter/memray';
import { type Profile, topOf, totals } from '@heapray/exporter/profile';
import { describe, expect, test } from 'vitest';
import { OWN_FUNCTION } from '../../src/attach/guard.js';
import { AllocationPairs } from '../../src/attach/sampling/allocation-pairs.js';
import { captureOf } from '../../src/attach/sampling/capture-of-reading.js';
import { differenceOf, growthOf } from '../../src/attach/sampling/growth.js';
import { profileOfNodes } from '../../src/attach/sampling/profile-of-nodes.js';
import { bytesByNode, type Reading, readingOf } from '../../src/attach/sampling/reading.js';
import { range, type SampledStack, SamplingProfiles } from './support/sampling-profiles.js';

const BASE = {
  atMillis: 1_700_000_030_000,
  durationMillis: 30_000,
  interval: 1000,
  program: 'node app.js',
  comments: [],
};
const profiles = new SamplingProfiles();

function readingWith(stacks: readonly SampledStack[]): Reading {
  return readingOf(profiles.profile(stacks));
}

function profileWith(reading: Reading): Profile {
  const column = { type: 'inuse_space', unit: 'bytes', values: bytesByNode(reading.samples) };
  return profileOfNodes({ ...BASE, nodes: reading.nodes, columns: [column] });
}

function flat(profile: Profile, column = 'inuse_space'): Record<string, number> {
  return Object.fromEntries(
    topOf(profile, { column, groupBy: 'function' }).map((row) => [row.name, row.flat]),
  );
}

test('pairs keep a bounded number of samples, which stand for all', () => {
  const pairs = new AllocationPairs(100);
  let last = 0;
  for (let each = 0; each < 500; each++) {
    const first = { ...readingWith([]), lastOrdinal: last };
    const [often, seldom] = [range(last + 1, last + 6), range(last + 7, last + 8)];
    pairs.add(
      first,
      readingWith([
        { frames: ['main', 'often'], size: 100, ordinals: often },
        { frames: ['main', 'seldom'], size: 100, ordinals: seldom },
      ]),
    );
    last += 8;
  }
  expect(pairs.shown).toBeGreaterThan(10);
  expect(pairs.shown).toBeLessThanOrEqual(100);
  const { bytes, nodes, freed, unobservedBytes } = pairs.estimate(readingWith([]), last, 100);
  expect({ freed, unobservedBytes }).toEqual({ freed: 4000, unobservedBytes: 0 });
  const byName = Object.fromEntries(
    [...bytes].map(([id, sum]) => [nodes.get(id!)?.callFrame.functionName, sum]),
  );
  expect(byName.often! + byName.seldom!).toBeCloseTo(400_000, 3);
  expect(byName.often! / 400_000).toBeGreaterThan(0.4);
});

describe('a reading', () => {
  test('gives the samples of a node its unbiased size', () => {
    const { samples, lastOrdinal } = readingWith([
      { frames: ['load'], size: 100, ordinals: [3, 7], selfSize: 250 },
    ]);
    expect(samples.map(({ bytes }) => bytes)).toEqual([125, 125]);
    expect(lastOrdinal).toBe(7);
  });

  test('becomes a profile with files, places and packages', () => {
    const orders = 'add file:///srv/app/node_modules/order-cache/index.js';
    const reading = readingWith([
      { frames: ['main', 'serve', orders], size: 100, ordinals: [1, 2] },
      { frames: ['main', 'serve', 'push node:internal/x'], size: 10, ordinals: [3] },
      { frames: [], size: 5, ordinals: [4] },
    ]);
    const profile = profileWith(reading);
    expect(topOf(profile, { column: 'inuse_space', groupBy: 'function', limit: 3 })).toMatchObject([
      { name: 'add', file: '/srv/app/node_modules/order-cache/index.js', line: 10, column: 4, flat: 200 },
      { name: 'serve', file: '/srv/app/app.js', flat: 10, cumulative: 210 },
      { name: '(none)', flat: 5 },
    ]);
    expect(topOf(profile, { column: 'inuse_space', groupBy: 'package' })[0]).toMatchObject({
      name: 'order-cache',
    });
    expect(profile).toMatchObject({ defaultColumn: 'inuse_space', durationNanos: 30_000_000_000n });
  });

  test("leaves out heapray's own allocations in the target", () => {
    const reading = readingWith([
      { frames: ['load'], size: 100, ordinals: [1] },
      { frames: [`${OWN_FUNCTION} `, 'set node:x'], size: 50, ordinals: [2] },
    ]);
    expect(reading.samples).toHaveLength(2);
    expect(totals(profileWith(reading))).toEqual({ inuse_space: 100 });
  });

  test('has stacks of any depth', () => {
    const frames = range(1, 5_000).map((at) => `f${at}`);
    expect(totals(profileWith(readingWith([{ frames, size: 8, ordinals: [1] }])))).toEqual({
      inuse_space: 8,
    });
  });
});

describe('pairs of readings', () => {
  test('tell who allocated what was freed', () => {
    const pairs = new AllocationPairs();
    pairs.add(
      readingWith([]),
      readingWith([
        { frames: ['parse'], size: 10, ordinals: range(1, 30) },
        { frames: ['keep'], size: 10, ordinals: range(31, 40) },
      ]),
    );
    const end = readingWith([{ frames: ['keep'], size: 10, ordinals: range(31, 40) }]);
    // There were 100 samples: 10 are in use, and 90 were freed, of which 30 were shown.
    const estimate = pairs.estimate(end, 100, 10);
    expect(estimate).toMatchObject({ freed: 90, shown: 30, unobservedBytes: 0 });
    const profile = profileOfNodes({
      ...BASE,
      nodes: estimate.nodes,
      columns: [{ type: 'alloc_space', unit: 'bytes', values: estimate.bytes }],
    });
    expect(flat(profile, 'alloc_space')).toEqual({ parse: 900, keep: 100 });
  });

  test('do not count if a collection came between', () => {
    const pairs = new AllocationPairs();
    pairs.add(readingWith([]), readingWith([{ frames: ['keep'], size: 10, ordinals: [2, 5] }]));
    expect(pairs.shown).toBe(0);
    const estimate = pairs.estimate(readingWith([{ frames: ['keep'], size: 10, ordinals: [2] }]), 5, 10);
    expect(estimate).toMatchObject({ freed: 4, shown: 0, unobservedBytes: 40 });
  });
});

describe('growth', () => {
  test('is memory of the first half that is still in use', () => {
    const reading = readingWith([
      { frames: ['leak'], size: 10, ordinals: range(1, 40).map((at) => 2 * at) },
      { frames: ['newest'], size: 10, ordinals: range(81, 100) },
      { frames: ['once'], size: 10, ordinals: [1] },
    ]);
    expect(growthOf(reading, 100, BASE)).toEqual([
      { name: 'leak', file: '/srv/app/app.js', line: 10, column: 4, bytes: 400, old: 250 },
    ]);
  });

  test('is the difference between two readings where others have started the sampler', () => {
    const earlier = profileWith(
      readingWith([
        { frames: ['a'], size: 10, ordinals: [1] },
        { frames: ['b'], size: 10, ordinals: [2] },
      ]),
    );
    const later = profileWith(readingWith([{ frames: ['a'], size: 10, ordinals: [1, 3, 4] }]));
    expect(differenceOf(earlier, later)).toMatchObject([{ name: 'a', bytes: 20, old: undefined }]);
  });
});

test('a capture holds what is in use, as a memray capture of a Node program', () => {
  const reading = readingWith([
    { frames: ['main', 'load'], size: 100, ordinals: [1, 4], selfSize: 251 },
    { frames: ['main'], size: 10, ordinals: [2] },
  ]);
  const capture = captureOf(reading, {
    pid: 42,
    command: 'node app.js',
    interval: 65_536,
    folder: '/srv/app',
    startMillis: 1_700_000_000_000,
    endMillis: 1_700_000_030_000,
    residentAtStart: 1000,
    residentAtEnd: 2000,
  });
  const { header } = analyzeMemray([capture]);
  expect(header).toMatchObject({
    pid: 42,
    commandLine: expect.stringContaining('heapray: sampled every 64.0 KiB'),
  });
  expect(isNodeCapture(header!)).toBe(true);
  expect(flat(profileFromMemray([capture]))).toEqual({ load: 251, main: 10 });
});
