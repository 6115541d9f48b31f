import { encodedMappings, type SourceMapSegment, TraceMap } from '@jridgewell/trace-mapping';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BrokenMappings,
  MappingIndex,
  type Segment,
} from '../../../src/profiler-thread/symbolize/source-map/mapping-index.js';

/** Segments of a line, ordered by column; several may share a column. */
const line = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 300 }),
      origin: fc.option(fc.tuple(fc.nat(20), fc.nat(5000), fc.nat(300))),
      name: fc.option(fc.nat(50)),
    }),
    { maxLength: 60 },
  )
  .map((segments) => {
    let column = 0;
    return segments.map(({ gap, origin, name }): SourceMapSegment => {
      column += gap;
      if (!origin) return [column];
      return name === null ? [column, ...origin] : [column, ...origin, name];
    });
  });

const encode = (mappings: SourceMapSegment[][]): string =>
  encodedMappings(new TraceMap({ version: 3, names: [], sources: [], mappings }));

function flat(segment: Segment | undefined): number[] | undefined {
  if (!segment) return undefined;
  const { generatedColumn, origin } = segment;
  if (!origin) return [generatedColumn];
  const { source, line: sourceLine, column, name } = origin;
  return [generatedColumn, source, sourceLine, column, ...(name === undefined ? [] : [name])];
}

describe('answers like a decoded map', () => {
  // Include empty lines, and more segments than between two checkpoints.
  const mappings = fc.array(fc.oneof({ weight: 3, arbitrary: line }, fc.constant<SourceMapSegment[]>([])), {
    maxLength: 40,
  });

  test('for any place', () => {
    fc.assert(
      fc.property(
        mappings,
        fc.array(fc.tuple(fc.nat(42), fc.nat(6000)), { maxLength: 30 }),
        (decoded, places) => {
          const index = new MappingIndex(encode(decoded));
          for (const [at, column] of places) {
            const segments = decoded[at] ?? [];
            const before = segments.filter(([start]) => start <= column);
            const wanted = before.find(([start]) => start === before.at(-1)?.[0]);
            expect(flat(index.atOrBefore(at, column))?.[0]).toBe(wanted?.[0]);
            const after = segments.find(([start]) => start > column);
            expect(flat(index.after(at, column))).toEqual(after);
          }
        },
      ),
      { seed: 31, numRuns: 300 },
    );
  });

  test('for the places of segments', () => {
    fc.assert(
      fc.property(mappings, (decoded) => {
        const index = new MappingIndex(encode(decoded));
        for (const [at, segments] of decoded.entries()) {
          for (const [column] of segments) {
            const here = segments.filter(([start]) => start === column);
            const wanted = here.find(({ length }) => length === 5);
            const found = flat(index.at(at, column));
            expect(here).toContainEqual(found);
            if (wanted) expect(found).toHaveLength(5);
          }
        }
      }),
      { seed: 32, numRuns: 300 },
    );
  });

  test('for lines with many segments', () => {
    const long: SourceMapSegment[] = Array.from({ length: 5000 }, (_, at) => [
      at * 3,
      at % 7,
      at,
      at % 11,
      at % 13,
    ]);
    const decoded: SourceMapSegment[][] = [[[5, 1, 2, 3]], [], long, [[1]]];
    const index = new MappingIndex(encode(decoded));
    for (let at = 0; at < long.length; at++) {
      expect(flat(index.atOrBefore(2, at * 3 + 1))).toEqual(long[at]);
      expect(flat(index.at(2, at * 3))).toEqual(long[at]);
      expect(flat(index.after(2, at * 3))).toEqual(long[at + 1]);
      expect(index.at(2, at * 3 + 1)).toBeUndefined();
    }
    expect(flat(index.atOrBefore(3, 9))).toEqual([1]);
    expect(index.atOrBefore(1, 9)).toBeUndefined();
    expect(index.atOrBefore(4, 0)).toBeUndefined();
    expect(index.after(4, 0)).toBeUndefined();
  });
});

test('sorts segments that are out of order', () => {
  // Columns 40, then 8, then 20.
  const index = new MappingIndex('wCAAA,hCACA,YAAA');
  expect(flat(index.atOrBefore(0, 10))?.[0]).toBe(8);
  expect(flat(index.after(0, 10))?.[0]).toBe(20);
  expect(() => new MappingIndex(`E,D,${'C,'.repeat(60_000)}C`)).toThrow(BrokenMappings);
});

test.each([
  ['an empty one', ''],
  ['empty lines only', ';;;;'],
])('%s says nothing', (_, mappings) => {
  const index = new MappingIndex(mappings);
  expect(index.atOrBefore(0, 0)).toBeUndefined();
  expect(index.after(2, 0)).toBeUndefined();
  expect(index.at(1_000_000, 5)).toBeUndefined();
});

test.each([
  ['two fields', 'AA'],
  ['three fields', 'AAA'],
  ['six fields', 'AAAAAA'],
  ['a number that does not end', 'AAAg'],
  ['a number that never ends', 'g'.repeat(1000)],
  ['no segment before a comma', ',AAAA'],
  ['other characters', 'AAAA,!"§$'],
  ['characters far off', 'AAAA,😀'],
  ['blanks', 'AAAA, AAAA'],
])('%s: refused', (_, mappings) => {
  expect(() => new MappingIndex(mappings)).toThrow(BrokenMappings);
});

test('refuses or parses any text', () => {
  const characters = fc.constantFrom(...'ACDgIh/+,;');
  fc.assert(
    fc.property(
      fc.string({ unit: characters, maxLength: 400 }),
      fc.nat(20),
      fc.nat(100),
      (mappings, at, column) => {
        try {
          const index = new MappingIndex(mappings);
          index.atOrBefore(at, column);
          index.after(at, column);
          index.at(at, column);
        } catch (error) {
          expect(error).toBeInstanceOf(BrokenMappings);
        }
      },
    ),
    { seed: 33, numRuns: 2000 },
  );
});
