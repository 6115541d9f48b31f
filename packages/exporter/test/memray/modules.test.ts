import { expect, test } from 'vitest';
import type { MemrayHeader } from '../../src/memray/index.js';
import { ModuleResolver } from '../../src/memray/modules.js';

const header = {
  libdest: 'node:internal',
  sitePackages: ['/srv/app/node_modules/a/node_modules', '/srv/app/node_modules'],
  sysPath: ['/srv/app'],
} as unknown as MemrayHeader;

function moduleOf(...files: string[]): string {
  return new ModuleResolver(header).moduleOf(files.map((file) => ({ functionName: 'f', file, line: 1 })));
}

test.each([
  ['/srv/app/node_modules/express/lib/router.js', 'express'],
  ['/srv/app/node_modules/@scope/pkg/index.js', '@scope'],
  ['/srv/app/node_modules/a/node_modules/b/index.js', 'b'],
  ['/srv/app/src/server.js', 'src'],
  ['/srv/app/server.js', 'server'],
  ['/elsewhere/tool.min.js', 'tool'],
  ['node:fs', 'node:fs'],
  ['', 'unknown'],
  ['/srv/app/package/__init__.py', 'package'],
  ['/srv/appendix/x.js', 'x'],
])('%s is of %s', (file, module) => {
  expect(moduleOf(file)).toBe(module);
});

test('the standard library is walked through, outwards', () => {
  expect(moduleOf('node:internal/timers', '<frozen runpy>', '/srv/app/src/a.js')).toBe('src');
  expect(moduleOf('node:internal/timers')).toBe('<root>');
  expect(moduleOf()).toBe('<root>');
  expect(moduleOf('/srv/app/node_modules/memray/x.py', '/srv/app/src/a.js')).toBe('<root>');
});
