// A wrong value in the environment or a file is reported, and the default is used. A wrong value in code is
// thrown.
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/index.js';
import { CFG, configOf, type Situation } from './support.js';

/** Resolves a situation, and collects the reports. */
function tolerated(situation: Situation) {
  const told: { key: string; ofAirflow: boolean }[] = [];
  const onRefused = ({ key }: ConfigError, ofAirflow: boolean) => void told.push({ key, ofAirflow });
  return { ...configOf({ ...situation, onRefused }), told };
}

test('reports a wrong variable, and does not fall back to the file or anything else', () => {
  const env = { HEAPRAY_MAX_CALL_SITES: 'many', HEAPRAY_MAX_CAPTURES: '3' };
  const { options, sources, told } = tolerated({ env, cfg: '[heapray]\nmax_call_sites = 30\n' });
  expect(told).toEqual([{ key: 'HEAPRAY_MAX_CALL_SITES', ofAirflow: false }]);
  expect(options).toMatchObject({ maxCallSites: configOf().options.maxCallSites, maxCaptures: 3 });
  expect(sources).toMatchObject({ maxCallSites: 'default', maxCaptures: 'env:HEAPRAY_MAX_CAPTURES' });
});

test('reports everything that is wrong', () => {
  const cfg = '[heapray]\nmax_captures = -1\nno_such_key = 1\ncpu_budget = %(lost)s\nleak_window = 30\n';
  const env = { HEAPRAY_ENABLED: 'yes', HEAPRAY_COMPONENT: 'a/b', HEAPRAY_HOME: '$HEAPRAY_HOME/x' };
  const { options, told } = tolerated({ env, cfg, defaults: { debugAddress: '127.0.0.1:6464' } });
  expect(told.map(({ key }) => key).sort()).toEqual([
    'HEAPRAY_COMPONENT',
    'HEAPRAY_ENABLED',
    'HEAPRAY_HOME',
    `[heapray] cpu_budget in ${CFG}`,
    `[heapray] max_captures in ${CFG}`,
    `section [heapray] in ${CFG}`,
  ]);
  expect(options).toMatchObject({
    enabled: true,
    component: 'server',
    home: '/shop/heapray',
    leakWindowSeconds: 30,
  });
});

describe('an unusable file', () => {
  test.each<[string, Situation, boolean]>([
    ['missing', { env: { HEAPRAY_CONFIG: '/none' } }, false],
    ['no INI', { env: { HEAPRAY_CONFIG: '/bad' }, files: { '/bad': 'x = 1' } }, false],
    ['not read', { env: { HEAPRAY_CONFIG: '/bad' }, files: { '/bad': new Error('EINVAL') } }, false],
    ['no INI, of Airflow', { cfg: 'x = 1' }, true],
    ['without a name', { env: { AIRFLOW_CONFIG: '' } }, true],
  ])('(%s) counts as none', (_, situation, ofAirflow) => {
    const { configFile, told } = tolerated(situation);
    expect(configFile).toBeUndefined();
    expect(told).toEqual([expect.objectContaining({ ofAirflow })]);
  });
});

test('marks what Airflow itself would refuse', () => {
  const env = { AIRFLOW__PROFILING__MEMRAY_DETAILED_TRACING: 'yes' };
  expect(tolerated({ env }).told).toEqual([{ key: Object.keys(env)[0], ofAirflow: true }]);
  expect(tolerated({ cfg: '[profiling]\nmemray_detailed_tracing = on\n' }).told).toMatchObject([
    { ofAirflow: true },
  ]);
});

test.each<Situation>([
  { code: { leakWindowSeconds: 'a minute' } },
  { code: { noSuchOption: 1 } },
  { code: { configFile: '/none' } },
])('%j in code is thrown', (situation) => {
  expect(() => tolerated(situation)).toThrow(ConfigError);
});

test('ignores properties of Object.prototype', () => {
  Object.defineProperty(Object.prototype, 'maxCaptures', { value: 7, configurable: true, writable: true });
  try {
    expect(configOf({ code: {} }).options.maxCaptures).toBe(5);
  } finally {
    Reflect.deleteProperty(Object.prototype, 'maxCaptures');
  }
});
