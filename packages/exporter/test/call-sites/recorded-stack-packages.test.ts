import { describe, expect, test } from 'vitest';
import { type OwnPackage, RecordedStackPackages } from '../../src/call-sites/index.js';

const NOWHERE = { libdest: '', sitePackages: [], sysPath: [] };

function nodePackageOf(files: readonly string[], sysPath: readonly string[] = [], own?: OwnPackage): string {
  const packages = new RecordedStackPackages({ language: 'node', ...NOWHERE, sysPath }, own);
  return packages.packageOf(files.map((file) => ({ functionName: 'f', file })));
}

describe('for a Node program', () => {
  test.each([
    ['/srv/node_modules/a/index.js', 'a'],
    ['/srv/node_modules/@s/a/lib/index.js', '@s/a'],
    ['/srv/node_modules/a/node_modules/b/index.js', 'b'],
    ['/srv/node_modules/.pnpm/a@1.0.0/node_modules/b/index.js', 'b'],
    ['/srv/node_modules/.bun/a@1.0.0/node_modules/a/index.js', 'a'],
    ['/srv/.yarn/cache/a-npm-1.0.0-0123456789-89abcdef01.zip/node_modules/a/index.js', 'a'],
    [
      '/srv/.yarn/__virtual__/a-virtual-0123456789/0/cache/a-npm-1.0.0-0123456789-89.zip/node_modules/a/i.js',
      'a',
    ],
    ['/srv/node_modules/.store/a-npm-1.0.0-0123456789/package/index.js', 'a'],
    ['/srv/node_modules/.store/@s-a-npm-1.0.0-0123456789/package/index.js', '@s/a'],
    ['/srv/node_modules/_a@1.0.0@a/index.js', 'a'],
    ['/srv/node_modules/_@s_a@1.0.0@@s/a/index.js', '@s/a'],
    ['/srv/resources/app.asar/node_modules/a/index.js', 'a'],
    ['C:\\srv\\node_modules\\@s\\a\\index.js', '@s/a'],
    ['\\\\server\\share\\node_modules\\a\\index.js', 'a'],
    ['file:///srv/my%20shop/node_modules/%40s/a/index.mjs?v=2', '@s/a'],
    ['file:///C:/my%20shop/node_modules/a/index.mjs', 'a'],
    ['file://host/node_modules/a/index.mjs', 'a'],
    ['webpack://shop/./node_modules/a/index.js', 'a'],
    ['node:internal/timers', 'node:'],
    ['', '(none)'],
    ['(native)', '(none)'],
    ['[eval]', '(none)'],
    ['evalmachine.<anonymous>', '(none)'],
    ['/srv/app.js', '(none)'],
    ['/srv/node_modules', '(none)'],
    ['/srv/node_modules/a.js', '(none)'],
    ['/srv/node_modules/.cache/a.js', '(none)'],
    ['/srv/node_modules/.store/a/index.js', '(none)'],
  ])('%j belongs to %s', (file, name) => {
    expect(nodePackageOf([file])).toBe(name);
  });

  test('takes little time when a folder has a very long name', () => {
    const folder = `${'-npm-1'.repeat(200_000)}/package/index.js`;
    expect(nodePackageOf([`/srv/node_modules/.store/${folder}`])).toBe('(none)');
  });

  test('skips frames of the runtime, from the innermost outwards', () => {
    expect(nodePackageOf(['', 'node:fs', '/srv/node_modules/a/index.js'])).toBe('a');
    expect(nodePackageOf(['(heapray)', '(native)', '/srv/node_modules/a/index.js'])).toBe('a');
    expect(nodePackageOf(['(heapray)', '', 'node:events', ''])).toBe('node:');
    expect(nodePackageOf([])).toBe('(none)');
  });

  test("names the program's own files by the result of the caller, or else by the program's folder", () => {
    const own: OwnPackage = (file) => (file === '/srv/shop/packages/ui/a.js' ? '@acme/ui' : undefined);
    expect(nodePackageOf(['/srv/shop/packages/ui/a.js'], ['/srv/shop'], own)).toBe('@acme/ui');
    expect(nodePackageOf(['/srv/shop/server.js'], ['/srv/shop/'], own)).toBe('shop');
    expect(nodePackageOf(['file:///srv/shop/server.mjs'], ['/srv/shop'], own)).toBe('shop');
    expect(nodePackageOf(['C:\\shop\\server.js'], ['C:\\shop'], own)).toBe('shop');
    expect(nodePackageOf(['/srv/shopping/server.js'], ['/srv/shop'], own)).toBe('(none)');
    expect(nodePackageOf(['/a.js'], ['/'], own)).toBe('(none)');
    expect(nodePackageOf(['/srv/shop/node_modules/a/index.js'], ['/srv/shop'], own)).toBe('a');
  });

  test('the call site is the innermost frame outside the runtime', () => {
    const packages = new RecordedStackPackages({ language: 'node', ...NOWHERE });
    const [leaf, own] = [
      { functionName: 'set', file: '(native)' },
      { functionName: 'cache', file: '/srv/a.js' },
    ];
    expect(packages.callSite([leaf!, own!])).toBe(own);
    expect(packages.callSite([leaf!])).toBe(leaf);
    expect(packages.callSite([])).toBeUndefined();
  });
});

describe('for a Python program', () => {
  test('the module is that of the innermost frame outside the standard library, and the call site is the innermost frame', () => {
    const packages = new RecordedStackPackages({ language: 'python', ...NOWHERE });
    const stack = [
      { functionName: 'wait', file: '/usr/lib64/python3.13t/threading.py' },
      { functionName: 'run', file: '/usr/lib64/python3.13t/site-packages/airflow/jobs/job.py' },
    ];
    expect(packages.packageOf(stack)).toBe('airflow');
    expect(packages.packageOf(stack.slice(0, 1))).toBe('<root>');
    expect(packages.callSite(stack)).toBe(stack[0]);
  });
});
