import fc from 'fast-check';
import { expect, test } from 'vitest';
import { profileFromMemray } from '../../src/memray/index.js';
import { decodePprof, encodePprof } from '../../src/pprof/index.js';
import type { FrameRef, ProfileFrame } from '../../src/profile/index.js';
import { golden } from '../memray/support/golden.js';
import { addSamples, heapBuilder, samplesOf, wholeNumbers } from '../profile/arbitrary-profile.js';
import { checkProfile } from '../profile/check-profile.js';
import { formatProfile } from '../profile/format-profile.js';
import { firstMinute, secondMinute } from './sample-profiles.js';

const nanos = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });

test('any profile is restored', () => {
  fc.assert(
    fc.property(
      samplesOf(wholeNumbers, 4),
      nanos,
      nanos,
      fc.array(fc.string()),
      (samples, time, duration, comments) => {
        const builder = addSamples(heapBuilder(time, duration), samples);
        for (const comment of comments) builder.comment(comment);
        const profile = builder.build();
        const decoded = decodePprof(encodePprof(profile));
        checkProfile(decoded);
        expect(formatProfile(decoded)).toBe(formatProfile(profile));
      },
    ),
  );
});

test('native frames keep their address and mapping', () => {
  const builder = heapBuilder();
  const libc = { path: '/lib/libc.so.6', start: 0x7f00_0000_0000, limit: 0x7f00_0020_0000 };
  const places = [
    { address: 0x7f00_0000_1234, mapping: libc },
    { address: 0x7f00_0000_1235, mapping: { ...libc, start: 0x7f00_0000_1000, fileOffset: 0x3000 } },
    { address: 0x4000, mapping: undefined },
  ];
  let stack = builder.stack(undefined, builder.frame('main', 'a.js', 1));
  for (const [at, place] of places.entries())
    stack = builder.stack(stack, builder.nativeFrame(`f${at}`, place));
  builder.add(stack, [1, 2, 3, 4]);
  const profile = builder.build();
  const decoded = decodePprof(encodePprof(profile));
  checkProfile(decoded);
  expect([...decoded.frames(decoded.stackOf(0))]).toEqual([...profile.frames(profile.stackOf(0))]);
  expect(Buffer.compare(encodePprof(decoded), encodePprof(profile))).toBe(0);
});

test('a memray capture with native stacks keeps every place', () => {
  const profile = profileFromMemray([golden('native.v13.bin').bytes]);
  const decoded = decodePprof(encodePprof(profile));
  const framesOf = (of: typeof profile) => {
    return Array.from({ length: of.frameCount }, (_, ref) => of.frame(ref as FrameRef));
  };
  const isNative = ({ native }: ProfileFrame) => native?.mapping !== undefined;
  const wanted = framesOf(profile).filter(isNative);
  expect(wanted.length).toBeGreaterThan(20);
  expect(framesOf(decoded).filter(isNative)).toEqual(wanted);
});

test.each([
  ['first minute', firstMinute, 'golden/first-minute.txt'],
  ['second minute', secondMinute, 'golden/second-minute.txt'],
])('%s: the golden text is the same before and after', async (_, make, golden) => {
  const profile = make();
  await expect(formatProfile(profile)).toMatchFileSnapshot(golden);
  const once = encodePprof(profile);
  await expect(formatProfile(decodePprof(once))).toMatchFileSnapshot(golden);
  expect(Buffer.compare(encodePprof(decodePprof(once)), once)).toBe(0);
});
