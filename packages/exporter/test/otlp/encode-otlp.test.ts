import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeOtlpProfiles, encodeOtlpProfilesJson } from '../../src/otlp/index.js';
import { type Profile, ProfileBuilder } from '../../src/profile/index.js';
import { firstMinute, secondMinute } from '../pprof/sample-profiles.js';
import { heapBuilder, heapProfiles } from '../profile/arbitrary-profile.js';
import { conformanceProblems } from './conformance.js';
import { manyKinds, oddNames } from './sample-profiles.js';
import { type WireKeyValue, type WireRequest, wireRequest, wireRequestOfJson } from './schema.js';

const RESOURCE = {
  'service.name': 'shop',
  'process.pid': 17,
  'half.load': 0.5,
  'is.test': true,
  'process.command_args': ['node', '', 'a.js'],
};

describe('a request conforms to OTLP', () => {
  test.each<[string, readonly Profile[]]>([
    ['for a profile', [firstMinute()]],
    ['for labels and frames of all kinds', [manyKinds()]],
    ['for odd names', [oddNames()]],
    ['for profiles that share stacks', [firstMinute(), secondMinute(), firstMinute(), manyKinds()]],
    ['for a profile without samples', [heapBuilder().build()]],
    ['for no profiles', []],
  ])('%s', (_, profiles) => {
    expect(conformanceProblems(wireRequest(encodeOtlpProfiles(profiles)))).toEqual([]);
  });

  test('for any profile', () => {
    fc.assert(
      fc.property(heapProfiles, heapProfiles, (one, other) => {
        expect(conformanceProblems(wireRequest(encodeOtlpProfiles([one])))).toEqual([]);
        expect(conformanceProblems(wireRequest(encodeOtlpProfiles([one, other])))).toEqual([]);
      }),
    );
  });

  test('where repairing text makes names equal', () => {
    const builder = heapBuilder();
    for (const half of ['\ud83d', '\ud83e', '\ufffd'])
      builder.add(builder.stack(undefined, builder.frame(half, 'a.js', 1)), [1, 1, 1, 1]);
    const request = wireRequest(encodeOtlpProfiles([builder.build()]));
    expect(conformanceProblems(request)).toEqual([]);
    expect(profilesOf(request)[0]?.samples.map(({ values }) => values)).toEqual([['3']]);
  });
});

describe('JSON', () => {
  test.each<[string, readonly Profile[]]>([
    ['of a profile', [firstMinute()]],
    ['of labels and frames of all kinds', [manyKinds()]],
    ['of odd names', [oddNames()]],
    ['of two profiles', [firstMinute(), secondMinute()]],
    ['of no samples', [heapBuilder().build()]],
  ])('%s has the content of the protocol buffers', (_, profiles) => {
    const options = { resource: RESOURCE, scope: { name: 'test', version: '1' } };
    const json = wireRequestOfJson(encodeOtlpProfilesJson(profiles, options));
    expect(json).toEqual(wireRequest(encodeOtlpProfiles(profiles, options)));
  });

  test('has names in camel case, and 64-bit integers as texts', () => {
    const json = JSON.parse(Buffer.from(encodeOtlpProfilesJson([manyKinds()])).toString()) as WireRequest;
    const [profile] = profilesOf(json);
    expect(profile).toMatchObject({
      timeUnixNano: '1699999940000000000',
      durationNano: '60000000000',
      period: '524288',
      samples: expect.arrayContaining([expect.objectContaining({ values: ['1099511627776'] })]),
    });
    expect(json.dictionary?.mappingTable).toContainEqual(
      expect.objectContaining({ memoryLimit: '18446744073709551615' }),
    );
  });
});

describe('content', () => {
  const request = wireRequest(
    encodeOtlpProfiles([manyKinds()], { resource: RESOURCE, scope: { name: 'heapray', version: '1.2.3' } }),
  );
  const { dictionary, resourceProfiles } = request;
  const text = (index: number) => dictionary?.stringTable[index];
  const attribute = (index: number) => {
    const { keyStrindex, value, unitStrindex } = dictionary!.attributeTable[index]!;
    return [
      text(keyStrindex),
      value?.stringValue ?? value?.intValue ?? value?.arrayValue,
      text(unitStrindex),
    ];
  };

  test('has resource and scope', () => {
    expect(withoutIndices(resourceProfiles[0]?.resource?.attributes)).toEqual([
      { key: 'service.name', value: { stringValue: 'shop' } },
      { key: 'process.pid', value: { intValue: '17' } },
      { key: 'half.load', value: { doubleValue: 0.5 } },
      { key: 'is.test', value: { boolValue: true } },
      {
        key: 'process.command_args',
        value: {
          arrayValue: { values: [{ stringValue: 'node' }, { stringValue: '' }, { stringValue: 'a.js' }] },
        },
      },
    ]);
    const scopes = resourceProfiles[0]?.scopeProfiles.map(({ scope }) => scope) ?? [];
    expect(scopes).toMatchObject([{ name: 'heapray', version: '1.2.3' }]);
    expect(withoutIndices(scopes[0]?.attributes)).toEqual([
      { key: 'pprof.scope.default_sample_type', value: { stringValue: 'inuse_space' } },
    ]);
  });

  test('has a profile for each column, with the samples that are not 0 in it', () => {
    const profiles = profilesOf(request);
    expect(
      profiles.map(({ sampleType }) => [text(sampleType!.typeStrindex), text(sampleType!.unitStrindex)]),
    ).toEqual([
      ['alloc_space', 'bytes'],
      ['inuse_space', 'bytes'],
    ]);
    expect(profiles.map(({ samples }) => samples.map(({ values: [value] }) => value))).toEqual([
      ['1', '1099511627776', '3', '-1'],
      ['-5', '4', '2', '65536'],
    ]);
    expect(profiles.map(({ periodType, period }) => [text(periodType!.typeStrindex), period])).toEqual([
      ['space', '524288'],
      ['space', '524288'],
    ]);
  });

  test('has the time at which the covered time begins', () => {
    const [profile] = profilesOf(request);
    expect(profile).toMatchObject({ timeUnixNano: '1699999940000000000', durationNano: '60000000000' });
  });

  test('has attributes by the semantic conventions', () => {
    const [allocated] = profilesOf(request);
    expect(allocated?.attributeIndices.map(attribute)).toEqual([
      ['pprof.profile.comment', { values: [{ stringValue: 'one' }, { stringValue: 'two' }] }, ''],
      ['process.executable.path', '/usr/bin/node', ''],
    ]);
    expect(allocated?.samples.map(({ attributeIndices }) => attributeIndices.map(attribute))).toEqual([
      [
        ['error', '17', 'bytes'],
        ['package', 'app', ''],
        ['thread.name', 'worker 1', ''],
        ['thread.id', '3', ''],
      ],
      [
        ['error', '0', 'bytes'],
        ['kind', 'native', ''],
        ['thread.name', 'main', ''],
      ],
      [['tid', '99', '']],
      [],
    ]);
  });

  test('has the kind of frame, mapping, line, column and first line', () => {
    const locations = dictionary!.locationTable.slice(1).map((location) => {
      const { mappingIndex, address, lines, attributeIndices } = location;
      const [line] = lines;
      const fn = line && dictionary!.functionTable[line.functionIndex];
      return [
        attributeIndices.map((index) => attribute(index)[1]).join(),
        fn && `${text(fn.nameStrindex)}|${text(fn.systemNameStrindex)}|${text(fn.filenameStrindex)}`,
        line && `${line.line}:${line.column} starts ${fn?.startLine}`,
        text(dictionary!.mappingTable[mappingIndex]!.filenameStrindex),
        Number(address),
      ];
    });
    expect(locations).toEqual([
      ['v8js', 'main||/srv/app/main.js', '7:3 starts 5', '', 0],
      ['v8js', '(anonymous main.js:12:5)|(anonymous)|/srv/app/main.js', '12:5 starts 12', '', 0],
      ['v8js', 'split||', '0:0 starts 0', '', 0],
      ['native', 'malloc (libc.so.6)||', '0:0 starts 0', '/lib/libc.so.6', 0x7f00_0000_1234],
      ['native', undefined, undefined, '/srv/addon.node', 0x99],
      ['cpython', 'load||/srv/app/load.py', '30:0 starts 28', '', 0],
      ['', '(GC)||', '0:0 starts 0', '', 0],
    ]);
  });
});

test('keeps odd names, with lone surrogates replaced', () => {
  const names = wireRequest(encodeOtlpProfiles([oddNames()])).dictionary?.stringTable ?? [];
  const builder = oddNames();
  for (let ref = 0; ref < builder.frameCount; ref++) {
    const { functionName } = [...builder.frames(builder.stackOf(ref))][0]!;
    expect(names).toContain(functionName.toWellFormed());
  }
});

test.each([2 ** 63, -(2 ** 64)])('rejects a value of %d', (value) => {
  const builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  builder.add(undefined, [value]);
  const error = new RangeError(`value ${value} does not fit into 64 bits`);
  expect(() => encodeOtlpProfiles([builder.build()])).toThrow(error);
  expect(() => encodeOtlpProfilesJson([builder.build()])).toThrow(error);
});

function withoutIndices(attributes: readonly WireKeyValue[] = []): unknown[] {
  return attributes.map(({ key, value }) => ({ key, value }));
}

function profilesOf({ resourceProfiles }: WireRequest) {
  return resourceProfiles.flatMap(({ scopeProfiles }) => scopeProfiles.flatMap(({ profiles }) => profiles));
}
