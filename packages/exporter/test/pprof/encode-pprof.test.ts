import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { perftools } from '#generated/pprof.js';
import { decodePprof, encodePprof, encodePprofGzip } from '../../src/pprof/index.js';
import { ProfileBuilder } from '../../src/profile/index.js';
import { formatProfile } from '../profile/format-profile.js';
import { type Int64, int64FromBigInt } from './int64.js';
import { firstMinute } from './sample-profiles.js';

const WireProfile = perftools.profiles.Profile;

const COLUMN = { type: 'inuse_space', unit: 'bytes' };

const BOUNDARIES = [
  0n,
  1n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  1_700_000_000_123_456_789n,
  2n ** 63n - 1n,
];

describe('64-bit numbers', () => {
  test('the generated encoder loses a plain bigint, so none may reach it', () => {
    const wire = { timeNanos: 5n as unknown as number };
    const decoded = WireProfile.decode(WireProfile.encode(wire).finish());
    expect(bigIntFromInt64(decoded.timeNanos)).toBe(0n);
  });

  test.each(BOUNDARIES)('%d nanoseconds are exact', (nanos) => {
    const given = { columns: [COLUMN], timeNanos: nanos, durationNanos: nanos };
    const bytes = encodePprof(new ProfileBuilder(given).build());
    const wire = WireProfile.decode(bytes);
    expect(wire.timeNanos.toString()).toBe(nanos.toString());
    expect(wire.durationNanos.toString()).toBe(nanos.toString());
    expect(decodePprof(bytes)).toMatchObject({ timeNanos: nanos, durationNanos: nanos });
  });

  test.each([...BOUNDARIES, ...BOUNDARIES.map((value) => -value), -(2n ** 63n)])(
    '%d is restored',
    (value) => {
      expect(bigIntFromInt64(int64FromBigInt(value))).toBe(value);
    },
  );

  test.each([2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER, -1, -(2 ** 32), -Number.MAX_SAFE_INTEGER])(
    'a value of %d is exact',
    (value) => {
      const decoded = decodePprof(encodePprof(oneValue(value)));
      expect(decoded.value(0, 0)).toBe(value);
    },
  );

  test.each([2 ** 63, -(2 ** 64)])('a value of %d is rejected', (value) => {
    expect(() => encodePprof(oneValue(value))).toThrow(
      new RangeError(`value ${value} does not fit into 64 bits`),
    );
  });
});

describe('properties that viewers need', () => {
  const wire = WireProfile.decode(encodePprof(firstMinute(), { mainBinary: 'server.js' }));
  const text = (index: Int64 | null | undefined) => wire.stringTable[Number(index ?? 0)];

  test('the string table starts with the empty string', () => {
    expect(wire.stringTable[0]).toBe('');
    expect(new Set(wire.stringTable).size).toBe(wire.stringTable.length);
  });

  test('has columns, default column, period and comments', () => {
    expect(wire.sampleType.map(({ type, unit }) => `${text(type)}/${text(unit)}`)).toEqual([
      'alloc_objects/count',
      'alloc_space/bytes',
      'inuse_objects/count',
      'inuse_space/bytes',
    ]);
    expect(text(wire.defaultSampleType)).toBe('inuse_space');
    expect(`${Number(wire.period)} ${text(wire.periodType?.type)}/${text(wire.periodType?.unit)}`).toBe(
      '524288 space/bytes',
    );
    expect(wire.comment.map(text)).toEqual(['mode: binding', 'objects are an estimate']);
  });

  test('has one mapping for all, with known names, files and lines', () => {
    expect(wire.mapping).toHaveLength(1);
    const [mapping] = wire.mapping;
    expect(text(mapping?.filename)).toBe('server.js');
    expect(mapping).toMatchObject({ hasFunctions: true, hasFilenames: true, hasLineNumbers: true });
    expect(Number(mapping?.id)).toBe(1);
    expect(wire.location.every(({ mappingId }) => Number(mappingId) === 1)).toBe(true);
  });

  test('names the program node by default', () => {
    const { mapping, stringTable } = WireProfile.decode(encodePprof(firstMinute()));
    expect(stringTable[Number(mapping[0]?.filename)]).toBe('node');
  });

  test('keeps anonymous functions and equal names in different files separate', () => {
    const functions = wire.function.map(({ name, systemName, filename, startLine }) =>
      [text(name), text(systemName), text(filename), Number(startLine)].join(' | '),
    );
    expect(functions.sort()).toEqual([
      '(anonymous routes.js:12:5) | (anonymous) | /srv/app/routes.js | 12',
      '(anonymous routes.js:12:60) | (anonymous) | /srv/app/routes.js | 12',
      'load | load | /srv/app/load.js | 3',
      'load | load | /srv/app/node_modules/lib/load.js | 3',
      'main | main | /srv/app/server.js | 1',
    ]);
    const ids = wire.function.map(({ id }) => Number(id));
    expect(new Set(ids).size).toBe(5);
    expect(ids).not.toContain(0);
  });

  test('gives numeric labels a unit, so that 0 differs from an absent label', () => {
    const labels = wire.sample.flatMap(({ label }) => label ?? []);
    const tid = labels.find(({ key }) => text(key) === 'tid');
    expect([Number(tid?.num ?? 0), text(tid?.numUnit)]).toEqual([0, 'id']);
  });
});

test('repairs text that is not valid Unicode', () => {
  const builder = new ProfileBuilder({ columns: [COLUMN], timeNanos: 0n, durationNanos: 0n });
  builder.add(builder.stack(undefined, builder.frame('half \ud83d', 'a.js', 1)), [1]);
  const decoded = decodePprof(encodePprof(builder.build()));
  expect([...decoded.frames(decoded.stackOf(0))][0]?.functionName).toBe('half \ufffd');
});

test('encodes a profile of another copy of the package alike', () => {
  const profile = firstMinute();
  const foreign = new Proxy(profile, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  expect(Buffer.compare(encodePprof(foreign), encodePprof(profile))).toBe(0);
});

test('the gzipped form contains the same bytes', async () => {
  const profile = firstMinute();
  const zipped = await encodePprofGzip(profile, { mainBinary: 'server.js' });
  expect([...zipped.subarray(0, 2)]).toEqual([0x1f, 0x8b]);
  const plain = encodePprof(profile, { mainBinary: 'server.js' });
  expect(Buffer.compare(gunzipSync(zipped), plain)).toBe(0);
  expect(formatProfile(decodePprof(zipped))).toBe(formatProfile(profile));
});

function oneValue(value: number) {
  const builder = new ProfileBuilder({ columns: [COLUMN], timeNanos: 0n, durationNanos: 0n });
  builder.add(undefined, [value]);
  return builder.build();
}

/** Returns the exact value of a decoded int64. */
function bigIntFromInt64(value: Int64): bigint {
  if (typeof value === 'number') return BigInt(value);
  return (BigInt(value.high) << 32n) | BigInt(value.low >>> 0);
}
