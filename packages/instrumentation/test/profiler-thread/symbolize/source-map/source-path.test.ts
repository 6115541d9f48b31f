import { describe, expect, test } from 'vitest';
import { sourcePath } from '../../../../src/profiler-thread/symbolize/source-map/source-path.js';

const PLACE = { folder: '/repo/app/dist/js', packageFolder: '/repo/app' };
const pathOf = (source: string, ...files: string[]) =>
  sourcePath(source, PLACE, (file) => files.includes(file));

describe('paths', () => {
  test.each([
    ['relative to the map', '../../src/a.ts', '/repo/app/src/a.ts'],
    ['beside the map', './a.ts', '/repo/app/dist/js/a.ts'],
    ['of a dependency', '../../../node_modules/x/a.js', '/repo/node_modules/x/a.js'],
    ['absolute', '/other/../src/a.ts', '/src/a.ts'],
    ['of Windows', 'C:\\src\\..\\a.ts', 'C:\\a.ts'],
    ['file: URLs', 'file:///src/my%20file.ts', '/src/my file.ts'],
    ['file: URLs of Windows', 'file:///C:/src/a.ts', 'C:\\src\\a.ts'],
    ['file: URLs that are none', 'file://elsewhere/a.ts', 'file://elsewhere/a.ts'],
    ['with escapes', '../my%20file.ts', '/repo/app/dist/my file.ts'],
    ['with a per cent sign', '../100%.ts', '/repo/app/dist/100%.ts'],
    ['on the web', 'https://a.example/b.ts?c#d', 'https://a.example/b.ts'],
    ['of a module that Rollup has made', '../\u0000commonjsHelpers.js', '/repo/app/dist/commonjsHelpers.js'],
  ])('%s', (_, source, expected) => {
    expect(pathOf(source)).toBe(expected);
  });
});

describe("bundlers' sources are in the package when nothing else is known", () => {
  test.each([
    ['webpack:///./src/a.ts', 'src/a.ts'],
    ['webpack:///src/a.ts', 'src/a.ts'],
    ['webpack://app/./src/a.ts', 'src/a.ts'],
    ['webpack://app/./src/a.vue?1a2b', 'src/a.vue'],
    ['webpack:///(server)/./src/a.ts', 'src/a.ts'],
    ['webpack:///./loader.js!./src/a.ts', 'src/a.ts'],
    ['webpack://app/webpack/bootstrap', 'webpack/bootstrap'],
    ['webpack://app/../lib/a.ts', '../lib/a.ts'],
    ['webpack-internal:///./src/a.ts', 'src/a.ts'],
    ['turbopack:///[project]/src/a.ts', 'src/a.ts'],
    ['webpack://_N_E/./node_modules/x/a.js', 'node_modules/x/a.js'],
  ])('%s', (source, expected) => {
    expect(pathOf(source)).toBe(expected.startsWith('../') ? '/repo/lib/a.ts' : `/repo/app/${expected}`);
  });

  test('absolute ones are used as they are', () => {
    expect(pathOf('webpack:////src/a.ts')).toBe('/src/a.ts');
    expect(pathOf('webpack:///C:/src/a.ts')).toBe('C:\\src\\a.ts');
  });
});

test("finds existing sources of bundlers from the map's folder upwards", () => {
  const source = 'webpack://app/./src/a.ts';
  expect(pathOf(source, '/repo/app/src/a.ts', '/repo/src/a.ts')).toBe('/repo/app/src/a.ts');
  expect(pathOf(source, '/repo/src/a.ts')).toBe('/repo/src/a.ts');
  expect(pathOf(source, '/repo/app/dist/src/a.ts', '/repo/src/a.ts')).toBe('/repo/app/dist/src/a.ts');
});
