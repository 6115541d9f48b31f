import { ProfileBuilder } from '@heapray/exporter/profile';
import { expect, test } from 'vitest';
import {
  type OffHeapState,
  UnattributedOffHeap,
} from '../../../src/profiler-thread/buffers/unattributed-off-heap.js';
import { InUseByKind } from '../../../src/profiler-thread/profiles/profile-part.js';

const COLUMNS = ['alloc_objects', 'alloc_space', 'inuse_objects', 'inuse_space'];

function profileOf(state: OffHeapState | undefined) {
  const builder = new ProfileBuilder({
    columns: COLUMNS.map((type) => ({ type, unit: 'bytes' })),
    timeNanos: 0n,
    durationNanos: 0n,
    comments: [],
  });
  const inUse = new InUseByKind();
  inUse.add('array_buffer', state ? state.ledger.shownBytes - state.ledger.uncollectedBytes : 0);
  new UnattributedOffHeap(() => state).addTo(builder, inUse);
  const profile = builder.build();
  return { profile, total: inUse.bytes('array_buffer') };
}

test('adds what makes the kind add up to all array buffers', () => {
  const state = { ledger: { shownBytes: 700, uncollectedBytes: 200 }, arrayBuffers: 1000 };
  const { profile, total } = profileOf(state);
  expect(total).toBe(1000);
  const text = JSON.stringify(profile.comments);
  expect(text).toContain('(unattributed off-heap)');
  expect(text).toContain('(uncollected off-heap)');
});

test('says so when samples stand for more than there is', () => {
  const state = { ledger: { shownBytes: 1300, uncollectedBytes: 0 }, arrayBuffers: 1000 };
  const { profile, total } = profileOf(state);
  expect(total).toBe(1300);
  expect(profile.comments).toEqual([expect.stringMatching(/stand for 300 bytes more than the 1000 bytes/)]);
});

test('adds nothing while Buffers are not followed', () => {
  expect(profileOf(undefined).profile.comments).toEqual([]);
});
