import { describe, expect, test } from 'vitest';
import { CFG, configOf, refusalOf, systemError } from './support.js';

const cfg = (interval: number) => `[heapray]\nsampling_interval = ${interval}\n`;
const files = {
  '/code.ini': cfg(1),
  '/heapray.ini': cfg(2),
  '/airflow.cfg': cfg(3),
  '/home/me/af/airflow.cfg': cfg(4),
  '/shop/airflow.cfg': cfg(5),
  '/default.ini': cfg(6),
};

describe('selects the file', () => {
  const env = { HEAPRAY_CONFIG: '/heapray.ini', AIRFLOW_CONFIG: '/airflow.cfg', AIRFLOW_HOME: '~/af' };
  const { HEAPRAY_CONFIG: _, ...airflow } = env;
  const defaults = { configFile: '/default.ini' };

  test.each([
    [{ code: { configFile: '/code.ini' }, env, defaults }, 1, '/code.ini', 'code'],
    [{ env, defaults }, 2, '/heapray.ini', 'env:HEAPRAY_CONFIG'],
    [{ env: { ...env, HEAPRAY_CONFIG: '' } }, 3, '/airflow.cfg', 'env:AIRFLOW_CONFIG'],
    [{ env: airflow, defaults }, 3, '/airflow.cfg', 'env:AIRFLOW_CONFIG'],
    [{ env: { AIRFLOW_HOME: '~/af' }, defaults }, 4, '/home/me/af/airflow.cfg', 'env:AIRFLOW_HOME'],
    [{ env: { AIRFLOW_HOME: '' } }, 5, '/shop/airflow.cfg', 'env:AIRFLOW_HOME'],
    [{ defaults }, 6, '/default.ini', 'default'],
    [{ env: { HEAPRAY_CONFIG: '../$X.ini', X: 'heapray' } }, 2, '/heapray.ini', 'env:HEAPRAY_CONFIG'],
    [{ code: { configFile: '~/af/airflow.cfg' } }, 4, '/home/me/af/airflow.cfg', 'code'],
  ])('%j', (situation, interval, path, source) => {
    const config = configOf({ ...situation, files });
    expect(config.options.samplingInterval).toBe(interval);
    expect(config).toMatchObject({
      configFile: path,
      options: { configFile: path },
      sources: { configFile: source },
    });
  });

  test.each([null, '', 7, []])('%j in code is refused', (configFile) => {
    expect(refusalOf({ code: { configFile } })).toMatchObject({ key: 'configFile', value: configFile });
  });
});

test('refuses an empty AIRFLOW_CONFIG, and a path that expands to nothing', () => {
  expect(refusalOf({ env: { AIRFLOW_CONFIG: '' } })).toMatchObject({ key: 'AIRFLOW_CONFIG', value: '' });
  expect(refusalOf({ env: { HEAPRAY_CONFIG: '$E', E: '' } })).toMatchObject({
    key: 'HEAPRAY_CONFIG',
    value: '',
  });
});

describe('a missing file', () => {
  test.each([{ AIRFLOW_CONFIG: '/none' }, { AIRFLOW_HOME: '/none' }])(
    "is treated as no file when it is Airflow's: %j",
    (env) => {
      expect(configOf({ env })).toMatchObject({
        configFile: undefined,
        sources: { configFile: 'default' },
        warnings: [],
      });
    },
  );

  test('may be missing by default', () => {
    expect(configOf({ defaults: { configFile: '/none' } }).configFile).toBeUndefined();
  });

  test('is refused when heapray was told to read it', () => {
    const there = 'a file that exists';
    expect(refusalOf({ code: { configFile: 'none' } })).toMatchObject({
      key: 'configFile',
      value: '/shop/none',
      allowed: there,
    });
    expect(refusalOf({ env: { HEAPRAY_CONFIG: '/none' } })).toMatchObject({
      key: 'HEAPRAY_CONFIG',
      allowed: there,
    });
  });
});

describe('an unreadable file', () => {
  test.each(['EACCES', 'EPERM'])(
    "with %s, Airflow's is skipped with a warning and heapray's is refused",
    (code) => {
      const closed = { [CFG]: systemError(code) };
      const { configFile, warnings } = configOf({ env: { AIRFLOW_CONFIG: CFG }, files: closed });
      expect(configFile).toBeUndefined();
      expect(warnings).toEqual([
        expect.stringContaining(`${CFG} (env:AIRFLOW_CONFIG) may not be read: it is ignored`),
      ]);
      expect(refusalOf({ env: { HEAPRAY_CONFIG: CFG }, files: closed }).key).toBe('HEAPRAY_CONFIG');
    },
  );

  test.each(['EISDIR', 'EIO', 'ERR_ENCODING_INVALID_ENCODED_DATA'])(
    'with %s, either file is refused',
    (code) => {
      expect(refusalOf({ env: { AIRFLOW_CONFIG: CFG }, files: { [CFG]: systemError(code) } })).toMatchObject({
        key: 'AIRFLOW_CONFIG',
        value: CFG,
      });
    },
  );
});

describe('an invalid file', () => {
  test.each([
    ['x = 1\n', 1, 'a line before the first section'],
    ['[a]\n\nwhat\n', 3, 'a line without = or :'],
    ['[a]\n: 1\n', 2, 'a line without a key'],
    ['[a]\nb = 1\nb : 2\n', 3, 'second b in [a]'],
    ['[a]\r\n[b]\r\n[a]\r\n', 3, 'second [a]'],
  ])('%j', (text, line, what) => {
    expect(refusalOf({ cfg: text })).toMatchObject({ key: `${CFG}:${line}`, value: what });
  });

  test('is never quoted, since such files hold passwords', () => {
    expect(refusalOf({ cfg: '[a]\nhunter2\n' }).message).not.toContain('hunter2');
  });
});

test('fills in references to other keys, within limits', () => {
  const text = (lines: string) => `[heapray]\nhome = %(component)s\n${lines}`;
  expect(configOf({ cfg: text('component = x%%y\n') }).home).toBe('/shop/x%y');
  expect(refusalOf({ cfg: text('') }).key).toBe(`[heapray] home in ${CFG}`);
  const wide = Array.from({ length: 9 }, (_, i) => `k${i} = ${`%(k${i + 1})s`.repeat(40)}\n`).join('');
  expect(refusalOf({ cfg: `[DEFAULT]\n${wide}k9 =\n[heapray]\nhome = /%(k0)s\n` }).allowed).toMatch(/%%/);
});
