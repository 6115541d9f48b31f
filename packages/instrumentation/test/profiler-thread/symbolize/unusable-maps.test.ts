import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../../../../test/support/run-command.js';
import { base64, type Files, frameIn, GENERATED, json, MAP, resolverIn, withMap } from './application.js';

describe('an unusable map is reported once, and frames stay unchanged', () => {
  const unusable: [string, Files, string][] = [
    ['missing', { 'dist/main.js': withMap('main.js.map') }, '/dist/main.js.map does not exist'],
    [
      'on the web',
      { 'dist/main.js': withMap('https://a.example/m') },
      'it is at a https: URL, which is not followed',
    ],
    [
      'of an unknown scheme',
      { 'dist/main.js': withMap('ftp://a.example/m') },
      'it is at a ftp: URL, which is not followed',
    ],
    [
      'outside of the package',
      { 'dist/main.js': withMap('../../../etc/passwd') },
      "its URL leads out of the program's package",
    ],
    [
      'outside, in escapes',
      { 'dist/main.js': withMap('%2e%2e/%2e%2e/%2e%2e/etc/passwd') },
      "its URL leads out of the program's package",
    ],
    [
      'at an absolute path outside',
      { 'dist/main.js': withMap('/etc/passwd') },
      "its URL leads out of the program's package",
    ],
    [
      'at a file: URL outside',
      { 'dist/main.js': withMap('file:///etc/passwd') },
      "its URL leads out of the program's package",
    ],
    ['on another host', { 'dist/main.js': withMap('//host/share/a.map') }, 'its URL cannot be understood'],
    [
      'at a URL with a NUL',
      { 'dist/main.js': withMap('a%00b') },
      'it cannot be read (ERR_INVALID_ARG_VALUE)',
    ],
    ['a folder', { 'dist/main.js': withMap('maps'), 'dist/maps/a': '' }, 'it cannot be read (EINVAL)'],
    [
      'a data: URL without data',
      { 'dist/main.js': withMap('data:application/json') },
      'its data: URL has no data',
    ],
    ['a broken data: URL', { 'dist/main.js': withMap('data:,%ff') }, 'its data: URL cannot be decoded'],
    ['no base64', { 'dist/main.js': withMap('data:;base64,****') }, 'it is not JSON: not an object'],
    ['empty', { 'dist/main.js': withMap('a'), 'dist/a': '' }, 'it is not JSON: not an object'],
    ['no map', { 'dist/main.js': withMap('../package.json') }, 'its version is not 3'],
    [
      'cut',
      { 'dist/main.js': withMap('a'), 'dist/a': json.slice(0, -9) },
      'it is not JSON: it ends within a string',
    ],
    [
      'binary',
      { 'dist/main.js': withMap('a'), 'dist/a': Buffer.alloc(10_000, 0xff) },
      'it is not JSON: not an object',
    ],
    [
      'garbage',
      { 'dist/main.js': withMap(base64(JSON.stringify({ ...MAP, mappings: '§' }))) },
      'it has mappings that cannot be read',
    ],
  ];

  test.each(unusable)('%s', (_, files, reason) => {
    const { of, reports, resolver } = resolverIn(files);
    expect(of()).toEqual(GENERATED);
    expect(of({ functionName: 'c' })).toEqual({ ...GENERATED, functionName: 'c' });
    expect(reports).toEqual([`source map of /dist/main.js is not used: ${reason}`]);
    expect(resolver.counts).toEqual({ maps: 0, bytes: 0, unusable: 1 });
  });

  test('a pipe, which has no end', async () => {
    const { of, reports, folder } = resolverIn({ 'dist/main.js': withMap('pipe') });
    expect((await runCommand('mkfifo', [path.join(folder, 'dist/pipe')])).status).toBe(0);
    expect(of()).toEqual(GENERATED);
    expect(reports).toEqual(['source map of /dist/main.js is not used: it cannot be read (EINVAL)']);
    expect(of({ file: path.join(folder, 'dist/pipe') }).file).toBe('dist/pipe');
  });

  test('a device, which has no end', () => {
    const { of, reports, folder } = resolverIn({ 'dist/main.js': withMap('zero') });
    symlinkSync('/dev/zero', path.join(folder, 'dist/zero'));
    expect(of()).toEqual(GENERATED);
    expect(reports).toHaveLength(1);
  });

  test('a map that is too large', () => {
    const limits = { maxMapBytes: json.length - 1 };
    const beside = resolverIn({ 'dist/main.js': withMap('a'), 'dist/a': json }, { limits });
    expect(beside.of()).toEqual(GENERATED);
    expect(beside.reports[0]).toMatch(/it is too large: \d+ bytes, more than the \d+ allowed$/);
    const inline = resolverIn({ 'dist/main.js': withMap(base64(json)) }, { limits });
    expect(inline.of()).toEqual(GENERATED);
    expect(
      resolverIn({ 'dist/main.js': withMap('a'), 'dist/a': json }, { limits: { maxTotalBytes: 10 } }).of(),
    ).toEqual(GENERATED);
  });

  test('a package that came without its maps is reported once', () => {
    const files = Object.fromEntries(
      ['x/a.js', 'x/lib/b.js', 'y/c.js'].map((name) => [`node_modules/${name}`, withMap('none')]),
    );
    const manifests = { 'node_modules/x/package.json': '{"name":"x"}', 'node_modules/y/package.json': '{}' };
    const { of, folder, reports } = resolverIn({ ...files, ...manifests });
    for (const name of Object.keys(files)) of({ file: path.join(folder, name) });
    expect(reports).toEqual([
      'source maps of /node_modules/x are not used: /node_modules/x/none does not exist',
      'source maps of /node_modules/y are not used: /node_modules/y/none does not exist',
    ]);
  });

  test('stops reporting after many maps', () => {
    const files = Object.fromEntries(
      Array.from({ length: 300 }, (_, at) => [`dist/${at}.js`, withMap('none')]),
    );
    const { of, folder, reports } = resolverIn(files);
    for (const name of Object.keys(files)) of({ file: path.join(folder, name) });
    expect(reports).toHaveLength(201);
    expect(reports.at(-1)).toBe('source maps: no more of those that cannot be used are reported');
  });
});

test('resolves a frame whatever the map contains', () => {
  const { folder, resolver } = resolverIn({});
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom('AAEA,SAASA', ['a.ts'], [null], 3, -1, 2 ** 53));
  const map = fc.record(
    {
      version: fc.constantFrom(3, 3, 3, 4),
      sources: value,
      names: value,
      mappings: value,
      sourceRoot: value,
      sections: value,
    },
    { requiredKeys: ['version'] },
  );
  let count = 0;
  fc.assert(
    fc.property(
      fc.oneof(
        map.map((content) => JSON.stringify(content)),
        fc.string(),
      ),
      (text) => {
        const file = path.join(folder, `${count++}.js`);
        writeFileSync(file, withMap(base64(text)));
        const frame = resolver.of(frameIn(folder, { file }));
        expect(frame.line).toBeGreaterThan(0);
        expect(frame.functionName).not.toBe('');
      },
    ),
    { seed: 41, numRuns: 500 },
  );
});

test('resolves frames with parts of real maps', () => {
  const built = new URL('fixtures/built/', import.meta.url);
  const program = readFileSync(new URL('webpack.mjs.txt', built), 'utf8');
  const text = readFileSync(new URL('webpack.mjs.map.txt', built), 'utf8');
  const { folder, resolver, reports } = resolverIn({});
  for (let cut = 0; cut < text.length; cut += 97) {
    const file = path.join(folder, `${cut}.js`);
    writeFileSync(
      file,
      program.replace(/sourceMappingURL=.*/, `sourceMappingURL=${base64(text.slice(0, cut))}`),
    );
    expect(resolver.of(frameIn(folder, { file, column: 2000 })).file).toBe(file);
  }
  expect(new Set(reports).size).toBe(reports.length);
});
