import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { profileFromMemray } from '../../src/memray/index.js';
import { decodeOtlpProfiles, encodeOtlpProfiles, encodeOtlpProfilesJson } from '../../src/otlp/index.js';
import { decodePprof, encodePprof } from '../../src/pprof/index.js';
import type { Profile } from '../../src/profile/index.js';
import { golden } from '../memray/support/golden.js';
import { firstMinute, secondMinute } from '../pprof/sample-profiles.js';
import { addSamples, heapBuilder, samplesOf, wholeNumbers } from '../profile/arbitrary-profile.js';
import { checkProfile } from '../profile/check-profile.js';
import { formatProfile } from '../profile/format-profile.js';
import { manyKinds, oddNames } from './sample-profiles.js';

const time = fc.bigInt({ min: 0n, max: 2n ** 62n });

/** Expects that a profile is restored from both forms. */
function expectRestored(...profiles: Profile[]): void {
  const expected = profiles.map(formatProfile);
  for (const bytes of [encodeOtlpProfiles(profiles), encodeOtlpProfilesJson(profiles)]) {
    const decoded = decodeOtlpProfiles(bytes);
    decoded.forEach(checkProfile);
    expect(decoded.map(formatProfile)).toEqual(expected);
    expect(decoded.map(({ program }) => program)).toEqual(profiles.map(({ program }) => program));
  }
}

test('any profiles are restored', () => {
  const profiles = fc.record({
    samples: samplesOf(wholeNumbers, 4),
    start: time,
    duration: time,
    comments: fc.array(fc.string()),
  });
  fc.assert(
    fc.property(fc.array(profiles, { maxLength: 3 }), (given) => {
      const made = given.map(({ samples, start, duration, comments }) => {
        // A start of 0 means that the time is unknown.
        const builder = addSamples(heapBuilder(start + duration + 1n, duration), samples);
        for (const comment of comments) builder.comment(comment);
        return builder.build();
      });
      expectRestored(...made);
    }),
    { numRuns: 50 },
  );
});

describe('is restored', () => {
  test.each<[string, () => Profile]>([
    ['the first minute', firstMinute],
    ['the second minute', secondMinute],
    ['a profile with labels and frames of all kinds', manyKinds],
    ['a profile without samples and time', () => heapBuilder().build()],
    ['a memray capture', () => profileFromMemray([golden('threads.v13.bin').bytes])],
    ['a memray capture with native stacks', () => profileFromMemray([golden('native.v13.bin').bytes])],
  ])('%s', (_, make) => {
    expectRestored(make());
  });

  test('a profile with labels that are named like attributes', () => {
    const builder = heapBuilder();
    const labels = { 'thread.name': 'a', thread: 'b', 'thread.id': 5, thread_id: 6, tid: 7 };
    builder.add(undefined, [1, 2, 3, 4], builder.labels(labels));
    expectRestored(builder.build());
  });

  test('a profile with odd names, apart from lone surrogates', () => {
    const [decoded] = decodeOtlpProfiles(encodeOtlpProfiles([oddNames()])) as [Profile];
    expect(formatProfile(decoded)).toBe(formatProfile(decodePprof(encodePprof(oddNames()))));
  });
});

test('a profile is the same after pprof, OTLP and pprof', () => {
  for (const make of [firstMinute, manyKinds]) {
    const pprof = encodePprof(decodePprof(encodePprof(make())));
    const [through] = decodeOtlpProfiles(encodeOtlpProfiles([decodePprof(pprof)])) as [Profile];
    expect(Buffer.compare(encodePprof(through), pprof)).toBe(0);
  }
});

test('native frames keep their places', () => {
  const [decoded] = decodeOtlpProfiles(encodeOtlpProfiles([manyKinds()])) as [Profile];
  const natives = (profile: Profile) =>
    Array.from({ length: profile.sampleCount }, (_, row) => [...profile.frames(profile.stackOf(row))])
      .flat()
      .flatMap(({ functionName, native }) => (native ? [[functionName, native]] : []));
  expect(natives(decoded)).toEqual(natives(manyKinds()));
});
