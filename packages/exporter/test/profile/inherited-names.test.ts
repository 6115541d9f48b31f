// Labels, units and columns may have names that every object inherits.
import { describe, expect, test } from 'vitest';
import { decodePprof, encodePprof } from '../../src/pprof/index.js';
import {
  mergeProfiles,
  type Profile,
  ProfileBuilder,
  subtractProfiles,
  topOf,
  totals,
} from '../../src/profile/index.js';
import { checkProfile } from './check-profile.js';
import { formatProfile } from './format-profile.js';

const NAMES = Object.getOwnPropertyNames(Object.prototype);
const COLUMN = { type: 'inuse_space', unit: 'bytes' };

/** Returns an object with an own property of this name, which a literal would not create for `__proto__`. */
const own = <T>(name: string, value: T): Record<string, T> => ({ [name]: value });

function profileWith(name: string, options: { value?: string | number; unit?: string } = {}): Profile {
  const { value = 7, unit } = options;
  const builder = new ProfileBuilder({
    columns: [COLUMN],
    timeNanos: 0n,
    durationNanos: 0n,
    labelUnits: unit === undefined ? {} : own(name, unit),
  });
  builder.add(undefined, [10], builder.labels(own(name, value)));
  builder.add(undefined, [1], builder.labels({ tid: 0 }));
  return builder.build();
}

describe.each(NAMES)('%s', (name) => {
  test.each([
    ['a number', { value: 7 }],
    ['a number with a unit', { value: 7, unit: 'id' }],
    ['a text', { value: 'seven' }],
  ])('is kept by pprof as a label with %s', (_, options) => {
    const profile = profileWith(name, options);
    const read = decodePprof(encodePprof(profile));
    checkProfile(read);
    expect(formatProfile(read)).toBe(formatProfile(profile));
    expect(Object.entries(read.labelsOf(0))).toEqual([[name, options.value]]);
    expect(Object.entries(read.labelUnits)).toEqual('unit' in options ? [[name, 'id']] : []);
  });

  test('keeps its unit when profiles are merged and subtracted', () => {
    const profile = profileWith(name, { unit: 'id' });
    for (const made of [mergeProfiles([profile, profile]), subtractProfiles(profile, profileWith('tid'))]) {
      expect(Object.entries(made.labelUnits)).toEqual([[name, 'id']]);
    }
  });

  test('works as a label that only some samples have', () => {
    const rows = topOf(profileWith(name), { column: 'inuse_space', groupBy: name as 'package' });
    expect(rows.map((row) => [row.name, row.flat])).toEqual([
      ['7', 10],
      ['(none)', 1],
    ]);
  });

  test('works as a column', () => {
    const options = { columns: [{ type: name, unit: name }], timeNanos: 0n, durationNanos: 0n };
    const builder = new ProfileBuilder(options);
    builder.add(undefined, [3]);
    const read = decodePprof(encodePprof(builder.build()));
    expect(read.columns).toEqual(options.columns);
    expect(Object.entries(totals(read))).toEqual([[name, 3]]);
  });
});

test('any number of profiles can be merged', () => {
  const profile = profileWith('tid', { unit: 'id' });
  const merged = mergeProfiles(new Array<Profile>(150_000).fill(profile));
  expect(merged.value(0, 0)).toBe(1_500_000);
  expect(merged.labelUnits).toEqual({ tid: 'id' });
});
