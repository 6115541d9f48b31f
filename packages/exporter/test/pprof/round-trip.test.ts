import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePprof, encodePprof } from '../../src/pprof/index.js';
import { checkProfile, formatProfile } from '../../src/profile/index.js';
import { addSamples, heapBuilder, samplesOf, wholeNumbers } from '../profile/arbitrary-profile.js';
import { firstMinute, secondMinute } from './sample-profiles.js';

const nanos = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });

test('any profile comes back as it was', () => {
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

test.each([
  ['first minute', firstMinute, 'golden/first-minute.txt'],
  ['second minute', secondMinute, 'golden/second-minute.txt'],
])('%s: golden text before and after', async (_, make, golden) => {
  const profile = make();
  await expect(formatProfile(profile)).toMatchFileSnapshot(golden);
  const once = encodePprof(profile);
  await expect(formatProfile(decodePprof(once))).toMatchFileSnapshot(golden);
  expect(Buffer.compare(encodePprof(decodePprof(once)), once)).toBe(0);
});
