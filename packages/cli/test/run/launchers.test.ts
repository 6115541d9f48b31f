// Which processes and scripts count.
import { describe, expect, test } from 'vitest';
import { isLauncher } from '../../src/run/launchers.js';
import { mainScriptOf } from '../../src/run/main-script.js';

describe('launchers', () => {
  test.each([
    '/usr/bin/npm',
    '/usr/lib/node_modules/npm/bin/npm-cli.js',
    '/usr/lib/node_modules/npm/bin/npx-cli.js',
    '/srv/.yarn/releases/yarn-4.9.1.cjs',
    '/usr/bin/yarn.js',
    '/opt/pnpm.cjs',
    '/usr/bin/corepack',
    '/srv/node_modules/.bin/tsx',
    '/srv/node_modules/.bin/nodemon',
    'npm',
  ])('%s', (script) => {
    expect(isLauncher(script)).toBe(true);
  });

  test.each([
    undefined,
    '',
    '/srv/npm/server.js',
    '/srv/npm-audit-service.js',
    '/srv/yarns.js',
    '/srv/tsx/main.js',
    '/srv/npm.mts',
  ])('not %s', (script) => {
    expect(isLauncher(script)).toBe(false);
  });
});

describe('main scripts', () => {
  test.each<[string[], string]>([
    [['node', 'server.js', '--port', '80'], 'server.js'],
    [['/usr/bin/node', '--inspect', '-r', './setup.js', '--import', 'tsx', 'server.ts'], 'server.ts'],
    [['node.exe', '--', 'server.js'], 'server.js'],
    [['node', '-e', '1'], '1'],
    [['node'], 'node'],
    [['npm', 'start'], 'npm'],
    [['./bin/serve', 'a.js'], './bin/serve'],
  ])('%j', ([command, ...args], script) => {
    expect(mainScriptOf(command!, args)).toBe(script);
  });
});
