import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Frame } from '../../../src/profiler-thread/ledger/state/call-tree.js';
import type { FrameResolver } from '../../../src/profiler-thread/symbolize/index.js';
import {
  base64,
  type Files,
  frameIn,
  json,
  MAP,
  PROGRAM,
  RESOLVED,
  resolverIn,
  withMap,
} from './application.js';

describe('finds a map', () => {
  const padding = JSON.stringify({ sourcesContent: ['x'.repeat(400_000)], ...MAP });

  test.each<[string, Files]>([
    ['beside the program', { 'dist/main.js': withMap('main.js.map'), 'dist/main.js.map': json }],
    [
      'below it',
      { 'dist/main.js': withMap('maps/main%201.map'), 'dist/maps/main 1.map': JSON.stringify(root('..')) },
    ],
    ['elsewhere in the package', { 'dist/main.js': withMap('../maps/a.map'), 'maps/a.map': json }],
    ['in base64', { 'dist/main.js': withMap(base64(json)) }],
    ['percent-encoded', { 'dist/main.js': withMap(`data:application/json,${encodeURIComponent(json)}`) }],
    ['longer than the end that is read first', { 'dist/main.js': withMap(base64(padding)) }],
    ['with a query', { 'dist/main.js': withMap('main.js.map?v=1'), 'dist/main.js.map': json }],
    ['in a program with a byte order mark', { 'dist/main.js': `\uFEFF${withMap('a')}`, 'dist/a': json }],
    [
      'in a program with other line ends',
      { 'dist/main.js': withMap('a').replaceAll('\n', '\r\n'), 'dist/a': json },
    ],
  ])('%s', (_, files) => {
    const { of, reports } = resolverIn(files);
    expect(of()).toEqual(RESOLVED);
    expect(reports).toEqual([]);
  });

  test('by an absolute path or URL inside the package', () => {
    const { folder, of } = resolverIn({ 'dist/main.js.map': json });
    const { href, pathname } = pathToFileURL(path.join(folder, 'dist/main.js.map'));
    writeFileSync(path.join(folder, 'dist/main.js'), withMap(href));
    expect(of()).toEqual(RESOLVED);
    writeFileSync(path.join(folder, 'dist/other.js'), withMap(pathname));
    expect(of({ file: path.join(folder, 'dist/other.js') })).toEqual(RESOLVED);
  });

  function root(sourceRoot: string) {
    return { ...MAP, sourceRoot };
  }
});

describe('the answer', () => {
  const files = { 'dist/main.js': withMap('main.js.map'), 'dist/main.js.map': json };

  test('has the package of the original', () => {
    const bundled = { ...MAP, sources: ['../node_modules/@s/queue/lib/a.js'] };
    const { resolver, folder } = resolverIn({ ...files, 'dist/main.js.map': JSON.stringify(bundled) });
    const packageOf = ({ packages }: FrameResolver, { file }: Frame) => packages.packageOf(file);
    const original = resolver.of(frameIn(folder, {}));
    expect(packageOf(resolver, original)).toEqual({ name: '@s/queue', version: undefined });
    const own = resolverIn(files);
    expect(packageOf(own.resolver, own.resolver.of(frameIn(own.folder, {})))).toEqual({
      name: 'app',
      version: '1.2.3',
    });
  });

  test('keeps all other fields of the frame', () => {
    const { resolver, folder } = resolverIn(files);
    expect(resolver.of(frameIn(folder, {})).scriptId).toBe('7');
  });

  test('is the same for the same frame', () => {
    const { resolver, folder } = resolverIn(files);
    const frame = frameIn(folder, {});
    expect(resolver.of(frame)).toBe(resolver.of(frame));
  });

  test('is the frame itself if nothing else is known', () => {
    const { resolver, folder, reports } = resolverIn({ ...files, 'dist/plain.js': PROGRAM });
    for (const frame of [
      frameIn(folder, { file: path.join(folder, 'dist/plain.js') }),
      frameIn(folder, { file: path.join(folder, 'dist/missing.js') }),
      frameIn(folder, { file: folder }),
      frameIn(folder, { file: 'relative.js' }),
      frameIn(folder, { file: 'node:fs' }),
      frameIn(folder, { file: '', line: 0, column: 0 }),
      frameIn(folder, { file: '\0' }),
      frameIn(folder, { line: 0, column: 0 }),
      frameIn(folder, { line: 999 }),
      frameIn(folder, { column: 999 }),
    ]) {
      expect(resolver.of(frame)).toBe(frame);
    }
    expect(reports).toEqual([]);
  });
});

describe('code outside all functions', () => {
  const top = { functionName: '(anonymous)', line: 1, column: 1 };

  test('belongs to the only source', () => {
    const { of } = resolverIn({ 'dist/main.js': withMap(base64(json)) });
    expect(of(top)).toEqual({ ...top, file: 'src/build.ts' });
  });

  test('of a bundle belongs to no single source', () => {
    const several = JSON.stringify({ ...MAP, sources: ['../src/build.ts', '../src/b.ts'] });
    const { of } = resolverIn({ 'dist/main.js': withMap(base64(several)) });
    expect(of(top)).toEqual({ ...top, file: 'dist/main.js' });
    expect(of()).toEqual(RESOLVED);
  });
});

describe('resolves functions without a mapping', () => {
  test("such as a bundler's helper before the first source", () => {
    const { of } = resolverIn({
      'dist/main.js': withMap(
        base64(JSON.stringify({ ...MAP, mappings: 'yBAEA,SAASA' })),
        `var h=(e,t)=>()=>e(t);   ${PROGRAM}`,
      ),
    });
    expect(of({ functionName: 'h', column: 7 }).file).toBe('dist/main.js');
    expect(of({ functionName: '(anonymous)', column: 14 }).file).toBe('dist/main.js');
    expect(of({ column: 36 })).toEqual(RESOLVED);
  });

  test('such as code without a source', () => {
    const { of } = resolverIn({
      'dist/main.js': withMap(base64(JSON.stringify({ ...MAP, mappings: 'A,SAASA,C' }))),
    });
    expect(of({ column: 12 }).file).toBe('dist/main.js');
  });
});

describe('caches', () => {
  const many = Object.fromEntries(
    Array.from({ length: 20 }, (_, at) => [`dist/${at}.js`, withMap(base64(json))]),
  );

  test('a limited number of maps', () => {
    const { of, folder, resolver } = resolverIn(many, { limits: { maxMaps: 5 } });
    for (const name of [...Object.keys(many), ...Object.keys(many)]) {
      expect(of({ file: path.join(folder, name) })).toEqual(RESOLVED);
    }
    expect(resolver.counts).toMatchObject({ maps: 5, unusable: 0 });
  });

  test('a limited number of bytes', () => {
    const one = resolverIn({ 'dist/main.js': withMap(base64(json)) });
    one.of();
    const { bytes } = one.resolver.counts;
    const { of, folder, resolver } = resolverIn(many, { limits: { maxTotalBytes: bytes * 3 } });
    for (const name of Object.keys(many)) expect(of({ file: path.join(folder, name) })).toEqual(RESOLVED);
    expect(resolver.counts).toEqual({ maps: 3, bytes: bytes * 3, unusable: 0 });
  });

  test('no source texts', () => {
    const large = JSON.stringify({ ...MAP, sourcesContent: ['x'.repeat(5_000_000)] });
    const { of, resolver } = resolverIn({ 'dist/main.js': withMap('a'), 'dist/a': large });
    expect(of()).toEqual(RESOLVED);
    expect(resolver.counts.bytes).toBeLessThan(1000);
  });
});
