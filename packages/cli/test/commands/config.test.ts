// `heapray config`: the configuration of an environment. The rules themselves are tested where they are implemented.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describeOptions } from '@heapray/instrumentation/config';
import { describe, expect, test } from 'vitest';
import type { CommandResult } from '../../../../test/support/run-command.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { heapray } from '../support/heapray.js';
import { fileWith } from '../support/sample-files.js';

/** Removes the settings of the other tests. */
const CLEAN = { HEAPRAY_DEBUG_ADDR: undefined, OTEL_METRICS_EXPORTER: undefined };

const OPTIONS: readonly string[] = describeOptions().map(({ name }) => name);

type Env = Record<string, string | undefined>;

function config(args: readonly string[], env: Env, cwd = tempFolder()): Promise<CommandResult> {
  return heapray(['config', ...args], { cwd, env: { ...CLEAN, ...env } });
}

/** Returns the output of `--json`. Expects success and no output on stderr. */
async function json(env: Env, cwd?: string): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await config(['--json'], env, cwd);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('JSON', () => {
  test('has these keys, in this order', async () => {
    const folder = tempFolder();
    const resolved = await json({}, folder);
    const { options, sources, ...rest } = resolved;
    expect(Object.keys(resolved).join()).toBe('components,detailed,home,configFile,options,sources,warnings');
    const home = path.join(folder, 'heapray');
    expect(rest).toEqual({ components: [], detailed: false, home, configFile: null, warnings: [] });
    expect(Object.keys(options as object).sort()).toEqual(OPTIONS.toSorted());
    expect(Object.keys(sources as object).sort()).toEqual(OPTIONS.toSorted());
    expect(options).toMatchObject({
      samplingInterval: 65_536,
      home,
      configFile: null,
      debugAddress: { host: '127.0.0.1', port: 6464 },
    });
  });

  test('lists components in order, and one warning for each that was dropped', async () => {
    const resolved = await json({
      AIRFLOW__PROFILING__MEMRAY_TRACE_COMPONENTS: 'triggerer, Scheduler,api,worker',
      AIRFLOW__PROFILING__MEMRAY_DETAILED_TRACING: 'True',
    });
    expect(resolved).toMatchObject({ components: ['triggerer', 'api'], detailed: true });
    const warnings = resolved.warnings as string[];
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/^'Scheduler' .*memray_trace_components in section \[profiling\]/);
    expect(warnings[1]).toMatch(/^'worker' /);
    expect(resolved.sources).toMatchObject({
      traceComponents: 'env:AIRFLOW__PROFILING__MEMRAY_TRACE_COMPONENTS',
      detailedTracing: 'env:AIRFLOW__PROFILING__MEMRAY_DETAILED_TRACING',
    });
  });

  test('uses a config file, and prefers the environment', async () => {
    const file = fileWith(
      '[profiling]\nmemray_trace_components = api\n[heapray]\nmax_captures = 7\n',
      'airflow.cfg',
    );
    const env = { AIRFLOW_HOME: path.dirname(file) };
    expect(await json(env)).toMatchObject({
      components: ['api'],
      home: path.dirname(file),
      configFile: file,
      options: { maxCaptures: 7 },
    });
    expect(await json({ ...env, HEAPRAY_MAX_CAPTURES: '3' })).toMatchObject({ options: { maxCaptures: 3 } });
    expect(await json({ ...env, AIRFLOW__PROFILING__MEMRAY_TRACE_COMPONENTS: '' })).toMatchObject({
      components: [],
    });
  });

  test('does not report this command as the program, and hides the token', async () => {
    const resolved = await json({ HEAPRAY_DEBUG_TOKEN: 'correct-horse' });
    expect(resolved).toMatchObject({ options: { component: 'node', debugToken: '(hidden)' } });
  });
});

describe('text', () => {
  test('prints a table on stdout, one line per option', async () => {
    const env = {
      HEAPRAY_DEBUG_ADDR: '[::1]:7000',
      HEAPRAY_DEBUG_TOKEN: 'correct-horse',
      HEAPRAY_HOME: '/srv/app',
    };
    const { status, stdout, stderr } = await config([], env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows.map(([option]) => option)).toEqual(['OPTION', ...OPTIONS, '']);
    expect(rows).toEqual(
      expect.arrayContaining([
        ['OPTION', 'VALUE', 'FROM'],
        ['enabled', 'true', 'default'],
        ['traceComponents', 'none', 'default'],
        ['home', '/srv/app', 'env:HEAPRAY_HOME'],
        ['configFile', 'none', 'default'],
        ['debugAddress', '[::1]:7000', 'env:HEAPRAY_DEBUG_ADDR'],
        ['debugToken', '(hidden)', 'env:HEAPRAY_DEBUG_TOKEN'],
      ]),
    );
  });

  test('prints warnings on stderr', async () => {
    const { status, stdout, stderr } = await config([], { HEAPRAY_TRACE_COMPONENTS: 'api,nobody' });
    expect(status).toBe(0);
    expect(stdout).toMatch(/\ntraceComponents +api +env:HEAPRAY_TRACE_COMPONENTS\n/);
    expect(stderr).toMatch(/^heapray: warning: 'nobody' is no component [^\n]+\n$/);
  });
});

describe('a value with which Airflow would not start: status 1 and one line', () => {
  const folder = tempFolder();
  mkdirSync(path.join(folder, 'airflow.cfg'));
  const broken = fileWith('max_captures = 7\n', 'broken.cfg');

  test.each<[string, Env, RegExp]>([
    [
      'a boolean of Airflow',
      { AIRFLOW__PROFILING__MEMRAY_DETAILED_TRACING: 'yes' },
      /^heapray: AIRFLOW__PROFILING__MEMRAY_DETAILED_TRACING: 'yes' is not allowed; use t, true[^\n]+\n$/,
    ],
    [
      'a boolean of Airflow in the config file',
      { AIRFLOW_CONFIG: fileWith('[profiling]\nmemray_detailed_tracing = yes\n', 'airflow.cfg') },
      /^heapray: \[profiling\] memray_detailed_tracing in [^\n]+: 'yes' is not allowed[^\n]+\n$/,
    ],
    [
      'a folder in place of its file',
      { AIRFLOW_HOME: folder },
      /^heapray: AIRFLOW_HOME: '[^\n]+airflow\.cfg' is not allowed[^\n]+\n$/,
    ],
    ['an empty file name', { AIRFLOW_CONFIG: '' }, /^heapray: AIRFLOW_CONFIG: '' is not allowed[^\n]+\n$/],
    ['a file that is not INI', { AIRFLOW_CONFIG: broken }, /^heapray: [^\n]*broken\.cfg[^\n]*\n$/],
  ])('%s', async (_, env, line) => {
    for (const args of [[], ['--json']]) {
      const { status, stdout, stderr } = await config(args, env);
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toMatch(line);
    }
  });
});

describe('an invalid value for heapray: one line, and the default', () => {
  const broken = fileWith('max_captures = 7\n', 'broken.cfg');

  test.each<[string, Env, RegExp]>([
    [
      'an invalid number',
      { HEAPRAY_MAX_CAPTURES: '0.5' },
      /^HEAPRAY_MAX_CAPTURES: '0\.5' is not allowed; use an integer [^\n]+; the default is used$/,
    ],
    [
      'a missing config file',
      { HEAPRAY_CONFIG: '/nowhere/heapray.cfg' },
      /^HEAPRAY_CONFIG: '\/nowhere\/heapray\.cfg' is not allowed; use a file that exists; it is ignored, and the debug server [^\n]+$/,
    ],
    ['a config file that is not INI', { HEAPRAY_CONFIG: broken }, /^[^\n]*broken\.cfg[^\n]*$/],
  ])('%s', async (_, env, line) => {
    const resolved = await json(env);
    expect(resolved).toMatchObject({ configFile: null, options: { maxCaptures: 5 } });
    expect(resolved.warnings).toEqual([expect.stringMatching(line)]);
    const { status, stderr } = await config([], env);
    expect(status).toBe(0);
    expect(stderr.replace(/^heapray: error: (.*)\n$/, '$1')).toMatch(line);
  });
});
