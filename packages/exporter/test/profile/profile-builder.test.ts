import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type FrameHandle,
  type LabelsHandle,
  mergeProfiles,
  ProfileBuilder,
  type ProfileOptions,
  type StackHandle,
  totals,
} from '../../src/profile/index.js';
import {
  addSamples,
  addStack,
  heapBuilder,
  heapProfiles,
  samplesOf,
  wholeNumbers,
} from './arbitrary-profile.js';
import { checkProfile } from './check-profile.js';
import { formatProfile } from './format-profile.js';

const BYTES: ProfileOptions = {
  columns: [{ type: 'inuse_space', unit: 'bytes' }],
  timeNanos: 0n,
  durationNanos: 0n,
};

describe('native frames', () => {
  const libc = { path: '/lib/libc.so.6', start: 0x7f00_0000_0000, limit: 0x7f00_0020_0000 };
  const place = { address: 0x7f00_0000_1234, mapping: libc };

  test('are equal only at the same place, and are copied with it', () => {
    const builder = new ProfileBuilder(BYTES);
    const frame = builder.nativeFrame('malloc', place);
    expect(builder.nativeFrame('malloc', { ...place, mapping: { ...libc } })).toBe(frame);
    const others = [
      builder.frame('malloc', '', 0),
      builder.nativeFrame('malloc', { ...place, address: place.address + 1 }),
      builder.nativeFrame('malloc', { ...place, mapping: undefined }),
      builder.nativeFrame('malloc', { ...place, mapping: { ...libc, path: '/lib/musl' } }),
      builder.nativeFrame('free', place),
    ];
    for (const other of [frame, ...others]) builder.add(builder.stack(undefined, other), [8]);
    const profile = builder.build();
    checkProfile(profile);
    expect(profile.sampleCount).toBe(6);
    expect([...profile.frames(profile.stackOf(0))]).toEqual([
      { functionName: 'malloc', file: '', line: 0, column: 0, native: place },
    ]);
    const merged = mergeProfiles([profile, profile]);
    expect([...merged.frames(merged.stackOf(0))]).toEqual([...profile.frames(profile.stackOf(0))]);
    expect([merged.sampleCount, merged.frameCount]).toEqual([6, 6]);
  });

  test('at the same place in a file are equal wherever it was loaded', () => {
    const builder = new ProfileBuilder(BYTES);
    const frame = builder.nativeFrame('malloc', place);
    const shift = 0x1234_5000;
    const elsewhere = { ...libc, start: libc.start + shift, limit: libc.limit + shift };
    expect(builder.nativeFrame('malloc', { address: place.address + shift, mapping: elsewhere })).toBe(frame);
    const part = { ...libc, start: libc.start + 0x1000, fileOffset: 0x1000 };
    expect(builder.nativeFrame('malloc', { ...place, mapping: part })).toBe(frame);
    expect(builder.nativeFrame('malloc', { ...place, mapping: elsewhere })).not.toBe(frame);
  });

  test('of a file loaded at an unknown place have addresses of the file', () => {
    const builder = new ProfileBuilder(BYTES);
    const mapping = { path: libc.path, start: 0, limit: Number.POSITIVE_INFINITY };
    const frame = builder.nativeFrame('malloc', { address: 0x1234, mapping });
    expect(builder.nativeFrame('malloc', { address: 0x1234, mapping: { ...mapping } })).toBe(frame);
    for (const part of [{ start: 0x1000 }, { fileOffset: 0x1000 }]) {
      const place = { address: 0x1234, mapping: { ...mapping, ...part } };
      expect(() => builder.nativeFrame('malloc', place)).toThrow('a mapping without a limit begins at 0');
    }
  });

  test.each([-1, 0.5, 2 ** 53, Number.NaN])('cannot have the address %d', (address) => {
    const builder = new ProfileBuilder(BYTES);
    expect(() => builder.nativeFrame('f', { address, mapping: undefined })).toThrow('an address must be');
    const mapping = { ...libc, limit: address };
    expect(() => builder.nativeFrame('f', { address: 1, mapping })).toThrow('an address must be');
    builder.nativeFrame('f', place);
    expect(() => builder.nativeFrame('f', { ...place, mapping })).toThrow('an address must be');
  });
});

describe('interning', () => {
  test('equal parts give equal handles, and different parts different ones', () => {
    const builder = new ProfileBuilder(BYTES);
    const frame = builder.frame('load', 'a.js', 3, 1);
    expect(builder.frame('load', 'a.js', 3, 1)).toBe(frame);
    const others = [
      builder.frame('load', 'b.js', 3, 1),
      builder.frame('load', 'a.js', 4, 1),
      builder.frame('load', 'a.js', 3, 2),
      builder.frame('save', 'a.js', 3, 1),
    ];
    expect(new Set([frame, ...others]).size).toBe(5);

    const root = builder.stack(undefined, frame);
    expect(builder.stack(undefined, frame)).toBe(root);
    expect(builder.stack(root, frame)).not.toBe(root);
    expect(builder.labels({ a: 'x', b: 1 })).toBe(builder.labels({ b: 1, a: 'x' }));
    expect(builder.labels({ a: '1' })).not.toBe(builder.labels({ a: 1 }));
  });

  test('both spellings of a missing name are the same function', () => {
    const builder = new ProfileBuilder(BYTES);
    expect(builder.frame('(anonymous)', 'a.js', 3)).toBe(builder.frame('', 'a.js', 3));
  });

  test('an empty label is omitted', () => {
    const builder = new ProfileBuilder(BYTES);
    expect(builder.labels({ package: '' })).toBe(builder.labels({}));
    builder.add(undefined, [1], builder.labels({ package: '' }));
    builder.add(undefined, [1]);
    expect(builder.build().sampleCount).toBe(1);
  });

  test('keys that objects treat specially are ordinary labels', () => {
    const builder = new ProfileBuilder(BYTES);
    const labels = JSON.parse('{"__proto__": "x", "constructor": "y"}');
    builder.add(undefined, [1], builder.labels(labels));
    expect(Object.entries(builder.build().labelsOf(0))).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  test('sums samples by stack and labels, as a map with text keys would', () => {
    fc.assert(
      fc.property(samplesOf(wholeNumbers, 4), (samples) => {
        const expected = new Map<string, number>();
        for (const { stack, labels, values } of samples) {
          const kept = Object.entries(labels).filter(([, value]) => value !== '');
          const key = JSON.stringify([stack.map(Object.values), kept.sort()]);
          expected.set(key, (expected.get(key) ?? 0) + values[1]!);
        }
        const profile = addSamples(heapBuilder(), samples).build();
        checkProfile(profile);
        const found = new Map<string, number>();
        for (let sample = 0; sample < profile.sampleCount; sample++) {
          const stack = Array.from(profile.frames(profile.stackOf(sample)), Object.values).reverse();
          const key = JSON.stringify([stack, Object.entries(profile.labelsOf(sample)).sort()]);
          found.set(key, profile.value(sample, 1));
        }
        for (const [key, value] of expected) expect(found.get(key) ?? 0).toBe(value);
        expect(found.size).toBeLessThanOrEqual(expected.size);
      }),
    );
  });
});

describe('build', () => {
  test('omits zero samples, and the stacks, frames and labels that only they used', () => {
    const builder = heapBuilder();
    const main = { name: 'main', file: 'a.js', line: 1, column: 1 };
    const gone = { name: 'gone', file: 'b.js', line: 1, column: 1 };
    addSamples(builder, [
      { stack: [main, gone], values: [1, 2, 3, 4], labels: { thread: '7' } },
      { stack: [main], values: [0, 0, 0, 1], labels: {} },
      { stack: [main, gone], values: [-1, -2, -3, -4], labels: { thread: '7' } },
    ]);
    const profile = builder.build();
    expect([profile.sampleCount, profile.stackCount, profile.frameCount]).toEqual([1, 1, 1]);
    expect(profile.frame(profile.stackFrame(profile.stackOf(0)!)).functionName).toBe('main');
  });

  test('gives a profile that later samples do not change', () => {
    const builder = heapBuilder();
    const stack = addStack(builder, [{ name: 'main', file: 'a.js', line: 1, column: 1 }]);
    builder.add(stack, [1, 1, 1, 1]);
    const first = builder.build();
    const text = formatProfile(first);
    builder.add(stack, [1, 1, 1, 1]);
    builder.comment('later');
    expect(formatProfile(first)).toBe(text);
    expect(totals(builder.build()).alloc_space).toBe(2);
  });

  test('gives a frozen profile', () => {
    fc.assert(
      fc.property(heapProfiles, (profile) => {
        for (const part of [profile, profile.columns, profile.columns[0], profile.period, profile.comments]) {
          expect(Object.isFrozen(part)).toBe(true);
        }
        for (let sample = 0; sample < profile.sampleCount; sample++) {
          expect(Object.isFrozen(profile.labelsOf(sample))).toBe(true);
          for (const frame of profile.frames(profile.stackOf(sample)))
            expect(Object.isFrozen(frame)).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('keeps each comment once, in order', () => {
    const builder = new ProfileBuilder({ ...BYTES, comments: ['b', 'a'] });
    builder.comment('c');
    builder.comment('a');
    expect(builder.build().comments).toEqual(['b', 'a', 'c']);
  });

  test('keeps the units of numeric labels that occur, unless they repeat the key', () => {
    const labelUnits = { age: 'seconds', tid: 'tid', size: '', thread: 'number', unused: 'bytes' };
    const builder = new ProfileBuilder({ ...BYTES, labelUnits });
    builder.add(undefined, [1], builder.labels({ age: 3, tid: 1, size: 8, thread: 'main' }));
    expect(builder.build().labelUnits).toEqual({ age: 'seconds' });
  });

  test('iterates a stack leaf first', () => {
    const builder = new ProfileBuilder(BYTES);
    const root = builder.stack(undefined, builder.frame('root', 'a.js', 1));
    builder.add(builder.stack(root, builder.frame('leaf', 'a.js', 2)), [1]);
    const profile = builder.build();
    const names = Array.from(profile.frames(profile.stackOf(0)), (frame) => frame.functionName);
    expect(names).toEqual(['leaf', 'root']);
    expect([...profile.frames(undefined)]).toEqual([]);
  });
});

describe('rejects misuse', () => {
  const withColumns = (...types: string[]) => ({
    ...BYTES,
    columns: types.map((type) => ({ type, unit: 'x' })),
  });

  test.each<[string, ProfileOptions, string]>([
    ['no columns', withColumns(), 'a profile needs at least one value column'],
    ['a column without type', withColumns(''), 'a value column needs a type'],
    ['a column twice', withColumns('a', 'b', 'a'), 'value column a is given twice'],
    [
      'an unknown default',
      { ...withColumns('a', 'b'), defaultColumn: 'c' },
      'default column c is not one of a, b',
    ],
    ['a negative time', { ...BYTES, timeNanos: -1n }, 'timeNanos must be from 0 to 2^63 - 1, not -1'],
    [
      'a time beyond int64',
      { ...BYTES, durationNanos: 2n ** 63n },
      'durationNanos must be from 0 to 2^63 - 1, not 9223372036854775808',
    ],
    [
      'a fractional period',
      { ...BYTES, period: { type: 'space', unit: 'bytes', value: 0.5 } },
      'period must be a whole number from 0, not 0.5',
    ],
  ])('%s', (_, options, message) => {
    expect(() => new ProfileBuilder(options)).toThrow(new RangeError(message));
  });

  const builder = new ProfileBuilder(BYTES);
  const stack = builder.stack(undefined, builder.frame('main', 'a.js', 1));

  test.each<[string, () => unknown, string]>([
    ['too few values', () => builder.add(stack, []), '0 values for 1 columns'],
    ['not a number', () => builder.add(stack, [Number.NaN]), 'value NaN is not finite'],
    ['infinity', () => builder.add(stack, Float64Array.of(Infinity)), 'value Infinity is not finite'],
    [
      'an unknown stack',
      () => builder.add(99 as StackHandle, [1]),
      'stack handle 99 was not made by this builder',
    ],
    [
      'an unknown caller',
      () => builder.stack(1 as StackHandle, 0 as FrameHandle),
      'stack handle 1 was not made by this builder',
    ],
    [
      'an unknown frame',
      () => builder.stack(stack, -1 as FrameHandle),
      'frame handle -1 was not made by this builder',
    ],
    [
      'unknown labels',
      () => builder.add(stack, [1], 5 as LabelsHandle),
      'labels handle 5 was not made by this builder',
    ],
    [
      'a line before the first',
      () => builder.frame('f', 'a.js', -1),
      'frame line must be a whole number from 0 to 2147483647, not -1',
    ],
    [
      'a fractional column',
      () => builder.frame('f', 'a.js', 1, 0.5),
      'frame column must be a whole number from 0 to 2147483647, not 0.5',
    ],
    ['a label without key', () => builder.labels({ '': 'x' }), 'a label key must not be empty'],
    [
      'a fractional label',
      () => builder.labels({ age: 0.5 }),
      'label age must be a string or a safe integer, not 0.5',
    ],
  ])('%s', (_, misuse, message) => {
    expect(misuse).toThrow(new RangeError(message));
  });

  test('rejects numbers without an entry in the profile', () => {
    builder.add(stack, [1]);
    const profile = builder.build();
    expect(() => profile.value(0, 1)).toThrow(new RangeError('this profile has no column number 1'));
    expect(() => profile.value(1, 0)).toThrow(new RangeError('this profile has no sample number 1'));
    expect(() => profile.stackOf(-1)).toThrow(new RangeError('this profile has no sample number -1'));
  });
});
