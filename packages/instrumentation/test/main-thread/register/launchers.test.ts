import { describe, expect, test } from 'vitest';
import { isLauncher, packageOf, roleOf } from '../../../src/main-thread/register/launchers.js';

describe('a launcher', () => {
  test.each([
    '/usr/bin/npm',
    '/usr/lib/node_modules/npm/bin/npm-cli.js',
    '/usr/lib/node_modules/npm/bin/npx-cli.js',
    '/srv/.yarn/releases/yarn-4.9.1.cjs',
    '/usr/bin/yarn.js',
    '/opt/yarn-v1.22.22/bin/yarn.js',
    '/opt/pnpm.cjs',
    '/home/node/.cache/node/corepack/v1/pnpm/9.1.0/bin/pnpm.cjs',
    '/usr/bin/corepack',
    '/srv/node_modules/.bin/tsx',
    '/srv/node_modules/.bin/nodemon',
    'npm',
    '/srv/node_modules/env-cmd/bin/env-cmd.js',
    '/srv/node_modules/dotenv-cli/cli.js',
    '/srv/node_modules/@dotenvx/dotenvx/src/cli/dotenvx.js',
    '/srv/node_modules/npm-run-all/bin/run-s/index.js',
    '/srv/node_modules/.pnpm/concurrently@9.2.1/node_modules/concurrently/dist/bin/concurrently.js',
    '/srv/.yarn/cache/env-cmd-npm-10.1.0-ab.zip/node_modules/env-cmd/bin/env-cmd.js',
    '/srv/node_modules/pm2/lib/Daemon.js',
    '/usr/lib/node_modules/pm2/bin/pm2',
    '/srv/node_modules/nx/src/daemon/server/start.js',
    'C:\\srv\\node_modules\\cross-env\\src\\bin\\cross-env.js',
    'C:\\Program Files\\nodejs\\node_modules\\npm\\bin\\npm-cli.js',
    'C:\\srv\\npx.cmd',
  ])('%s', (script) => {
    expect(isLauncher(script)).toBe(true);
    expect(roleOf({ mainScript: script, args: [], isInherited: false })).toBe('launcher');
  });

  test.each([
    undefined,
    '',
    '/srv/npm/server.js',
    '/srv/npm-audit-service.js',
    '/srv/yarns.js',
    '/srv/tsx/main.js',
    '/srv/npm.mts',
    '/srv/node_modules/pm2/lib/ProcessContainer.js',
    'C:\\srv\\node_modules\\pm2\\lib\\ProcessContainerFork.js',
    '/srv/node_modules/npm-service/bin/npm.js',
  ])('not %s', (script) => {
    expect(isLauncher(script)).toBe(false);
    expect(roleOf({ mainScript: script, args: [], isInherited: false })).toBe('program');
  });
});

describe('with a preload from NODE_OPTIONS', () => {
  const role = ([mainScript, ...args]: readonly string[]) => roleOf({ mainScript, args, isInherited: true });

  test.each([
    ['/srv/node_modules/jest/bin/jest.js'],
    ['/srv/node_modules/jest-worker/build/workers/processChild.js'],
    ['/srv/node_modules/vitest/vitest.mjs', 'run'],
    ['/srv/node_modules/mocha/bin/mocha.js'],
  ])('a test runner is a launcher: %s', (...words) => {
    expect(role(words)).toBe('launcher');
  });

  test.each([
    ['/srv/server.js'],
    ['/srv/packages/service/bin/start.js', 'start'],
    ['/srv/node_modules/pm2/lib/ProcessContainerFork.js'],
    ['/srv/node_modules/next/dist/bin/next', 'start', '-p', '3000'],
    ['/srv/node_modules/ts-node/dist/bin.js', 'app.ts'],
    ['/srv/node_modules/@react-router/serve/bin.cjs', './build/server/index.js'],
    ['/srv/node_modules/@strapi/strapi/bin/strapi.js', 'start'],
    ['/usr/lib/node_modules/directus/cli.js', 'start'],
  ])('a program is profiled: %s %s', (...words) => {
    expect(role(words)).toBe('program');
  });

  test.each([
    ['/srv/node_modules/next/dist/bin/next', 'dev'],
    ['/srv/node_modules/ts-node/dist/bin.js', '--esm', 'app.ts'],
    ['/srv/node_modules/@strapi/strapi/bin/strapi.js', 'develop'],
    ['/srv/node_modules/@acme/service/cli.js', 'start'],
    ['/srv/node_modules/.bin/acme'],
  ])('what another package does decides: %s %s', (...words) => {
    expect(role(words)).toBe('tool');
  });
});

test('profiles a test runner or a tool on explicit request', () => {
  for (const name of ['jest', 'acme']) {
    const mainScript = `/srv/node_modules/${name}/cli.js`;
    expect(roleOf({ mainScript, args: [], isInherited: false })).toBe('program');
  }
});

test.each([
  ['/a/node_modules/b/c.js', 'b'],
  ['/a/node_modules/@b/c/d.js', '@b/c'],
  ['/a/node_modules/b/node_modules/c/d.js', 'c'],
  ['C:\\a\\node_modules\\@b\\c\\d.js', '@b/c'],
  ['/a/node_modules/.bin/b', 'b'],
  ['/a/b.js', undefined],
  ['/a/node_modules', undefined],
  ['/a/node_modules/@b', undefined],
  [undefined, undefined],
])('the package of %s is %s', (file, name) => {
  expect(packageOf(file)).toBe(name);
});
