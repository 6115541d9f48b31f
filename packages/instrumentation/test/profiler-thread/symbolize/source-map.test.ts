import { describe, expect, test } from 'vitest';
import { jsonMembers } from '../../../src/profiler-thread/symbolize/source-map/json-members.js';
import { BrokenMap, parseSourceMap } from '../../../src/profiler-thread/symbolize/source-map/source-map.js';

const parse = (map: unknown, lines = 1000) =>
  parseSourceMap(Buffer.from(typeof map === 'string' ? map : JSON.stringify(map)), lines);

/** Line 0: column 0 is a.ts:1:2 `first`, column 8 has no source. Line 1: column 4 is b.ts:3:0. */
const PLAIN = {
  version: 3,
  sources: ['a.ts', 'b.ts'],
  names: ['first', 'second'],
  mappings: 'AAAEA,Q;ICEF',
};
const FIRST = { generatedColumn: 0, original: { source: 'a.ts', line: 0, column: 2, name: 'first' } };

describe('a plain map', () => {
  test('returns where code comes from', () => {
    const map = parse(PLAIN);
    expect(map.atOrBefore(0, 5)).toEqual(FIRST);
    expect(map.at(0, 0)).toEqual(FIRST);
    expect(map.atOrBefore(0, 9)).toEqual({ generatedColumn: 8, original: undefined });
    expect(map.after(1, 0)?.original).toEqual({ source: 'b.ts', line: 2, column: 0, name: undefined });
    expect(map.atOrBefore(1, 0)).toBeUndefined();
    expect(map.onlySource).toBeUndefined();
    expect(parse({ ...PLAIN, sources: ['a.ts'] }).onlySource).toBe('a.ts');
  });

  test.each([
    ['src', 'src/a.ts'],
    ['src/', 'src/a.ts'],
    ['', 'a.ts'],
    [null, 'a.ts'],
    ['webpack:///', 'webpack:///a.ts'],
  ])('with the root %j', (sourceRoot, source) => {
    expect(parse({ ...PLAIN, sourceRoot }).at(0, 0)?.original?.source).toBe(source);
  });

  test.each(['/abs/a.ts', 'file:///a.ts', 'webpack://x/a.ts', 'C:\\a.ts'])(
    'puts no root before %s',
    (source) => {
      expect(parse({ ...PLAIN, sourceRoot: 'src', sources: [source] }).at(0, 0)?.original?.source).toBe(
        source,
      );
    },
  );

  test.each([
    ['a byte order mark', `\uFEFF${JSON.stringify(PLAIN)}`],
    ['a guard against being run', `)]}'\n${JSON.stringify(PLAIN)}`],
    ['both', `\uFEFF)]}'\n${JSON.stringify(PLAIN)}`],
    ['white space', JSON.stringify(PLAIN, null, '\t')],
    ['escaped slashes', JSON.stringify({ ...PLAIN, sources: ['x/a.ts'] }).replaceAll('/', '\\/')],
    ['the last of two members of a name', `{"mappings":"!!",${JSON.stringify(PLAIN).slice(1)}`],
    [
      'texts of sources with brackets',
      JSON.stringify({ sourcesContent: ['{"[\\"]}', '\\\\', null], ...PLAIN }),
    ],
  ])('with %s is understood', (_, text) => {
    expect(parse(text).at(0, 0)?.original).toMatchObject({ line: 0, column: 2, name: 'first' });
  });

  test('has no mapping for code outside the program', () => {
    expect(parse(PLAIN, 1).after(1, 0)).toBeUndefined();
    const many = parse({ ...PLAIN, mappings: `AAAEA${';'.repeat(5_000_000)}` }, 10);
    expect(many.at(0, 0)).toEqual(FIRST);
    expect(many.bytes).toBeLessThan(1000);
  });
});

describe('missing sources and names', () => {
  test.each([
    ['sources: null', { sources: null }],
    ['no sources', { sources: undefined }],
    ['null as a source', { sources: [null, 'b.ts'] }],
    ['a number as a source', { sources: [7, 'b.ts'] }],
    ['an endless source', { sources: ['x'.repeat(10_000)] }],
    ['a source before the first', { mappings: 'ADAEA' }],
    ['a line before the first', { mappings: 'AADEA' }],
    ['a column before the first', { mappings: 'AAADA' }],
  ])('%s: comes from nowhere', (_, change) => {
    expect(parse({ ...PLAIN, ...change }).at(0, 0)).toEqual({ generatedColumn: 0, original: undefined });
  });

  test.each([
    ['no names', { names: undefined }],
    ['names: null', { names: null }],
    ['a name that is no text', { names: [{}, 7].slice(1) }],
    ['an empty name', { names: [''] }],
    ['an endless name', { names: ['x'.repeat(10_000)] }],
    ['a name of several lines', { names: ['a\nb'] }],
    ['a name past the last', { mappings: 'AAAEgB' }],
  ])('%s: no name', (_, change) => {
    expect(parse({ ...PLAIN, ...change }).at(0, 0)?.original).toEqual({ ...FIRST.original, name: undefined });
  });
});

describe('an indexed map', () => {
  const section = (line: number, column: number, map: unknown = PLAIN) => ({ offset: { line, column }, map });
  const sectioned = (...sections: unknown[]) => ({ version: 3, sections });

  test('consists of its sections', () => {
    const other = { ...PLAIN, sources: ['c.ts', 'd.ts'], names: ['third'] };
    const map = parse(sectioned(section(0, 0), section(1, 10, other), section(100, 0)));
    expect(map.at(0, 0)).toEqual(FIRST);
    expect(map.atOrBefore(1, 9)?.original?.source).toBe('b.ts');
    expect(map.at(1, 10)).toEqual({
      generatedColumn: 10,
      original: { source: 'c.ts', line: 0, column: 2, name: 'third' },
    });
    expect(map.at(2, 4)?.original?.source).toBe('d.ts');
    expect(map.at(100, 0)).toEqual(FIRST);
    expect(map.onlySource).toBeUndefined();
  });

  test('may hold another', () => {
    const map = parse(sectioned(section(2, 0, sectioned(section(3, 5)))));
    expect(map.at(5, 5)).toEqual({ ...FIRST, generatedColumn: 5 });
    expect(map.at(4, 5)).toBeUndefined();
    expect(map.onlySource).toBeUndefined();
    expect(parse(sectioned(section(0, 0, { ...PLAIN, sources: ['a.ts'] }))).onlySource).toBe('a.ts');
  });

  test('past the end of the program is ignored', () => {
    expect(parse(sectioned(section(0, 0), section(2 ** 40, 0, 'not a map')), 10).at(0, 0)).toEqual(FIRST);
  });

  test.each([
    ['a section without a map', sectioned({ offset: { line: 0, column: 0 } })],
    ['a section elsewhere', sectioned({ offset: { line: 0, column: 0 }, url: 'a.map' })],
    ['a section without an offset', sectioned({ map: PLAIN })],
    ['a negative offset', sectioned(section(-1, 0))],
    ['a fractional offset', sectioned(section(0, 0.5))],
    ['a section that is no object', sectioned(7)],
    ['a section with a broken map', sectioned(section(0, 0, { ...PLAIN, mappings: '!' }))],
    ['sections that are no list', { version: 3, sections: 7 }],
    ['no end of sections in sections', nested(50)],
  ])('with %s is refused', (_, map) => {
    expect(() => parse(map)).toThrow(BrokenMap);
  });

  function nested(depth: number): unknown {
    return depth === 0 ? PLAIN : sectioned(section(0, 0, nested(depth - 1)));
  }
});

describe('is refused with a reason that does not quote the map', () => {
  test.each([
    ['nothing', '', 'it is not JSON: not an object'],
    ['no JSON', 'root:x:0:0:root', 'it is not JSON: not an object'],
    ['cut short', JSON.stringify(PLAIN).slice(0, -3), 'it is not JSON: it ends within a string'],
    ['cut short elsewhere', '{"version":3,"sources":["a"', 'it is not JSON: brackets are not closed'],
    ['another list', '[1,2]', 'its version is not 3'],
    ['version 2', { ...PLAIN, version: 2 }, 'its version is not 3'],
    ['version "3"', { ...PLAIN, version: '3' }, 'its version is not 3'],
    ['an endless version', { ...PLAIN, version: [[[[3]]]] }, 'its version is not 3'],
    ['no mappings', { ...PLAIN, mappings: undefined }, 'it has no mappings'],
    ['decoded mappings', { ...PLAIN, mappings: [[[0]]] }, 'it has no mappings'],
    ['garbage as mappings', { ...PLAIN, mappings: 'secret!' }, 'it has mappings that cannot be read'],
    ['cut mappings', { ...PLAIN, mappings: 'AA' }, 'it has mappings in which a segment is cut short'],
    ['lists in sources', { ...PLAIN, sources: [['a']] }, 'its sources are no list of strings'],
    ['an object as names', { ...PLAIN, names: {} }, 'its names are no list of strings'],
    ['a text as names', { ...PLAIN, names: 'abc' }, 'its names are no list of strings'],
    ['a bad escape', '{"version":3,"mappings":"\\x"}', 'it is not JSON'],
    [
      'too many names',
      { ...PLAIN, names: ['x'.repeat(9_000_000)] },
      'its names are larger than 8388608 bytes',
    ],
  ])('%s', (_, map, reason) => {
    expect(() => parse(map)).toThrow(expect.objectContaining({ message: reason }));
    expect(() => parse(map)).toThrow(BrokenMap);
  });

  test.each([
    ['brackets', '['.repeat(5_000_000)],
    ['objects', '{"a":'.repeat(1_000_000)],
    ['backslashes', `{"a":"${'\\'.repeat(5_000_000)}`],
    ['quotes', `{"a":[${'"",'.repeat(2_000_000)}`],
    ['members', `{${Array.from({ length: 300_000 }, (_, at) => `"${at}":1`).join()}}`],
  ])('millions of %s', (_, text) => {
    expect(() => parse(text)).toThrow(BrokenMap);
  });
});

describe('the members of a JSON text', () => {
  const texts = (json: string) => {
    const bytes = Buffer.from(json);
    return Object.fromEntries(
      [...jsonMembers(bytes)].map(([key, { start, end }]) => [key, bytes.toString('utf8', start, end)]),
    );
  };

  test.each([
    ['{}', {}],
    ['[]', {}],
    [' { "a" : 1 , "b" : [ 1, {"c":"}"} ] } ', { a: '1', b: '[ 1, {"c":"}"} ]' }],
    ['{"a":"\\"","b":"\\\\","c":"\\\\\\""}', { a: '"\\""', b: '"\\\\"', c: '"\\\\\\""' }],
    ['{"ä":"ö€😀","b":null}', { 'Ã¤': '"ö€😀"', b: 'null' }],
    ['[true,"x",[]]', { 0: 'true', 1: '"x"', 2: '[]' }],
  ])('%s', (json, expected) => {
    expect(texts(json)).toEqual(expected);
  });

  test.each([
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a" 1}',
    '{a:1}',
    '{"a":1 "b":2}',
    '{"a":}',
    '[1',
    '[1 2]',
    '7',
  ])('%s is refused', (json) => {
    expect(() => texts(json)).toThrow();
  });
});
