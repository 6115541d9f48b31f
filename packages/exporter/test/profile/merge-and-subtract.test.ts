import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  mergeProfiles,
  type Period,
  ProfileBuilder,
  subtractProfiles,
  totals,
} from '../../src/profile/index.js';
import { addSamples, heapBuilder, heapProfiles, samplesOf, wholeNumbers } from './arbitrary-profile.js';
import { checkProfile } from './check-profile.js';
import { formatProfile } from './format-profile.js';

const main = { name: 'main', file: 'a.js', line: 1, column: 1 };
const leak = { name: 'leak', file: 'a.js', line: 9, column: 1 };

function bytesProfile(options: {
  period?: Period;
  comments?: string[];
  defaultColumn?: string;
  timeNanos?: bigint;
}) {
  const { timeNanos = 0n, ...rest } = options;
  const columns = [{ type: 'inuse_space', unit: 'bytes' }];
  return new ProfileBuilder({ columns, timeNanos, durationNanos: 5n, ...rest }).build();
}

/**
 * Returns the profile of a native allocation, with its library loaded at `start`, since the address is random in each
 * run.
 */
function nativeProfile(start: number, bytes: number) {
  const builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  const mapping = { path: '/lib/libc.so.6', start, limit: start + 0x1000 };
  const frame = builder.nativeFrame('0x234 libc.so.6', { address: start + 0x234, mapping });
  builder.add(builder.stack(undefined, frame), [bytes]);
  return builder.build();
}

test('native stacks of two processes are merged, wherever their libraries were loaded', () => {
  const [before, after] = [nativeProfile(0x7f00_0000, 10), nativeProfile(0x7fab_c000, 15)];
  const merged = mergeProfiles([before, after]);
  expect([merged.sampleCount, merged.value(0, 0)]).toEqual([1, 25]);
  const difference = subtractProfiles(after, before);
  expect([difference.sampleCount, difference.value(0, 0)]).toEqual([1, 5]);
});

describe('mergeProfiles', () => {
  test('is associative', () => {
    fc.assert(
      fc.property(heapProfiles, heapProfiles, heapProfiles, (a, b, c) => {
        const left = mergeProfiles([mergeProfiles([a, b]), c]);
        const right = mergeProfiles([a, mergeProfiles([b, c])]);
        checkProfile(left);
        expect(formatProfile(left)).toBe(formatProfile(right));
        expect(formatProfile(mergeProfiles([a, b, c]))).toBe(formatProfile(left));
      }),
    );
  });

  test('sums the totals', () => {
    fc.assert(
      fc.property(fc.array(heapProfiles, { minLength: 1, maxLength: 4 }), (profiles) => {
        const merged = totals(mergeProfiles(profiles));
        for (const [type, total] of Object.entries(merged)) {
          expect(total).toBe(profiles.reduce((sum, profile) => sum + totals(profile)[type]!, 0));
        }
      }),
    );
  });

  test('has the earliest time of collection, the total duration, and every comment once', () => {
    const merged = mergeProfiles([
      bytesProfile({ timeNanos: 20n, comments: ['b', 'a'] }),
      bytesProfile({ timeNanos: 10n, comments: ['a', 'c'], defaultColumn: 'inuse_space' }),
    ]);
    expect(merged).toMatchObject({
      timeNanos: 10n,
      durationNanos: 10n,
      comments: ['b', 'a', 'c'],
      defaultColumn: 'inuse_space',
    });
  });

  test('keeps the longest period, or none when different things were counted', () => {
    const space = (value: number) => bytesProfile({ period: { type: 'space', unit: 'bytes', value } });
    const time = bytesProfile({ period: { type: 'cpu', unit: 'nanoseconds', value: 9 } });
    expect(mergeProfiles([space(1), space(3), space(2)]).period?.value).toBe(3);
    expect(mergeProfiles([space(1), time]).period).toBeUndefined();
    expect(mergeProfiles([space(1), bytesProfile({})]).period).toBeUndefined();
  });

  test('rejects an empty list, and different columns', () => {
    expect(() => mergeProfiles([])).toThrow(new RangeError('no profiles to merge'));
    const counts = new ProfileBuilder({
      columns: [{ type: 'inuse_space', unit: 'pages' }],
      timeNanos: 0n,
      durationNanos: 0n,
    }).build();
    expect(() => mergeProfiles([bytesProfile({}), counts])).toThrow(
      new RangeError('profiles have different columns: inuse_space/bytes and inuse_space/pages'),
    );
    expect(() => subtractProfiles(bytesProfile({}), counts)).toThrow(RangeError);
  });
});

describe('subtractProfiles', () => {
  const samples = samplesOf(wholeNumbers, 4);

  test('gives the window between them, collected at the time of the newer one', () => {
    fc.assert(
      fc.property(samples, samples, (before, after) => {
        const older = addSamples(heapBuilder(1_060n, 60n), before).build();
        const window = addSamples(heapBuilder(1_100n, 40n), after).build();
        const both = addSamples(addSamples(heapBuilder(1_100n, 100n), before), after).build();
        const delta = subtractProfiles(both, older);
        checkProfile(delta);
        expect(formatProfile(delta)).toBe(formatProfile(window));
      }),
    );
  });

  test('is empty for a profile and itself', () => {
    fc.assert(
      fc.property(heapProfiles, (profile) => {
        const delta = subtractProfiles(profile, profile);
        expect([delta.sampleCount, delta.stackCount, delta.frameCount]).toEqual([0, 0, 0]);
      }),
    );
  });

  test('distinguishes growth, release and no change, by stack and labels', () => {
    const labels = { thread: '0' };
    const older = addSamples(heapBuilder(100n), [
      { stack: [main], values: [10, 1000, 10, 1000], labels },
      { stack: [main, leak], values: [1, 50, 1, 50], labels },
      { stack: [leak], values: [5, 5, 5, 5], labels },
    ]).build();
    const newer = addSamples(heapBuilder(400n), [
      { stack: [leak], values: [5, 5, 5, 5], labels },
      { stack: [main], values: [12, 1200, 3, 300], labels },
      { stack: [main, leak], values: [1, 50, 1, 50], labels: { thread: '1' } },
    ]).build();
    expect(formatProfile(subtractProfiles(newer, older))).toBe(
      [
        'columns: alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes*',
        'period: 524288 space/bytes',
        'time: 400 ns',
        'duration: 300 ns',
        'samples: 3',
        '  2 200 -7 -700 {thread="0"}',
        '    main a.js:1:1',
        '  -1 -50 -1 -50 {thread="0"}',
        '    leak a.js:9:1',
        '    main a.js:1:1',
        '  1 50 1 50 {thread="1"}',
        '    leak a.js:9:1',
        '    main a.js:1:1',
        '',
      ].join('\n'),
    );
  });

  test('has no duration when the clock was set back', () => {
    const delta = subtractProfiles(heapBuilder(100n).build(), heapBuilder(300n).build());
    expect([delta.timeNanos, delta.durationNanos]).toEqual([100n, 0n]);
  });
});
