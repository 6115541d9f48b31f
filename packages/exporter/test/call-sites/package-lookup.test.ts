import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { NO_PACKAGE, PackageLookup } from '../../src/call-sites/index.js';

/** Returns a lookup that finds only these manifests: folder -> `name@version`, or just one of the two. */
function lookupOf(manifests: Readonly<Record<string, string>>, paths: path.PlatformPath = path.posix) {
  const read: string[] = [];
  const lookup = new PackageLookup({
    paths,
    realPath: (folder) => folder,
    readManifest: (folder) => {
      read.push(folder);
      const [, name, version] = /^(.*?)(?:@([^@]*))?$/.exec(manifests[folder] ?? '') ?? [];
      return manifests[folder] === undefined ? undefined : { name: name || undefined, version };
    },
  });
  const packageOf = (file: string) => {
    const { name, version } = lookup.packageOf(file);
    return version === undefined ? name : `${name}@${version}`;
  };
  return { lookup, packageOf, read };
}

describe('an installed package', () => {
  test.each([
    ['plain', '/app/node_modules/x/lib/a.js', '/app/node_modules/x', 'x@1.0.0'],
    ['scoped', '/app/node_modules/@s/x/a.js', '/app/node_modules/@s/x', '@s/x@1.0.0'],
    ['nested', '/app/node_modules/y/node_modules/x/a.js', '/app/node_modules/y/node_modules/x', 'x@1.0.0'],
    [
      "in pnpm's store",
      '/app/node_modules/.pnpm/x@1.0.0_y@2.0.0/node_modules/x/a.js',
      '/app/node_modules/.pnpm/x@1.0.0_y@2.0.0/node_modules/x',
      'x@1.0.0',
    ],
    [
      'under a folder with a manifest of its own',
      '/app/node_modules/x/dist/esm/a.js',
      '/app/node_modules/x',
      'x@1.0.0',
    ],
  ])('%s', (_, file, folder, expected) => {
    const { packageOf } = lookupOf({
      '/app': 'app@9.9.9',
      '/app/node_modules/y': 'y@2.0.0',
      '/app/node_modules/x/dist/esm': 'not-x@3.0.0',
      [folder]: '@1.0.0',
    });
    expect(packageOf(file)).toBe(expected);
  });

  test('is named by its folder when it is an alias', () => {
    const { packageOf } = lookupOf({ '/app/node_modules/old-x': 'x@0.9.0' });
    expect(packageOf('/app/node_modules/old-x/a.js')).toBe('old-x@0.9.0');
  });

  test('has the version in the path of its store when it has no manifest', () => {
    const { packageOf } = lookupOf({});
    expect(packageOf('/a/node_modules/.pnpm/x@1.2.3/node_modules/x/a.js')).toBe('x@1.2.3');
    expect(packageOf('/a/node_modules/.pnpm/@s+x@1.2.3-rc.1_y@2/node_modules/@s/x/a.js')).toBe(
      '@s/x@1.2.3-rc.1',
    );
    expect(packageOf('/a/node_modules/.pnpm/x@1.2.3(y@2)/node_modules/x/a.js')).toBe('x@1.2.3');
    expect(packageOf('/a/node_modules/.pnpm/x@1.2.3/node_modules/other/a.js')).toBe('other');
    expect(packageOf('/a/node_modules/x/a.js')).toBe('x');
  });

  test("is found in Yarn's archives, which only Yarn can read", () => {
    const { packageOf } = lookupOf({});
    const cache = '/app/.yarn/cache';
    expect(packageOf(`${cache}/x-npm-4.17.21-6382451519-eb835a2e51.zip/node_modules/x/a.js`)).toBe(
      'x@4.17.21',
    );
    expect(packageOf(`${cache}/@s-x-npm-1.0.0-beta.2-0123456789-89abcdef01.zip/node_modules/@s/x/a.js`)).toBe(
      '@s/x@1.0.0-beta.2',
    );
    expect(packageOf('/app/.yarn/unplugged/x-npm-0.32.1-0123456789/node_modules/x/a.js')).toBe('x@0.32.1');
  });

  test("is found under Yarn's virtual folders", () => {
    const { packageOf } = lookupOf({ '/app/packages/ui': 'ui@1.0.0', '/app': 'app@2.0.0' });
    const virtual = '/app/.yarn/__virtual__';
    expect(packageOf(`${virtual}/ui-virtual-0123456789/1/packages/ui/a.js`)).toBe('ui@1.0.0');
    expect(
      packageOf(
        `${virtual}/x-virtual-0123456789/0/cache/x-npm-1.0.0-0123456789-89abcdef01.zip/node_modules/x/a.js`,
      ),
    ).toBe('x@1.0.0');
    expect(packageOf('/app/__virtual__/a/0/$$virtual/b/0/packages/ui/a.js')).toBe('ui@1.0.0');
    expect(packageOf('/app/__virtual__/a/99/packages/ui/a.js')).toBe('(none)');
  });

  test('is not found when its folder starts with a dot', () => {
    const { packageOf } = lookupOf({
      '/app': 'app@1.0.0',
      '/app/node_modules/.prisma/client': '.prisma/client@2.0.0',
    });
    expect(packageOf('/app/node_modules/.prisma/client/index.js')).toBe('.prisma/client@2.0.0');
    expect(packageOf('/app/node_modules/.cache/tool/a.js')).toBe('app@1.0.0');
  });
});

describe('any other file', () => {
  test('belongs to the nearest package.json that has a name', () => {
    const { packageOf } = lookupOf({
      '/repo': 'repo@0.0.0',
      '/repo/packages/ui': 'ui@1.0.0',
      '/repo/packages/ui/dist': '',
    });
    expect(packageOf('/repo/packages/ui/dist/esm/a.js')).toBe('ui@1.0.0');
    expect(packageOf('/repo/packages/other/a.js')).toBe('repo@0.0.0');
    expect(packageOf('/elsewhere/a.js')).toBe('(none)');
  });

  test('is not in a package when the file itself is named node_modules', () => {
    const { packageOf } = lookupOf({ '/app': 'app@1.0.0' });
    expect(packageOf('/app/node_modules')).toBe('app@1.0.0');
    expect(packageOf('/app/node_modules/a.js')).toBe('app@1.0.0');
    expect(packageOf('/app/node_modules/@s/a.js')).toBe('app@1.0.0');
  });

  test.each([
    '',
    'relative.js',
    '[eval]',
    'evalmachine.<anonymous>',
    'wasm://wasm/1234',
    'data:text/javascript,1',
  ])('%j belongs to no package', (file) => {
    expect(lookupOf({ '/': 'root@1.0.0' }).lookup.packageOf(file)).toBe(NO_PACKAGE);
  });

  test('belongs to node: when it is of the runtime', () => {
    expect(lookupOf({}).packageOf('node:internal/streams')).toBe(`node:@${process.versions.node}`);
  });
});

test('supports Windows paths', () => {
  const { packageOf } = lookupOf(
    {
      'C:\\app': 'app@1.0.0',
      'C:\\app\\node_modules\\x': '@2.0.0',
      'C:\\app\\node_modules\\@s\\x': '@3.0.0',
      '\\\\server\\share\\y': 'y@4.0.0',
    },
    path.win32,
  );
  expect(packageOf('C:\\app\\src\\a.js')).toBe('app@1.0.0');
  expect(packageOf('C:\\app\\node_modules\\x\\a.js')).toBe('x@2.0.0');
  expect(packageOf('C:\\app\\node_modules\\@s\\x\\a.js')).toBe('@s/x@3.0.0');
  expect(packageOf('C:\\app/node_modules/z/a.js')).toBe('z');
  expect(packageOf('D:\\other\\a.js')).toBe('(none)');
  expect(packageOf('\\\\server\\share\\y\\src\\a.js')).toBe('y@4.0.0');
});

test('supports URLs, and names that are not paths', () => {
  const { packageOf } = lookupOf({ '/my app': 'app@1.0.0', '/my app/node_modules/x': '@2.0.0' });
  expect(packageOf('file:///my%20app/a.mjs?v=1')).toBe('app@1.0.0');
  expect(packageOf('file:///my%20app/node_modules/x/a.mjs')).toBe('x@2.0.0');
  expect(packageOf('webpack://app/./node_modules/y/a.js')).toBe('y');
});

test('reads no more manifests than allowed', () => {
  const read: string[] = [];
  const lookup = new PackageLookup({
    paths: path.posix,
    realPath: (folder) => folder,
    readManifest: (folder) => {
      read.push(folder);
      return { name: folder, version: undefined };
    },
    maxReads: 3,
  });
  for (let at = 0; at < 10; at++) lookup.packageOf(`/app${at}/a.js`);
  expect(read).toEqual(['/app0', '/app1', '/app2']);
  expect(lookup.packageOf('/app9/a.js')).toBe(NO_PACKAGE);
  expect(lookup.packageOf('/app9/node_modules/x/a.js').name).toBe('x');
});

test('reads each manifest once', () => {
  const { packageOf, read } = lookupOf({ '/app': 'app@1.0.0', '/app/node_modules/x': '@2.0.0' });
  for (const name of ['a', 'b', 'c']) {
    packageOf(`/app/src/deep/${name}.js`);
    packageOf(`/app/src/${name}.js`);
    packageOf(`/app/node_modules/x/${name}.js`);
    packageOf(`/app/node_modules/x/lib/${name}.js`);
  }
  expect(read.sort()).toEqual(['/app', '/app/node_modules/x', '/app/src', '/app/src/deep']);
});

describe('real folders', () => {
  test('follows links to the workspace member', () => {
    const folder = tempFolder();
    mkdirSync(path.join(folder, 'packages/ui/src'), { recursive: true });
    writeFileSync(path.join(folder, 'packages/ui/package.json'), '\uFEFF{"name":"ui","version":"1.0.0"}');
    symlinkSync(path.join(folder, 'packages/ui/src'), path.join(folder, 'current'));
    const lookup = new PackageLookup();
    expect(lookup.packageOf(path.join(folder, 'current', 'a.js'))).toEqual({ name: 'ui', version: '1.0.0' });
    expect(lookup.rootOf(path.join(folder, 'current', 'a.js'))).toBe(path.join(folder, 'packages/ui'));
  });

  test.each([
    ['that is a folder', undefined],
    ['that is not JSON', '{'],
    ['that is not an object', '[]'],
    ['that is null', 'null'],
    ['with a name that is not a string', '{"name":7,"version":{}}'],
    ['with a name of several lines', '{"name":"a\\nb","version":"1\\u0000"}'],
    ['with a huge name', JSON.stringify({ name: 'x'.repeat(1000) })],
    ['that is huge', `{"name":"huge","x":"${'x'.repeat(2_000_000)}"}`],
  ])('ignores a manifest %s', (_, content) => {
    const folder = tempFolder();
    writeFileSync(path.join(folder, 'package.json'), '{"name":"outer","version":"1.0.0"}');
    mkdirSync(path.join(folder, 'inner'));
    const manifest = path.join(folder, 'inner/package.json');
    if (content === undefined) mkdirSync(manifest);
    else writeFileSync(manifest, content);
    expect(new PackageLookup().packageOf(path.join(folder, 'inner/a.js')).name).toBe('outer');
  });
});
