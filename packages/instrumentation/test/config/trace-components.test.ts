import { describe, expect, test } from 'vitest';
import { CFG, configOf, refusalOf } from './support.js';

const AIRFLOW = 'AIRFLOW__PROFILING__MEMRAY_TRACE_COMPONENTS';
const listed = (value: unknown, more: Parameters<typeof configOf>[0] = {}) =>
  configOf({ ...more, code: { traceComponents: value } });

describe('source of the list', () => {
  const cfg = '[heapray]\ntrace_components = scheduler\n[profiling]\nmemray_trace_components = triggerer\n';
  const env = { HEAPRAY_TRACE_COMPONENTS: 'api', [AIRFLOW]: 'dag_processor' };

  test.each([
    [{ code: { traceComponents: ['triggerer', 'api'] }, env, cfg }, ['triggerer', 'api'], 'code'],
    [{ env, cfg }, ['api'], 'env:HEAPRAY_TRACE_COMPONENTS'],
    [{ env: { [AIRFLOW]: 'dag_processor' }, cfg }, ['dag_processor'], `env:${AIRFLOW}`],
    [{ cfg }, ['scheduler'], `file:${CFG} [heapray] trace_components`],
    [{ cfg: cfg.slice(cfg.indexOf('[p')) }, ['triggerer'], `file:${CFG} [profiling] memray_trace_components`],
    [{ defaults: { traceComponents: 'api' } }, ['api'], 'default'],
    [{}, [], 'default'],
  ])('%j', (situation, components, source) => {
    const config = configOf(situation);
    expect(config.components).toEqual(components);
    expect(config.options.traceComponents).toEqual(components);
    expect(config.sources.traceComponents).toBe(source);
    expect(config.warnings).toEqual([]);
  });

  test('an empty list hides all weaker sources, without a warning', () => {
    for (const situation of [
      { code: { traceComponents: [] }, env, cfg },
      { code: { traceComponents: '' }, env, cfg },
      { env: { ...env, HEAPRAY_TRACE_COMPONENTS: '' }, cfg },
      { env: { [AIRFLOW]: '' }, cfg },
      { cfg: '[heapray]\ntrace_components =\n[profiling]\nmemray_trace_components = api\n' },
    ]) {
      expect(configOf(situation)).toMatchObject({ components: [], warnings: [] });
    }
  });
});

describe('allowed names', () => {
  test("are Airflow's and this process's own", () => {
    expect(listed('server,api').components).toEqual(['server', 'api']);
    const { warnings } = listed('other');
    expect(warnings).toEqual([
      "'other' is no component that can be traced and is ignored: trace_components in section [heapray] (code) " +
        'takes scheduler, dag_processor, api, triggerer, server',
    ]);
  });

  test('are declared names too', () => {
    const declaredComponents = ['web', 'api', 'mailer', 'web'];
    const { components, warnings } = listed('mailer,server,other,web,scheduler', { declaredComponents });
    expect(components).toEqual(['mailer', 'server', 'web', 'scheduler']);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("'other'");
    expect(warnings[0]).toMatch(/takes scheduler, dag_processor, api, triggerer, server, web, mailer$/);
  });

  test.each(['', ' web', 'a,b', 'a/b', 'x'.repeat(81)])('exclude %j as a declared name', (name) => {
    expect(refusalOf({ declaredComponents: ['web', name] })).toMatchObject({
      key: 'declared component',
      value: name,
    });
  });
});

describe('a list in code', () => {
  test('may be an array: items are stripped and expanded, but not split', () => {
    const { components, warnings } = listed([' api ', '$WHO', 'scheduler,api', ''], {
      env: { WHO: 'triggerer' },
    });
    expect(components).toEqual(['api', 'triggerer']);
    expect(warnings.map((warning) => warning.split(' is ')[0])).toEqual(["'scheduler,api'", "''"]);
  });

  test('may be a text, with the same rules as in the environment', () => {
    const { components, warnings } = listed('api, ,$WHO,api', { env: { WHO: 'scheduler,x' } });
    expect(components).toEqual(['api', 'scheduler', 'api']);
    expect(warnings).toHaveLength(2);
  });

  // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested.
  test.each([[[['api', 7]]], [[null]], [[7]], [[{}]], [[true]], [[[, 'api']]]])(
    '%j is refused',
    ([value]) => {
      expect(refusalOf({ code: { traceComponents: value } }).key).toBe('traceComponents');
    },
  );
});

describe('warnings', () => {
  test("name Airflow's key and section if the list is Airflow's, and its place", () => {
    const cfg = '[profiling]\nmemray_trace_components = x\n';
    for (const [situation, place] of [
      [{ env: { [AIRFLOW]: 'x' } }, `env:${AIRFLOW}`],
      [{ cfg }, `file:${CFG} [profiling] memray_trace_components`],
    ] as const) {
      expect(configOf(situation).warnings).toEqual([
        `'x' is no component that can be traced and is ignored: memray_trace_components in section [profiling] ` +
          `(${place}) takes scheduler, dag_processor, api, triggerer, server`,
      ]);
    }
  });

  test('stay on one line whatever the item contains', () => {
    const { warnings } = configOf({ env: { [AIRFLOW]: `a\nb,c\u2028d,${'e'.repeat(1000)}` } });
    expect(warnings.map((warning) => warning.split(' is ')[0])).toEqual([
      "'a\\u000ab'",
      "'c\\u2028d'",
      `'${'e'.repeat(200)}…'`,
    ]);
  });
});
