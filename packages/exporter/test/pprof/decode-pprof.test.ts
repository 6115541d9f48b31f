import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { perftools } from '#generated/pprof.js';
import {
  decodePprof,
  encodePprof,
  FormatError,
  PprofDecoder,
  type PprofLimits,
} from '../../src/pprof/index.js';
import { heapProfiles } from '../profile/arbitrary-profile.js';
import { checkProfile } from '../profile/check-profile.js';
import { formatProfile } from '../profile/format-profile.js';
import { firstMinute } from './sample-profiles.js';

type Wire = perftools.profiles.Profile.$Properties;

const good = encodePprof(firstMinute());

function wire(message: Wire): Uint8Array {
  return perftools.profiles.Profile.encode(message).finish();
}

/** Returns the error of a failed decode. Fails when there is none. */
function failure(bytes: Uint8Array, limits?: PprofLimits): FormatError {
  try {
    decodePprof(bytes, limits);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return error as FormatError;
  }
  throw new Error('the input was accepted');
}

const COLUMN = { type: 1, unit: 2 };
const TEXTS = ['', 'inuse_space', 'bytes', 'main'];

describe('each kind of invalid input has its own message', () => {
  test.each<[string, Uint8Array, string]>([
    ['empty', new Uint8Array(), 'pprof: the input is empty'],
    ['empty, gzipped', gzipSync(''), 'pprof: the gzipped input is empty'],
    ['cut gzip', gzipSync(good).subarray(0, 40), 'pprof: the gzip data is cut off'],
    ['damaged gzip', damagedGzip(), 'pprof: the gzip data is damaged (incorrect data check)'],
    ['zeros', new Uint8Array(8), 'pprof: illegal tag: field number 0 at byte 0'],
    [
      'trailing zeros',
      joined(good, new Uint8Array(8)),
      `pprof: illegal tag: field number 0 at byte ${good.length}`,
    ],
    [
      'two profiles',
      joined(good, good),
      `pprof: a second profile begins here; several profiles were concatenated at byte ${secondTime()}`,
    ],
    [
      'two gzipped profiles',
      joined(gzipSync(good), gzipSync(good)),
      `pprof: a second profile begins here; several profiles were concatenated at byte ${secondTime()}`,
    ],
    [
      'two profiles without a time',
      joined(
        wire({ sampleType: [COLUMN], stringTable: TEXTS }),
        wire({ sampleType: [COLUMN], stringTable: TEXTS }),
      ),
      'pprof: value column inuse_space is given twice',
    ],
    ['another kind of file', Buffer.from('memray'), 'pprof: cut off or damaged at byte 5'],
    [
      'a text cut in two',
      wire({ stringTable: ['', 'ä'] }).subarray(0, 5),
      'pprof: cut off or damaged at byte 2',
    ],
    ['text in another encoding', Uint8Array.of(0x32, 2, 0xe4, 0x21), 'pprof: a text is not UTF-8 at byte 0'],
    ['no columns', wire({ stringTable: [''] }), 'pprof: a profile needs at least one value column'],
    [
      'no string for a column',
      wire({ sampleType: [COLUMN] }),
      'pprof: string 1 is used, but there are 0; the input may be cut off',
    ],
    [
      'a table without the empty string',
      wire({ sampleType: [COLUMN], stringTable: ['x', 'y', 'z'] }),
      'pprof: the string table does not begin with ""',
    ],
    [
      'too many values',
      wire({ sampleType: [COLUMN], sample: [{ value: [1, 2] }], stringTable: TEXTS }),
      'pprof: samples have 2 values, but there are 1 columns',
    ],
    [
      'varying numbers of values',
      wire({ sampleType: [COLUMN], sample: [{ value: [1] }, {}], stringTable: TEXTS }),
      'pprof: a sample has 0 values where others have 1 at byte 11',
    ],
    [
      'an undefined location',
      wire({ sampleType: [COLUMN], sample: [{ value: [1], locationId: [9] }], stringTable: TEXTS }),
      'pprof: a sample uses location 9, which is not defined',
    ],
    [
      'an undefined function',
      wire({
        sampleType: [COLUMN],
        sample: [{ value: [1], locationId: [9] }],
        location: [{ id: 9, line: [{ functionId: 4 }] }],
        stringTable: TEXTS,
      }),
      'pprof: a location uses function 4, which is not defined',
    ],
    [
      'a location twice',
      wire({ location: [{ id: 3 }, { id: 3 }] }),
      'pprof: location 3 is defined twice at byte 4',
    ],
    [
      'a function twice',
      wire({ function: [{ id: 3 }, { id: 3 }] }),
      'pprof: function 3 is defined twice at byte 4',
    ],
    ['the reserved id', wire({ location: [{}] }), 'pprof: a location has the reserved id 0 at byte 0'],
  ])('%s', (_, bytes, message) => {
    expect(failure(bytes).message).toBe(message);
  });

  test('format, offset and reason are separate fields', () => {
    expect(failure(wire({ location: [{ id: 3 }, { id: 3 }] }))).toMatchObject({
      name: 'FormatError',
      format: 'pprof',
      offset: 4,
      reason: 'location 3 is defined twice',
    });
  });
});

test('a message that quotes the input is one short line', () => {
  const stringTable = ['', `a\n\u001b[2J${'b'.repeat(1_000)}`];
  const { message } = failure(wire({ sampleType: [{ type: 1 }, { type: 1 }], stringTable }));
  expect(message).toMatch(/^pprof: value column a \[2Jb+$/);
  expect(message.length).toBeLessThan(320);
});

describe('limits', () => {
  test('apply to bytes, both given and inflated', () => {
    const bomb = gzipSync(Buffer.alloc(2 ** 22));
    const line = 'pprof: larger than the limit of 100000 bytes';
    expect(failure(new Uint8Array(100_001), { maxBytes: 100_000 }).message).toBe(line);
    expect(bomb.length).toBeLessThan(100_000);
    expect(failure(bomb, { maxBytes: 100_000 }).message).toBe(line);
    expect(decodePprof(good, { maxBytes: good.length }).sampleCount).toBe(4);
  });

  test('apply to entries', () => {
    expect(failure(good, { maxEntries: 5 }).reason).toBe('more than the limit of 5 entries');
    expect(decodePprof(good, { maxEntries: 1_000 }).sampleCount).toBe(4);
  });

  test('apply to the values of samples, because one sample may have many', () => {
    const sample = [1, 2, 3].map((id) => ({ locationId: [id], value: new Array(500).fill(1) }));
    expect(failure(wire({ sampleType: [COLUMN], sample }), { maxEntries: 500 }).reason).toBe(
      'more than the limit of 1000 values',
    );
  });

  test('apply to one record, before it is stored', () => {
    const [tag, length] = [Uint8Array.of(0x12), Uint8Array.of(0x81, 0x80, 0x80, 0x08)];
    expect(failure(joined(good, tag, length)).message).toBe(
      `pprof: a record of 16777217 bytes is over the limit of 16777216 at byte ${good.length}`,
    );
    expect(failure(joined(good, tag, Uint8Array.of(0x80, 0x80, 0x80, 0x08))).reason).toBe(
      'cut off or damaged',
    );
  });

  test('apply to the bytes of texts', () => {
    const text = wire({ stringTable: ['a'.repeat(2 ** 20)] });
    const decoder = new PprofDecoder({ maxBytes: Number.POSITIVE_INFINITY });
    const push = () => {
      for (let times = 0; times < 2 ** 7; times++) decoder.push(text);
    };
    push();
    expect(push).toThrow('more than the limit of 134217728 bytes of texts');
  });

  test('apply to mappings', () => {
    const mapping = Array.from({ length: 65_537 }, (_, at) => ({ id: at + 1 }));
    expect(failure(wire({ mapping })).reason).toBe('more than the limit of 65536 mappings');
  });

  test('apply to the frames of stacks, because one location may have many', () => {
    const line = new Array(20_000).fill({ functionId: 1 });
    const message = {
      sampleType: [COLUMN],
      sample: [{ value: [1], locationId: new Array(1_000).fill(1) }],
      location: [{ id: 1, line }],
      function: [{ id: 1, name: 3 }],
      stringTable: TEXTS,
    };
    expect(failure(wire(message)).message).toBe('pprof: stacks have more than the limit of 16777216 frames');
  });
});

describe('repeated data takes no more memory', () => {
  test('for samples, stacks and labels', () => {
    const sample = {
      value: [2],
      locationId: [1, 1, 1],
      label: [{ key: 3, str: 3 }],
    };
    const rest: Wire = {
      sampleType: [COLUMN],
      location: [{ id: 1 }],
      stringTable: TEXTS,
    };
    const bytes = joined(wire(rest), ...new Array(10_000).fill(wire({ sample: [sample] })));
    const profile = decodePprof(bytes, { maxEntries: 20 });
    expect(formatProfile(profile)).toContain('samples: 1\n  20000 {main=main}\n');
    expect(profile.stackCount).toBe(3);
  });

  test('for samples without values, which are rejected at the first', () => {
    const bytes = joined(wire({ sampleType: [COLUMN] }), Buffer.alloc(2 ** 20, Uint8Array.of(0x12, 0)));
    expect(failure(bytes).message).toBe('pprof: a sample has no values at byte 6');
  });
});

test('pieces of any length give the same profile', () => {
  const expected = formatProfile(decodePprof(good));
  for (const length of [1, 7, 100]) {
    const decoder = new PprofDecoder();
    for (let at = 0; at < good.length; at += length) decoder.push(good.subarray(at, at + length));
    expect(formatProfile(decoder.end())).toBe(expected);
  }
});

describe('malicious input fails with one line or gives a valid profile', () => {
  test('for every prefix of a profile', () => {
    for (let length = 0; length < good.length; length++) {
      expect(failure(good.subarray(0, length)).message).toMatch(/^pprof: [^\n]+$/);
    }
  });

  test('for every prefix of a gzipped profile', () => {
    const zipped = gzipSync(good);
    for (let length = 0; length < zipped.length; length++) {
      expect(failure(zipped.subarray(0, length)).message).toMatch(/^pprof: [^\n]+$/);
    }
  });

  const position = fc.nat({ max: 2_000 });
  const edits = fc.array(fc.tuple(position, fc.nat({ max: 255 })), { minLength: 1, maxLength: 8 });

  test('for a profile with any bytes changed', () => {
    fc.assert(
      fc.property(heapProfiles, edits, (profile, changes) => {
        const bytes = Uint8Array.from(encodePprof(profile));
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        survives(bytes);
      }),
      { numRuns: 500 },
    );
  });

  test('for arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), survives), { numRuns: 500 });
  });
});

function survives(bytes: Uint8Array): void {
  let decoded: ReturnType<typeof decodePprof>;
  try {
    decoded = decodePprof(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    const { cause, message } = error as FormatError;
    // A TypeError would be a defect, except the one of Node's text decoder.
    if (cause instanceof TypeError) expect(message).toMatch('a text is not UTF-8');
    expect(message).toMatch(/^pprof: [^\n]+$/);
    return;
  }
  // A changed value may be too large for an exact integer. All else must be valid.
  checkProfile(decoded);
  expect(formatProfile(decoded)).toMatch(/^columns: /);
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

function damagedGzip(): Uint8Array {
  const zipped = Buffer.from(gzipSync(good));
  zipped[zipped.length - 8]! ^= 0xff;
  return zipped;
}

/** Returns the offset of the time in the second of two concatenated profiles: the first field that must not repeat. */
function secondTime(): number {
  const { sampleType, mapping } = perftools.profiles.Profile.decode(good);
  return good.length + wire({ sampleType, mapping }).length;
}
