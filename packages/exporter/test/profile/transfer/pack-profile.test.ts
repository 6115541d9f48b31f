import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  buffersOf,
  type PackedProfile,
  ProfileBuilder,
  packProfile,
  unpackProfile,
} from '../../../src/profile/index.js';
import { heapProfiles } from '../arbitrary-profile.js';
import { formatProfile } from '../format-profile.js';

/** Sends a packed profile as to another thread. */
function sent(packed: PackedProfile): PackedProfile {
  return structuredClone(packed, { transfer: buffersOf(packed) });
}

test('a profile is the same on another thread', () => {
  fc.assert(
    fc.property(heapProfiles, (profile) => {
      const unpacked = unpackProfile(sent(packProfile(profile)));
      expect(formatProfile(unpacked)).toBe(formatProfile(profile));
      expect(unpacked.labelUnits).toEqual(profile.labelUnits);
      expect(unpacked.comments).toEqual(profile.comments);
    }),
  );
});

test('keeps places of machine code, odd names, and mappings without an end', () => {
  const builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 2n ** 62n,
    durationNanos: 5n,
    comments: ['a\u0000b'],
  });
  const unlimited = { path: '/lib/a.so', start: 0, limit: Number.POSITIVE_INFINITY };
  const limited = { path: '/lib/b.so', start: 4096, limit: 8192, fileOffset: 512 };
  const frames = [
    builder.nativeFrame('malloc', { address: 16, mapping: unlimited }),
    builder.nativeFrame('free', { address: 5000, mapping: limited }),
    builder.nativeFrame('0x7', { address: 7, mapping: undefined }),
    builder.frame('\ud800 lone', 'מ.js', 3, 4, 1),
  ];
  for (const [at, frame] of frames.entries()) builder.add(builder.stack(undefined, frame), [at + 1]);
  builder.add(undefined, [9]);
  const profile = builder.build();
  const packed = packProfile(profile);
  const unpacked = unpackProfile(sent(packed));
  expect(packed.values.length).toBe(0);
  const framesOf = (of: typeof profile) =>
    Array.from({ length: of.sampleCount }, (_, sample) => [...of.frames(of.stackOf(sample))]);
  expect(framesOf(unpacked)).toEqual(framesOf(profile));
  expect(unpacked.timeNanos).toBe(2n ** 62n);
  expect(unpacked.comments).toEqual(profile.comments);
});

test('reads no texts until a frame or label is asked for', () => {
  const builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  builder.add(builder.stack(undefined, builder.frame('f', 'a.js', 1)), [7]);
  const packed = { ...packProfile(builder.build()), texts: new TextEncoder().encode('damaged') };
  const profile = unpackProfile(packed);
  expect([profile.sampleCount, profile.stackCount, profile.value(0, 0)]).toEqual([1, 1, 7]);
  expect(() => profile.labelsOf(0)).toThrow(SyntaxError);
});
