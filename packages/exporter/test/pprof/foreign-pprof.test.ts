// Profiles that other programs write and heapray does not.

import protobuf from 'protobufjs/minimal.js';
import { describe, expect, test } from 'vitest';
import { perftools } from '#generated/pprof.js';
import { decodePprof, encodePprof } from '../../src/pprof/index.js';
import type { Profile } from '../../src/profile/index.js';
import { formatProfile } from '../profile/format-profile.js';
import { int64FromBigInt } from './int64.js';

type Wire = perftools.profiles.Profile.$Properties;

const STRINGS = [
  '',
  'cpu',
  'nanoseconds',
  'main',
  'inlined',
  'main.go',
  'request',
  'bytes',
  'a',
  'b',
  'wall',
  '/bin/main',
];
const at = (text: string) => STRINGS.indexOf(text);

const BASE: Wire = { sampleType: [{ type: at('cpu'), unit: at('nanoseconds') }], stringTable: STRINGS };

function decode(message: Wire): Profile {
  return decodePprof(perftools.profiles.Profile.encode({ ...BASE, ...message }).finish());
}

/** Returns the samples of the text dump. */
function samples(profile: Profile): string[] {
  return formatProfile(profile)
    .split('\n')
    .slice(
      formatProfile(profile)
        .split('\n')
        .findIndex((line) => line.startsWith('samples')) + 1,
      -1,
    );
}

const MAIN = { id: 1, name: at('main'), filename: at('main.go'), startLine: 10 };
const INLINED = {
  id: 2,
  name: at('inlined'),
  systemName: at('inlined'),
  filename: at('main.go'),
  startLine: 20,
};

describe('stacks', () => {
  test('a location with inlined lines becomes one frame per line', () => {
    const profile = decode({
      sample: [{ locationId: [1], value: [5] }],
      location: [
        {
          id: 1,
          line: [
            { functionId: 2, line: 21 },
            { functionId: 1, line: 12, column: 3 },
          ],
        },
      ],
      function: [MAIN, INLINED],
    });
    expect(samples(profile)).toEqual([
      '  5',
      '    inlined main.go:21:0 starts:20',
      '    main main.go:12:3 starts:10',
    ]);
  });

  test('a line takes precedence over the start of the function', () => {
    const profile = decode({
      sample: [
        { locationId: [1], value: [5] },
        { locationId: [2], value: [6] },
      ],
      location: [
        { id: 1, line: [{ functionId: 1, line: 12 }] },
        { id: 2, line: [{ functionId: 1 }] },
      ],
      function: [MAIN],
    });
    expect(samples(profile)).toEqual([
      '  6',
      '    main main.go:10:0',
      '  5',
      '    main main.go:12:0 starts:10',
    ]);
  });

  test('code without symbols is named by its address', () => {
    const profile = decode({
      sample: [{ locationId: [1, 2], value: [5] }],
      location: [
        { id: 1, address: 0x4f00 },
        { id: 2, address: int64FromBigInt(-1n) },
      ],
    });
    expect(samples(profile)).toEqual(['  5', '    0x4f00 "":0:0', '    0xffffffffffffffff "":0:0']);
  });

  test('code without symbols in a loaded file is named by its address in the file', () => {
    const profile = decode({
      sample: [{ locationId: [1, 2, 3], value: [5] }],
      mapping: [
        { id: 1, memoryStart: 0x4000, memoryLimit: 0x5000, fileOffset: 0x100, filename: at('/bin/main') },
        { id: 2, memoryStart: 0x4000, memoryLimit: 0x5000 },
      ],
      location: [
        { id: 1, address: 0x4f00, mappingId: 1 },
        { id: 2, address: 0x5000, mappingId: 1 },
        { id: 3, address: 0x4f00, mappingId: 2 },
      ],
    });
    expect(samples(profile)).toEqual([
      '  5',
      '    "0x1000 main" "":0:0',
      '    0x5000 "":0:0',
      '    0x4f00 "":0:0',
    ]);
    const [inFile, outside] = [...profile.frames(profile.stackOf(0))];
    const mapping = { path: '/bin/main', start: 0x4000, limit: 0x5000, fileOffset: 0x100 };
    expect(inFile?.native).toEqual({ address: 0x4f00, mapping });
    expect(outside?.native).toEqual({ address: 0x5000, mapping: undefined });
  });

  test('a mapping of all addresses has addresses of the file itself', () => {
    const profile = decode({
      sample: [{ locationId: [1, 2], value: [5] }],
      mapping: [
        { id: 1, memoryLimit: int64FromBigInt(-1n), filename: at('/bin/main') },
        { id: 2, memoryStart: 1, memoryLimit: int64FromBigInt(-1n), filename: at('/bin/main') },
      ],
      location: [
        { id: 1, address: 0x4f00, mappingId: 1 },
        { id: 2, address: 0x4f00, mappingId: 2 },
      ],
    });
    const [known, unknown] = [...profile.frames(profile.stackOf(0))];
    const mapping = { path: '/bin/main', start: 0, limit: Number.POSITIVE_INFINITY };
    expect(known).toMatchObject({ functionName: '0x4f00 main', native: { address: 0x4f00, mapping } });
    expect(unknown?.native).toEqual({ address: 0x4f00, mapping: undefined });
    const [again] = [...decodePprof(encodePprof(profile)).frames(profile.stackOf(0))];
    expect(again).toEqual(known);
  });

  test('the file of the first mapping is the program', () => {
    const profile = decode({
      mapping: [
        { id: 7, filename: at('/bin/main') },
        { id: 1, filename: at('main') },
      ],
    });
    expect(profile.program).toBe('/bin/main');
    expect(decodePprof(encodePprof(profile)).program).toBe('/bin/main');
    expect(decode({}).program).toBeUndefined();
  });

  test('a function with only a system name is named by it', () => {
    const profile = decode({
      sample: [{ locationId: [1], value: [5] }],
      location: [{ id: 1, line: [{ functionId: 1 }] }],
      function: [{ id: 1, systemName: at('main') }],
    });
    expect(samples(profile)).toEqual(['  5', '    main "":0:0']);
  });

  test('IDs may be large and sparse', () => {
    const location = int64FromBigInt(-2n);
    const fn = int64FromBigInt(2n ** 60n + 1n);
    const other = int64FromBigInt(2n ** 60n);
    const profile = decode({
      sample: [{ locationId: [location], value: [5] }],
      location: [{ id: location, line: [{ functionId: fn, line: 1 }] }],
      function: [
        { ...INLINED, id: other },
        { ...MAIN, id: fn },
      ],
    });
    expect(samples(profile)).toEqual(['  5', '    main main.go:1:0 starts:10']);
  });

  test('invalid line numbers are unknown', () => {
    const profile = decode({
      sample: [{ locationId: [1], value: [5] }],
      location: [{ id: 1, line: [{ functionId: 1, line: 2 ** 40, column: -4 }] }],
      function: [{ ...MAIN, startLine: -1 }],
    });
    expect(samples(profile)).toEqual(['  5', '    main main.go:0:0']);
  });
});

describe('labels', () => {
  function labelsOf(...label: perftools.profiles.Label.$Properties[]): Profile {
    return decode({ sample: [{ value: [1], label }] });
  }

  test('several values of a key become one text', () => {
    const key = at('request');
    expect(labelsOf({ key, str: at('a') }, { key, str: at('b') }).labelsOf(0)).toEqual({ request: 'a,b' });
    expect(labelsOf({ key, num: 3 }, { key, num: 4 }).labelsOf(0)).toEqual({ request: '3,4' });
  });

  test('a unit is kept unless it repeats the key', () => {
    const profile = labelsOf(
      { key: at('request'), num: 3, numUnit: at('bytes') },
      { key: at('bytes'), num: 4, numUnit: at('bytes') },
    );
    expect(profile.labelsOf(0)).toEqual({ request: 3, bytes: 4 });
    expect(profile.labelUnits).toEqual({ request: 'bytes' });
  });

  test('a zero counts only with a unit, and a label only with a key', () => {
    expect(labelsOf({ key: at('request') }, { str: at('a') }).labelsOf(0)).toEqual({});
    expect(labelsOf({ key: at('request'), numUnit: at('bytes') }).labelsOf(0)).toEqual({ request: 0 });
  });

  test('a number beyond 2^53 becomes text', () => {
    const num = int64FromBigInt(2n ** 60n);
    expect(labelsOf({ key: at('request'), num }).labelsOf(0)).toEqual({ request: `${2 ** 60}` });
  });
});

describe('other fields', () => {
  test('parts may come in any order, and repeated fields may be unpacked', () => {
    const writer = protobuf.Writer.create();
    perftools.profiles.Profile.encode({ stringTable: STRINGS }, writer);
    // A sample whose location IDs and values are separate varints: fields 1 and 2.
    writer.uint32((2 << 3) | 2).fork();
    for (const id of [1, 1]) writer.uint32(1 << 3).int64(id);
    for (const value of [5]) writer.uint32(2 << 3).int64(value);
    writer.ldelim();
    const { sampleType } = BASE;
    perftools.profiles.Profile.encode(
      {
        function: [MAIN],
        location: [{ id: 1, line: [{ functionId: 1, line: 2 }] }],
        sampleType: sampleType ?? [],
      },
      writer,
    );
    expect(samples(decodePprof(writer.finish()))).toEqual([
      '  5',
      '    main main.go:2:0 starts:10',
      '    main main.go:2:0 starts:10',
    ]);
  });

  test('unknown fields are skipped', () => {
    const writer = protobuf.Writer.create();
    perftools.profiles.Profile.encode({ ...BASE, sample: [{ value: [5] }] }, writer);
    for (let times = 0; times < 2; times++) writer.uint32(99 << 3).int64(1);
    writer.uint32((98 << 3) | 2).string('later');
    expect(samples(decodePprof(writer.finish()))).toEqual(['  5']);
  });

  test('times before 1970, an invalid period and an unknown default are unknown', () => {
    const profile = decode({
      timeNanos: int64FromBigInt(-1n),
      durationNanos: int64FromBigInt(-1n),
      periodType: { type: at('cpu'), unit: at('nanoseconds') },
      period: -1,
      defaultSampleType: at('wall'),
    });
    expect(profile).toMatchObject({ timeNanos: 0n, durationNanos: 0n, defaultColumn: undefined });
    expect(profile.period).toEqual({ type: 'cpu', unit: 'nanoseconds', value: 0 });
  });

  test('a value beyond 2^53 becomes the nearest double', () => {
    const profile = decode({ sample: [{ value: [int64FromBigInt(2n ** 62n + 1n)] }] });
    expect(profile.value(0, 0)).toBe(2 ** 62);
  });
});
