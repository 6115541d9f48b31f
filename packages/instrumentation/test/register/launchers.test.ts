import { describe, expect, test } from 'vitest';
import { isLauncher } from '../../src/register/launchers.js';

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
