// Reads OTLP profiles. One file of over 400 lines: all tests share the requests below, whole or damaged.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeExportResponse,
  decodeOtlpProfiles,
  encodeOtlpProfiles,
  encodeOtlpProfilesJson,
  FormatError,
  type OtlpLimits,
} from '../../src/otlp/index.js';
import { firstMinute } from '../pprof/sample-profiles.js';
import { heapProfiles } from '../profile/arbitrary-profile.js';
import { checkProfile } from '../profile/check-profile.js';
import { formatProfile } from '../profile/format-profile.js';
import { manyKinds } from './sample-profiles.js';
import { requestBytes, responseBytes } from './schema.js';

const good = encodeOtlpProfiles([manyKinds()]);

/** Returns the error of a failed decode. Fails when there is none. */
function failure(bytes: Uint8Array, limits?: OtlpLimits): FormatError {
  try {
    decodeOtlpProfiles(bytes, limits);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return error as FormatError;
  }
  throw new Error('the input was accepted');
}

const STRINGS = ['', 'cpu', 'nanoseconds', 'main', 'inlined', 'main.go', 'key', 'By', '/bin/main'];
const at = (text: string) => STRINGS.indexOf(text);
const CPU = { typeStrindex: at('cpu'), unitStrindex: at('nanoseconds') };

/** Returns a request with one profile, and these tables after the zero values. */
function wire(profile: object, tables: Readonly<Record<string, readonly object[]>> = {}): Uint8Array {
  const withZero = Object.entries(tables).map(([name, entries]) => [name, [{}, ...entries]]);
  return requestBytes({
    resourceProfiles: [{ scopeProfiles: [{ profiles: [{ sampleType: CPU, ...profile }] }] }],
    dictionary: { stringTable: STRINGS, ...Object.fromEntries(withZero) },
  });
}

function samples(bytes: Uint8Array): string[] {
  const [profile] = decodeOtlpProfiles(bytes);
  return formatProfile(profile!)
    .split(/^samples: \d+\n/m)[1]!
    .trimEnd()
    .split('\n');
}

describe('requests of other writers', () => {
  const functions = [
    { nameStrindex: at('main'), filenameStrindex: at('main.go'), startLine: 10 },
    { nameStrindex: at('inlined'), systemNameStrindex: at('inlined'), filenameStrindex: at('main.go') },
  ];

  test('have several frames where functions were inlined', () => {
    const bytes = wire(
      { samples: [{ stackIndex: 1, values: [5] }] },
      {
        stackTable: [{ locationIndices: [1] }],
        locationTable: [
          {
            lines: [
              { functionIndex: 2, line: 21 },
              { functionIndex: 1, line: 12, column: 3 },
            ],
          },
        ],
        functionTable: functions,
      },
    );
    expect(samples(bytes)).toEqual([
      '  5',
      '    inlined main.go:21:0 starts:0',
      '    main main.go:12:3 starts:10',
    ]);
  });

  test('have code without symbols, which is named by its address in its file', () => {
    const bytes = wire(
      { samples: [{ stackIndex: 1, values: [5] }] },
      {
        stackTable: [{ locationIndices: [1, 2] }],
        locationTable: [{ mappingIndex: 1, address: 0x4f00 }, { address: 0x77 }],
        mappingTable: [
          { memoryStart: 0x4000, memoryLimit: 0x5000, fileOffset: 0x100, filenameStrindex: at('/bin/main') },
        ],
      },
    );
    expect(samples(bytes)).toEqual(['  5', '    "0x1000 main" "":0:0', '    0x77 "":0:0']);
  });

  test('have samples with timestamps, which are summed', () => {
    const bytes = wire({
      samples: [{ values: [5, 7], timestampsUnixNano: [1, 2] }, { timestampsUnixNano: [1, 2, 3] }],
    });
    expect(samples(bytes)).toEqual(['  15']);
  });

  test('have attributes of all types', () => {
    const values = [
      { stringValue: 'text' },
      { boolValue: true },
      { intValue: '9007199254740993' },
      { doubleValue: 2 },
      { doubleValue: 0.5 },
      { arrayValue: { values: [{ intValue: 1 }, { stringValue: 'b' }] } },
      {
        kvlistValue: {
          values: [
            { key: 'a', value: { intValue: 1 } },
            { keyStrindex: at('key'), value: {} },
          ],
        },
      },
      { bytesValue: Buffer.from('bytes') },
      { stringValueStrindex: at('main') },
    ];
    const bytes = wire(
      { samples: values.map((_, index) => ({ attributeIndices: [index + 1], values: [index + 1] })) },
      { attributeTable: values.map((value) => ({ keyStrindex: at('key'), value, unitStrindex: at('By') })) },
    );
    expect(new Set(samples(bytes))).toEqual(
      new Set([
        '  1 {key=text}',
        '  2 {key=true}',
        '  3 {key="9007199254740993"}',
        '  4 {key=2}',
        '  5 {key="0.5"}',
        '  6 {key="1,b"}',
        '  7 {key="a=1,key="}',
        '  8 {key="Ynl0ZXM="}',
        '  9 {key=main}',
      ]),
    );
    expect(decodeOtlpProfiles(bytes)[0]?.labelUnits).toEqual({ key: 'By' });
  });

  test('have profiles of other times or of the same type, which stay separate', () => {
    const profile = { sampleType: CPU, samples: [{ values: [1] }] };
    const other = { sampleType: { typeStrindex: at('main') }, samples: [{ values: [2] }] };
    const bytes = requestBytes({
      resourceProfiles: [
        {
          resource: { attributes: [{ key: 'process.executable.name', value: { stringValue: 'app' } }] },
          scopeProfiles: [
            { profiles: [profile, other, profile, { ...other, timeUnixNano: 5 }] },
            { profiles: [other] },
          ],
        },
      ],
      dictionary: { stringTable: STRINGS },
    });
    const decoded = decodeOtlpProfiles(bytes);
    expect(decoded.map(({ columns }) => columns.map(({ type }) => type))).toEqual([
      ['cpu', 'main'],
      ['cpu'],
      ['main'],
      ['main'],
    ]);
    expect(decoded[0]).toMatchObject({ sampleCount: 1, program: 'app' });
  });
});

describe('each kind of invalid input has its own message', () => {
  test.each<[string, Uint8Array, RegExp]>([
    ['empty', new Uint8Array(), /^otlp: the input is empty$/],
    ['cut off', good.subarray(0, 100), /^otlp: cut off or damaged at byte \d+$/],
    [
      'another kind of file',
      Buffer.from('memray'),
      /^otlp: (?:cut off or damaged|invalid wire type \d) at byte \d+$/,
    ],
    [
      'two files',
      Buffer.concat([good, good]),
      /^otlp: a second dictionary begins here; several files were concatenated at byte \d+$/,
    ],
    [
      'a string out of range',
      wire({ sampleType: { typeStrindex: 99 } }),
      /^otlp: string 99 is used, but there are 9 at byte \d+$/,
    ],
    [
      'a negative string',
      wire({ sampleType: { typeStrindex: -1 } }),
      /^otlp: string -1 is used, but there are 9 at byte \d+$/,
    ],
    [
      'a stack out of range',
      wire({ samples: [{ stackIndex: 1, values: [1] }] }),
      /^otlp: stack 1 is used, but there are 0 at byte \d+$/,
    ],
    [
      'a location out of range',
      wire({ samples: [{ stackIndex: 1, values: [1] }] }, { stackTable: [{ locationIndices: [7] }] }),
      /^otlp: location 7 is used, but there are 0 at byte \d+$/,
    ],
    [
      'a function out of range',
      wire(
        { samples: [{ stackIndex: 1, values: [1] }] },
        { stackTable: [{ locationIndices: [1] }], locationTable: [{ lines: [{ functionIndex: 3 }] }] },
      ),
      /^otlp: function 3 is used, but there are 0 at byte \d+$/,
    ],
    [
      'a mapping out of range',
      wire(
        { samples: [{ stackIndex: 1, values: [1] }] },
        { stackTable: [{ locationIndices: [1] }], locationTable: [{ mappingIndex: 3 }] },
      ),
      /^otlp: mapping 3 is used, but there are 0 at byte \d+$/,
    ],
    [
      'an attribute out of range',
      wire({ samples: [{ attributeIndices: [3], values: [1] }] }),
      /^otlp: attribute 3 is used, but there are 0 at byte \d+$/,
    ],
    [
      'a sample with two values',
      wire({ samples: [{ values: [1, 2] }] }),
      /^otlp: a sample without timestamps has 2 values at byte \d+$/,
    ],
    ['no type of value', wire({ sampleType: {} }), /^otlp: a value column needs a type at byte \d+$/],
    [
      'a first string that is not empty',
      requestBytes({ dictionary: { stringTable: ['x'] } }),
      /^otlp: the string table does not begin with "" at byte \d+$/,
    ],
    [
      'no dictionary',
      requestBytes({ resourceProfiles: [{ scopeProfiles: [{ profiles: [{ sampleType: CPU }] }] }] }),
      /^otlp: string 1 is used, but there are 0 at byte \d+$/,
    ],
    ['text in another encoding', latin1(wire({ samples: [] })), /^otlp: a text is not UTF-8 at byte \d+$/],
    ['JSON that is cut off', Buffer.from('{"resourceProfiles":['), /^otlp: the JSON is cut off at byte 21$/],
    ['damaged JSON', Buffer.from('{"ä" 1}'), /^otlp: the JSON is damaged at byte 6$/],
    [
      'JSON with another type',
      Buffer.from('{"dictionary":{"stringTable":[1]}}'),
      /^otlp: stringTable: expected a text$/,
    ],
    [
      'JSON with a fraction',
      Buffer.from('{"dictionary":{"stackTable":[{"locationIndices":[0.5]}]}}'),
      /^otlp: locationIndices: expected an integer$/,
    ],
    [
      'JSON without a list',
      Buffer.from('{"dictionary":{"stackTable":{}}}'),
      /^otlp: stackTable: expected a list$/,
    ],
  ])('%s', (_, bytes, message) => {
    expect(failure(bytes).message).toMatch(message);
  });

  test('values that are nested too deep', () => {
    let value: object = { stringValue: 'x' };
    for (let depth = 0; depth < 40; depth++) value = { arrayValue: { values: [value] } };
    const bytes = wire(
      { samples: [{ attributeIndices: [1], values: [1] }] },
      { attributeTable: [{ keyStrindex: at('key'), value }] },
    );
    expect(failure(bytes).reason).toBe('values are nested more than 32 deep');
    const json = JSON.stringify({ dictionary: { attributeTable: [{ value }] } });
    expect(failure(Buffer.from(json)).reason).toBe('values are nested more than 32 deep');
  });
});

describe('limits', () => {
  test('apply to bytes', () => {
    expect(failure(good, { maxBytes: 100 }).message).toBe('otlp: larger than the limit of 100 bytes');
    expect(decodeOtlpProfiles(good, { maxBytes: good.length })).toHaveLength(1);
  });

  test('apply to entries', () => {
    expect(failure(good, { maxEntries: 20 }).reason).toBe('more than the limit of 20 entries');
    const json = encodeOtlpProfilesJson([manyKinds()]);
    expect(failure(json, { maxEntries: 20 }).reason).toBe('more than the limit of 20 values');
    expect(decodeOtlpProfiles(good, { maxEntries: 1_000 })).toHaveLength(1);
  });

  test('apply to profiles', () => {
    const profiles = new Array(16_385).fill({ sampleType: CPU });
    const bytes = requestBytes({
      resourceProfiles: [{ scopeProfiles: [{ profiles }] }],
      dictionary: { stringTable: STRINGS },
    });
    expect(failure(bytes).reason).toBe('more than the limit of 16384 profiles');
  });

  test('apply to the frames of stacks, because one location may have many', () => {
    const bytes = wire(
      { samples: [{ stackIndex: 1, values: [1] }] },
      {
        stackTable: [{ locationIndices: new Array(1_000).fill(1) }],
        locationTable: [{ lines: new Array(20_000).fill({ functionIndex: 1 }) }],
        functionTable: [{ nameStrindex: at('main') }],
      },
    );
    expect(failure(bytes, { maxEntries: 2 ** 26 }).reason).toBe(
      'stacks have more than the limit of 8388608 frames',
    );
  });

  test('apply to labels, because one attribute may be in many sets', () => {
    const count = 300;
    const long = { keyStrindex: at('key'), value: { stringValue: 'x'.repeat(2 ** 16) } };
    const bytes = wire(
      { samples: Array.from({ length: count }, (_, i) => ({ attributeIndices: [1, i + 2], values: [1] })) },
      {
        attributeTable: [
          long,
          ...Array.from({ length: count }, (_, i) => ({ keyStrindex: at('main'), value: { intValue: i } })),
        ],
      },
    );
    expect(failure(bytes).reason).toBe('labels have more than the limit of 16777216 characters');
  });

  test('apply to entries that many profiles refer to', () => {
    const count = 300;
    const profiles = Array.from({ length: count }, (_, i) => ({
      sampleType: CPU,
      timeUnixNano: i + 1,
      samples: [{ stackIndex: 1, values: [1] }],
    }));
    const bytes = requestBytes({
      resourceProfiles: [{ scopeProfiles: [{ profiles }] }],
      dictionary: {
        stringTable: STRINGS,
        stackTable: [{}, { locationIndices: [1] }],
        // Attributes of locations are skipped, so that the test is quick.
        locationTable: [{}, { attributeIndices: new Array(500_000).fill(0) }],
      },
    });
    expect(failure(bytes).reason).toBe('profiles refer to more than the limit of 134217728 bytes of entries');
  });
});

describe('malicious input fails with one line or gives valid profiles', () => {
  const small = encodeOtlpProfiles([firstMinute()]);
  const json = encodeOtlpProfilesJson([firstMinute()]);

  test('for every prefix', () => {
    for (let length = 0; length < small.length; length++) survives(small.subarray(0, length));
    for (let length = 0; length < json.length; length += 7)
      expect(failure(json.subarray(0, length)).message).toMatch(/^otlp: [^\n]+$/);
  });

  const edits = fc.array(fc.tuple(fc.nat({ max: 2_000 }), fc.nat({ max: 255 })), {
    minLength: 1,
    maxLength: 8,
  });

  test('for a request with any bytes changed', () => {
    fc.assert(
      fc.property(heapProfiles, edits, (profile, changes) => {
        for (const encode of [encodeOtlpProfiles, encodeOtlpProfilesJson]) {
          const bytes = Uint8Array.from(encode([profile]));
          for (const [place, value] of changes) bytes[place % bytes.length] = value;
          survives(bytes);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('for arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), survives), { numRuns: 500 });
  });
});

/** Returns the bytes with a byte of the text `cpu` changed to one that UTF-8 has not. */
function latin1(bytes: Uint8Array): Uint8Array {
  const changed = Buffer.from(bytes);
  changed[changed.indexOf('cpu')] = 0xe4;
  return changed;
}

function survives(bytes: Uint8Array): void {
  try {
    for (const profile of decodeOtlpProfiles(bytes)) checkProfile(profile);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    const { cause, message } = error as FormatError;
    // Only defects cause these.
    if (cause instanceof TypeError || cause instanceof RangeError) expect(message).toMatch('is not UTF-8');
    expect(message).toMatch(/^otlp: [^\n]+$/);
  }
}

describe('the answer of a receiver', () => {
  const partialSuccess = { rejectedProfiles: 3, errorMessage: 'too old' };

  test('says how many profiles it rejected, and why', () => {
    expect(decodeExportResponse(responseBytes({ partialSuccess }), false)).toEqual({
      rejected: 3,
      message: 'too old',
    });
    const json = (text: string) => decodeExportResponse(Buffer.from(text), true);
    expect(json('{"partialSuccess":{"rejectedProfiles":"3","errorMessage":"too old"}}')).toEqual({
      rejected: 3,
      message: 'too old',
    });
    expect(json('{"partialSuccess":{"rejectedProfiles":3}}')).toEqual({ rejected: 3, message: '' });
  });

  test('accepts everything if it is empty', () => {
    const accepted = { rejected: 0, message: '' };
    expect(decodeExportResponse(new Uint8Array(), false)).toEqual(accepted);
    expect(decodeExportResponse(responseBytes({ partialSuccess: {} }), false)).toEqual(accepted);
    expect(decodeExportResponse(Buffer.from('{}'), true)).toEqual(accepted);
  });

  test.each<[string, boolean]>([
    ['<html>', true],
    ['{"partialSuccess":{"rejectedProfiles":"many"}}', true],
    ['\x0a\x7f', false],
  ])('%j is rejected with one line', (text, isJson) => {
    expect(() => decodeExportResponse(Buffer.from(text, 'latin1'), isJson)).toThrow(/^otlp: [^\n]+$/);
  });
});
