import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type TopGroup, type TopRow, topOf, totals } from '../../src/profile/index.js';
import { addSamples, heapBuilder, heapProfiles, type PlainFrame } from './arbitrary-profile.js';

const frame = (name: string, file: string, line = 1, column = 1): PlainFrame => ({
  name,
  file,
  line,
  column,
});

const main = frame('main', 'app/main.js');
const load = frame('load', 'app/load.js');
const arrow = frame('', 'app/load.js', 7, 20);
const otherArrow = frame('', 'app/load.js', 7, 44);
const internal = frame('readFileSync', 'node:fs', 400);
const gc = frame('(GC)', '', 0, 0);

function inUse(...samples: [stack: PlainFrame[], bytes: number, labels?: Record<string, string>][]) {
  const plain = samples.map(([stack, bytes, labels = {}]) => ({ stack, values: [0, 0, 0, bytes], labels }));
  return addSamples(heapBuilder(), plain).build();
}

function top(profile: ReturnType<typeof inUse>, groupBy: TopGroup, limit?: number): TopRow[] {
  return topOf(profile, { column: 'inuse_space', groupBy, limit });
}

/** Returns rows as `name flat cumulative`, which most tests check. */
function short(rows: TopRow[]): string[] {
  return rows.map(({ name, flat, cumulative }) => `${name} ${flat} ${cumulative}`);
}

describe('by function', () => {
  test('attributes values to the call site, and cumulatively to callers', () => {
    const profile = inUse([[main, load], 60], [[main], 30], [[main, load, arrow], 10]);
    expect(top(profile, 'function')).toEqual([
      { name: 'load', file: 'app/load.js', line: 1, column: 1, flat: 60, cumulative: 70, share: 0.6 },
      { name: 'main', file: 'app/main.js', line: 1, column: 1, flat: 30, cumulative: 100, share: 0.3 },
      {
        name: '(anonymous load.js:7:20)',
        file: 'app/load.js',
        line: 7,
        column: 20,
        flat: 10,
        cumulative: 10,
        share: 0.1,
      },
    ]);
  });

  test('hides the runtime: its allocations are attributed to its caller', () => {
    const profile = inUse([[main, load, internal, gc], 8], [[internal, load], 4]);
    expect(short(top(profile, 'function'))).toEqual(['load 12 12', 'main 0 8']);
  });

  test('names the runtime when it has no caller', () => {
    expect(short(top(inUse([[internal], 3], [[gc], 2], [[], 1]), 'function'))).toEqual([
      'readFileSync 3 3',
      '(GC) 2 2',
      '(none) 1 1',
    ]);
  });

  test('counts recursion once', () => {
    expect(short(top(inUse([[load, main, load, load], 5]), 'function'))).toEqual(['load 5 5', 'main 0 5']);
  });

  test('keeps anonymous functions and equal names in different files separate', () => {
    const namesake = frame('load', 'lib/load.js');
    const profile = inUse([[arrow], 4], [[otherArrow], 3], [[load], 2], [[namesake], 1]);
    expect(top(profile, 'function').map(({ name, file }) => `${name} ${file}`)).toEqual([
      '(anonymous load.js:7:20) app/load.js',
      '(anonymous load.js:7:44) app/load.js',
      'load app/load.js',
      'load lib/load.js',
    ]);
  });

  test('separates functions of equal name and file by where they start', () => {
    const method = frame('load', 'app/load.js', 90);
    const inOneLine = frame('load', 'app/load.js', 90, 44);
    const rows = top(
      inUse([[load], 4], [[method], 3], [[inOneLine], 2], [[main, load, method], 1]),
      'function',
    );
    expect(rows.map((row) => [row.line, row.column, row.flat, row.cumulative])).toEqual([
      [1, 1, 4, 5],
      [90, 1, 4, 4],
      [90, 44, 2, 2],
      [1, 1, 0, 1],
    ]);
  });

  test('merges the lines of one function into one row, at its start', () => {
    const lines = [11, 14].map((line) => ({ ...frame('load', 'app/load.py', line, 0), startLine: 10 }));
    const other = { ...frame('load', 'app/load.py', 31, 0), startLine: 30 };
    const rows = top(inUse([[lines[0]!], 4], [[lines[1]!], 3], [[lines[0]!, other], 2]), 'function');
    expect(rows.map((row) => [row.name, row.line, row.flat, row.cumulative])).toEqual([
      ['load', 10, 7, 9],
      ['load', 30, 2, 2],
    ]);
  });

  test('separates functions with an unknown start by name and file only', () => {
    const lines = [11, 14].map((line) => ({ ...frame('main.load', 'load.go', line, 0), startLine: 0 }));
    expect(short(top(inUse([[lines[0]!], 4], [[lines[1]!], 3]), 'function'))).toEqual(['main.load 7 7']);
  });

  test('attributes evaluated code to its caller', () => {
    const evaluated = frame('', '', 1, 8);
    const profile = inUse([[main, load, evaluated, gc], 4], [[internal, evaluated, gc], 3]);
    expect(short(top(profile, 'function'))).toEqual(['load 4 4', '(anonymous 1:8) 3 7', 'main 0 4']);
  });
});

test('by file, a script counts once per sample', () => {
  const profile = inUse([[main, load, arrow], 6], [[main, gc], 4], [[gc], 1]);
  expect(top(profile, 'file')).toEqual([
    { name: 'app/load.js', file: 'app/load.js', line: 0, column: 0, flat: 6, cumulative: 6, share: 6 / 11 },
    { name: 'app/main.js', file: 'app/main.js', line: 0, column: 0, flat: 4, cumulative: 10, share: 4 / 11 },
    { name: '(GC)', file: '', line: 0, column: 0, flat: 1, cumulative: 1, share: 1 / 11 },
  ]);
});

test.each(['package', 'component', 'thread'] as const)('by %s, the label of that name is used', (label) => {
  const profile = inUse([[main], 5, { [label]: 'x' }], [[load], 2, { [label]: 'x' }], [[main], 4]);
  expect(top(profile, label)).toEqual([
    { name: 'x', file: '', line: 0, column: 0, flat: 7, cumulative: 7, share: 7 / 11 },
    { name: '(none)', file: '', line: 0, column: 0, flat: 4, cumulative: 4, share: 4 / 11 },
  ]);
});

test('sorts by flat, then cumulative, then name, and stops at the limit', () => {
  const b = frame('b', 'x.js');
  const a = frame('a', 'x.js');
  const profile = inUse([[main, b], 5], [[main, a], 5], [[load], 1]);
  expect(short(top(profile, 'function'))).toEqual(['a 5 5', 'b 5 5', 'load 1 1', 'main 0 10']);
  expect(short(top(profile, 'function', 1))).toEqual(['a 5 5']);
});

test('shares of a difference are relative to the sum of all changes', () => {
  expect(top(inUse([[main], 30], [[load], -10]), 'function').map(({ share }) => share)).toEqual([
    0.75, -0.25,
  ]);
});

test('rejects an unknown column, naming the existing ones', () => {
  expect(() => topOf(inUse(), { column: 'peak_space', groupBy: 'file' })).toThrow(
    new RangeError(
      'no column peak_space; this profile has alloc_objects, alloc_space, inuse_objects, inuse_space',
    ),
  );
});

test('flat values add up to the total, whatever the grouping', () => {
  const groups = fc.constantFrom<TopGroup>('function', 'file', 'package', 'component', 'thread');
  fc.assert(
    fc.property(heapProfiles, groups, (profile, groupBy) => {
      const sum = topOf(profile, { column: 'inuse_space', groupBy }).reduce(
        (total, { flat }) => total + flat,
        0,
      );
      expect(sum).toBe(totals(profile).inuse_space);
    }),
  );
});
