import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pm2AppName, programEnvironment } from '../../../src/main-thread/start/pm2.js';

const SCRIPT = '/srv/api/server.js';
let before: NodeJS.ProcessEnv;
let script: string | undefined;

beforeEach(() => {
  before = { ...process.env };
  script = process.argv[1];
});

afterEach(() => {
  for (const key of Object.keys(process.env)) if (!(key in before)) delete process.env[key];
  Object.assign(process.env, before);
  process.argv[1] = script ?? '';
});

describe('the environment of a program', () => {
  test('has the settings that PM2 applies later', () => {
    process.env.KEPT = 'yes';
    process.env.HEAPRAY_COMPONENT = 'of the daemon';
    const settings = {
      pm_exec_path: SCRIPT,
      HEAPRAY_COMPONENT: 'api',
      PORT: 8080,
      nested: { a: 1 },
      none: null,
    };
    process.env.pm2_env = JSON.stringify(settings);
    const env = programEnvironment();
    expect(env).toMatchObject({ KEPT: 'yes', HEAPRAY_COMPONENT: 'api', PORT: '8080', pm_exec_path: SCRIPT });
    expect(env).not.toHaveProperty('nested');
    expect(env).not.toHaveProperty('none');
    expect(process.env.HEAPRAY_COMPONENT).toBe('of the daemon');
  });

  test.each(['', 'no JSON', 'null', '[]', '"text"', '{"HEAPRAY_COMPONENT":"api"}'])(
    'is unchanged with %j in pm2_env',
    (text) => {
      process.env.pm2_env = text;
      expect(programEnvironment()).toEqual({ ...process.env });
    },
  );
});

describe('the name of an application of PM2', () => {
  const env = { name: 'api', pm_exec_path: SCRIPT };

  test.each([
    SCRIPT,
    '/usr/lib/node_modules/pm2/lib/ProcessContainer.js',
    '/usr/lib/node_modules/pm2/lib/ProcessContainerFork.js',
    'C:\\srv\\node_modules\\pm2\\lib\\ProcessContainer.js',
  ])('is known with the main script %s', (main) => {
    process.argv[1] = main;
    expect(pm2AppName(env)).toBe('api');
  });

  test('is not used for its child processes, nor for other programs', () => {
    process.argv[1] = '/srv/api/child.js';
    expect(pm2AppName(env)).toBeUndefined();
    process.argv[1] = SCRIPT;
    expect(pm2AppName({ name: 'api' })).toBeUndefined();
    expect(pm2AppName({ pm_exec_path: SCRIPT })).toBeUndefined();
  });
});
