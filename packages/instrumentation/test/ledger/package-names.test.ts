import { describe, expect, test } from 'vitest';
import { NO_PACKAGE, packageNames } from '../../src/ledger/package-names.js';

/** The package of a file when these folders have a package.json. */
function nameOf(file: string, manifests: Record<string, string> = {}): string {
  return packageNames((folder) => manifests[folder])(file);
}

describe('code of a dependency', () => {
  test.each([
    ['/srv/app/node_modules/express/lib/router.js', 'express'],
    ['/srv/app/node_modules/@scope/name/index.js', '@scope/name'],
    ['/srv/app/node_modules/a/node_modules/b/index.js', 'b'],
    ['/srv/app/node_modules/a/node_modules/@scope/b/dist/x.js', '@scope/b'],
    ['/srv/app/node_modules/.pnpm/left-pad@1.3.0/node_modules/left-pad/index.js', 'left-pad'],
    ['/srv/app/node_modules/.pnpm/@s+n@1.0.0_peer@2.0.0/node_modules/@s/n/index.js', '@s/n'],
    ['/srv/app/.yarn/cache/x-npm-1.0.0-aa.zip/node_modules/x/index.js', 'x'],
    ['C:\\app\\node_modules\\express\\lib\\router.js', 'express'],
    ['C:\\app\\node_modules\\@scope\\name\\index.js', '@scope/name'],
  ])('%s belongs to %s', (file, expected) => {
    expect(nameOf(file, { '/srv/app': 'shop' })).toBe(expected);
  });
});

describe('code of the application', () => {
  test('belongs to the nearest package.json above it', () => {
    const manifests = { '/srv': 'everything', '/srv/app': 'shop', '/srv/app/packages/cart': 'cart' };
    expect(nameOf('/srv/app/main.js', manifests)).toBe('shop');
    expect(nameOf('/srv/app/src/deep/er/x.js', manifests)).toBe('shop');
    expect(nameOf('/srv/app/packages/cart/src/x.js', manifests)).toBe('cart');
    expect(nameOf('/srv/other/x.js', manifests)).toBe('everything');
  });

  test('belongs to no package when there is no package.json up to the root', () => {
    expect(nameOf('/tmp/script.js')).toBe(NO_PACKAGE);
    expect(NO_PACKAGE).toBe('(none)');
  });

  test('a package.json at the root counts', () => {
    expect(nameOf('/x/y.js', { '/': 'container' })).toBe('container');
  });
});

test('the runtime is one package', () => {
  expect(nameOf('node:fs')).toBe('node:');
  expect(nameOf('node:internal/streams/readable')).toBe('node:');
});

test.each(['', 'evalmachine.<anonymous>', 'wasm://wasm/1234', 'C:\\app\\main.js'])(
  'code that is no file here, "%s", belongs to no package',
  (file) => {
    expect(nameOf(file, { '.': 'wrong', '/': 'wrong' })).toBe(NO_PACKAGE);
  },
);

test('each folder is read once', () => {
  const read: string[] = [];
  const packageOf = packageNames((folder) => {
    read.push(folder);
    return folder === '/srv' ? 'shop' : undefined;
  });
  for (const file of ['/srv/a/x.js', '/srv/a/y.js', '/srv/b/x.js', '/srv/a/x.js']) packageOf(file);
  expect(read).toEqual(['/srv/a', '/srv', '/srv/b']);
});
