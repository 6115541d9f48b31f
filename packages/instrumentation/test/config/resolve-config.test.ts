import { describe, expect, test } from 'vitest';
import type { HeaprayOptions } from '../../src/config/index.js';
import { configOf, refusalOf } from './support.js';

test('every option has its default when nothing is set', () => {
  expect(configOf()).toEqual({
    options: {
      enabled: true,
      samplingInterval: 65_536,
      tracedSamplingInterval: 8192,
      accurateStacks: false,
      component: 'server',
      traceComponents: [],
      detailedTracing: false,
      exactOverload: 'wait',
      home: '/shop/heapray',
      configFile: undefined,
      memrayFormat: 13,
      memrayLivePort: undefined,
      maxCaptureBytes: 2 ** 30,
      captureOverflow: 'rotate',
      aggregateCaptures: false,
      captureScope: 'auto',
      memrayCompress: false,
      maxCaptures: 5,
      oomProfile: 'on',
      captureOn: [],
      maxCallSites: 10,
      workers: true,
      maxLiveSamples: 20_000,
      groupBy: 'function',
      offHeap: 'off',
      retentionAges: false,
      semconvMetrics: false,
      cpuBudget: 0.005,
      leakWindowSeconds: 20,
      debugAddress: undefined,
      group: true,
      allowGc: false,
      heapSnapshots: false,
      debugToken: undefined,
      profilesExporter: [],
      profilesInterval: 60,
      nativeDumps: undefined,
    },
    components: [],
    detailed: false,
    home: '/shop/heapray',
    configFile: undefined,
    sources: {
      enabled: 'default',
      samplingInterval: 'default',
      tracedSamplingInterval: 'default',
      accurateStacks: 'default',
      component: 'default',
      traceComponents: 'default',
      detailedTracing: 'default',
      exactOverload: 'default',
      home: 'default',
      configFile: 'default',
      memrayFormat: 'default',
      memrayLivePort: 'default',
      maxCaptureBytes: 'default',
      captureOverflow: 'default',
      aggregateCaptures: 'default',
      captureScope: 'default',
      memrayCompress: 'default',
      maxCaptures: 'default',
      oomProfile: 'default',
      captureOn: 'default',
      maxCallSites: 'default',
      workers: 'default',
      maxLiveSamples: 'default',
      groupBy: 'default',
      offHeap: 'default',
      retentionAges: 'default',
      semconvMetrics: 'default',
      cpuBudget: 'default',
      leakWindowSeconds: 'default',
      debugAddress: 'default',
      group: 'default',
      allowGc: 'default',
      heapSnapshots: 'default',
      debugToken: 'default',
      profilesExporter: 'default',
      profilesInterval: 'default',
      nativeDumps: 'default',
    },
    warnings: [],
  });
});

describe('component', () => {
  const named = (situation: Parameters<typeof configOf>[0]) => {
    const { options, sources, warnings } = configOf(situation);
    return [options.component, sources.component, warnings.length];
  };

  test.each([
    ['/app/server.js', 'server'],
    ['/app/worker.test.mjs', 'worker.test'],
    ['/app/bin/tool', 'tool'],
    ['/app/.hidden', '.hidden'],
    ['/app/a,b.js', 'a_b'],
    [`/app/${'x'.repeat(200)}.js`, 'x'.repeat(80)],
    [`/app/${'x'.repeat(79)}\u{1f600}.js`, `${'x'.repeat(79)}\ufffd`],
    [undefined, 'node'],
    ['', 'node'],
    ['/', 'node'],
  ])('the script %j is called %j', (mainScript, name) => {
    expect(named({ mainScript })).toEqual([name, 'default', 0]);
  });

  test("the name in a process manager replaces the script's name", () => {
    expect(named({ appName: 'orders.v2' })).toEqual(['orders.v2', 'default', 0]);
    expect(named({ appName: 'a/b' })).toEqual(['a_b', 'default', 0]);
    expect(named({ appName: ' ' })).toEqual(['server', 'default', 0]);
    expect(named({ appName: 'orders', env: { HEAPRAY_COMPONENT: 'mine' } })[0]).toBe('mine');
  });

  test('knows the variable set by a profiled parent', () => {
    expect(configOf({ env: { HEAPRAY_PARENT_PID: '17' } }).warnings).toEqual([]);
  });

  test('applies the sources of the name in order', () => {
    const env = { HEAPRAY_COMPONENT: 'mine', OTEL_SERVICE_NAME: 'service' };
    const cfg = '[heapray]\ncomponent = filed\n';
    expect(named({ code: { component: 'coded' }, env, cfg })).toEqual(['coded', 'code', 0]);
    expect(named({ env, cfg })).toEqual(['mine', 'env:HEAPRAY_COMPONENT', 0]);
    expect(named({ env: { OTEL_SERVICE_NAME: 'service' }, cfg })).toEqual([
      'service',
      'env:OTEL_SERVICE_NAME',
      0,
    ]);
    expect(named({ cfg })[0]).toBe('filed');
    expect(named({ env: { HEAPRAY_COMPONENT: '', OTEL_SERVICE_NAME: ' ' } })).toEqual([
      'server',
      'default',
      0,
    ]);
  });

  test('uses service.name in OTEL_RESOURCE_ATTRIBUTES, after OTEL_SERVICE_NAME', () => {
    const attributes = ' service.version = 1,service.name = order%20desk , ';
    const source = 'env:OTEL_RESOURCE_ATTRIBUTES';
    expect(named({ env: { OTEL_RESOURCE_ATTRIBUTES: attributes } })).toEqual(['order desk', source, 0]);
    const both = { OTEL_RESOURCE_ATTRIBUTES: attributes, OTEL_SERVICE_NAME: 'service' };
    expect(named({ env: both })).toEqual(['service', 'env:OTEL_SERVICE_NAME', 0]);
    expect(configOf({ env: { OTEL_RESOURCE_ATTRIBUTES: 'service.name=a%2Fb' } }).warnings).toEqual([
      "service.name in OTEL_RESOURCE_ATTRIBUTES 'a/b' cannot be part of a file name: the component is 'a_b'",
    ]);
  });

  test.each([
    'service.name',
    'service.name=a=b',
    'service.name=a,x',
    'service.name=%',
    'service.name=a,=b',
    `service.name=${'a'.repeat(256)}`,
    'service.version=1',
    '',
  ])('OTEL_RESOURCE_ATTRIBUTES %j names nothing, as in the SDK', (text) => {
    expect(named({ env: { OTEL_RESOURCE_ATTRIBUTES: text } })).toEqual(['server', 'default', 0]);
  });

  test("uses the SDK's service name before OpenTelemetry's variables and the script, but after heapray's own", () => {
    const serviceName = 'shop/eu';
    const named = (situation: Parameters<typeof configOf>[0]) => {
      const { options, sources, warnings } = configOf({ ...situation, serviceName });
      return [options.component, sources.component, warnings.length];
    };
    expect(named({})).toEqual(['shop_eu', 'sdk', 0]);
    expect(named({ env: { OTEL_SERVICE_NAME: 'a/b' } })).toEqual(['shop_eu', 'sdk', 0]);
    expect(named({ env: { OTEL_RESOURCE_ATTRIBUTES: 'service.name=a' } })).toEqual(['shop_eu', 'sdk', 0]);
    expect(named({ env: { HEAPRAY_COMPONENT: 'mine' } })[0]).toBe('mine');
    expect(named({ cfg: '[heapray]\ncomponent = filed\n' })[0]).toBe('filed');
    expect(named({ code: { component: 'coded' } })[0]).toBe('coded');
  });

  test('changes a service name that cannot be part of a file name, with a warning', () => {
    const { options, warnings } = configOf({ env: { OTEL_SERVICE_NAME: '../shop,cart' } });
    expect(options.component).toBe('.._shop_cart');
    expect(warnings).toEqual([
      "OTEL_SERVICE_NAME '../shop,cart' cannot be part of a file name: the component is '.._shop_cart'",
    ]);
  });

  test('does not expand a name, as in the OpenTelemetry SDK', () => {
    const env = { OTEL_SERVICE_NAME: '$X', X: 'y', HOME: '/h' };
    expect(configOf({ env }).options.component).toBe('$X');
    expect(configOf({ env: { ...env, HEAPRAY_COMPONENT: '~' } }).options.component).toBe('~');
  });

  test('does not check an unused service name', () => {
    expect(named({ env: { HEAPRAY_COMPONENT: 'mine', OTEL_SERVICE_NAME: 'a/b' } })[2]).toBe(0);
  });
});

describe('home', () => {
  test('is taken from HEAPRAY_HOME, then AIRFLOW_HOME, then the file', () => {
    const home = (env: Record<string, string>, cfg: string) => {
      const config = configOf({ env, cfg });
      return [config.home, config.options.home, config.sources.home];
    };
    const both = '[core]\nairflow_home = /c\n[heapray]\nhome = /f\n';
    expect(home({ HEAPRAY_HOME: '/h', AIRFLOW_HOME: '/a' }, both)).toEqual(['/h', '/h', 'env:HEAPRAY_HOME']);
    expect(home({ HEAPRAY_HOME: '', AIRFLOW_HOME: '/a' }, both)).toEqual(['/a', '/a', 'env:AIRFLOW_HOME']);
    expect(home({}, both)[0]).toBe('/f');
    expect(home({}, '[core]\nairflow_home = /c\n')[0]).toBe('/c');
  });

  test('expands variables and ~ until nothing changes', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's form is meant.
    const env = { HEAPRAY_HOME: '$BASE/dumps', BASE: '~/${SUB}', SUB: 'x', HOME: '/u' };
    expect(configOf({ env }).home).toBe('/u/x/dumps');
  });

  test('refuses a value on the line below its key, which begins with a line feed', () => {
    expect(refusalOf({ cfg: '[heapray]\nhome =\n  /x\n' }).value).toBe('\n/x');
  });

  test('keeps ~ as written without any home folder', () => {
    expect(configOf({ env: { HEAPRAY_HOME: '~/x' }, homeDir: undefined }).home).toBe('/shop/~/x');
  });

  test('refuses a value that expands endlessly', () => {
    expect(refusalOf({ env: { HEAPRAY_HOME: '$A', A: '$B', B: '$A' } }).key).toBe('HEAPRAY_HOME');
    expect(refusalOf({ env: { HEAPRAY_HOME: '$A', A: '$A$A$A$A' } }).value).toBe('$A');
  });
});

describe('unknown settings', () => {
  test("warn once for a HEAPRAY_ variable, even if named like an object's property", () => {
    const { warnings } = configOf({
      env: { HEAPRAY_SAMPLING: '1', HEAPRAY_: '', HEAPRAY_GONE: undefined, heapray_x: '' },
    });
    expect(warnings).toEqual([
      "'HEAPRAY_SAMPLING' is no variable of heapray's and is ignored",
      "'HEAPRAY_' is no variable of heapray's and is ignored",
    ]);
    expect(configOf({ env: { HEAPRAY_HOME: '$constructor' } }).home).toBe('/shop/$constructor');
  });

  test('refuse an option in code or in the defaults', () => {
    const allowed = expect.stringContaining('samplingInterval');
    expect(refusalOf({ code: { sampleInterval: 1 } })).toMatchObject({
      key: 'options',
      value: 'sampleInterval',
      allowed,
    });
    expect(refusalOf({ defaults: { sampleInterval: 1 } as object })).toMatchObject({
      value: 'sampleInterval',
    });
  });

  test('refuse a key in [heapray], in any case of letters, but not in another section', () => {
    for (const key of ['sampling', 'Enabled', 'memray_trace_components']) {
      const error = refusalOf({ cfg: `[heapray]\n${key} = 1\n` });
      expect(error.message).toContain(`[heapray]`);
      expect(error).toMatchObject({ value: key, allowed: expect.stringContaining('sampling_interval') });
    }
    expect(
      configOf({ cfg: '[DEFAULT]\nx = 1\n[profiling]\ny = 1\n[heapray]\nenabled = f\n' }).options.enabled,
    ).toBe(false);
  });
});

test('treats an empty variable of a scalar as not set', () => {
  const env = {
    HEAPRAY_SAMPLING_INTERVAL: '',
    HEAPRAY_ENABLED: '',
    HEAPRAY_HOME: '',
    HEAPRAY_CPU_BUDGET: '',
  };
  expect(configOf({ env }).options).toEqual(configOf().options);
  expect(configOf({ env, cfg: '[heapray]\nsampling_interval = 7\n' }).options.samplingInterval).toBe(7);
});

test('refuses an empty value in the file', () => {
  expect(refusalOf({ cfg: '[heapray]\nsampling_interval =\n' }).value).toBe('');
});

test('an empty HEAPRAY_DEBUG_ADDR disables the server that register enables', () => {
  const defaults = { debugAddress: '127.0.0.1:6464' };
  expect(configOf({ defaults }).options.debugAddress).toEqual({ host: '127.0.0.1', port: 6464 });
  expect(configOf({ defaults, env: { HEAPRAY_DEBUG_ADDR: '' } }).options.debugAddress).toBeUndefined();
  expect(configOf({ defaults, env: { HEAPRAY_DEBUG_ADDR: 'off' } }).options.debugAddress).toBeUndefined();
  expect(configOf({ defaults, cfg: '[heapray]\ndebug_addr = off\n' }).options.debugAddress).toBeUndefined();
});

test('takes numbers from other variables', () => {
  const env = { HEAPRAY_MAX_CAPTURES: '$N', N: '7' };
  expect(configOf({ env }).options.maxCaptures).toBe(7);
});

test('refuses a bad boolean of Airflow though nothing is traced; code is checked first', () => {
  const env = { AIRFLOW__PROFILING__MEMRAY_DETAILED_TRACING: 'yes' };
  expect(refusalOf({ env }).message).toBe(
    "AIRFLOW__PROFILING__MEMRAY_DETAILED_TRACING: 'yes' is not allowed; use t, true, 1, f, false or 0",
  );
  expect(configOf({ env, code: { detailedTracing: true } }).detailed).toBe(true);
});

test('an option by its former name is taken, with a warning', () => {
  const former = { debugServer: '127.0.0.1:7000', leakWindow: 30, leakWindowSeconds: 40 } as HeaprayOptions;
  const { options, sources, warnings } = configOf({ code: former });
  expect(options).toMatchObject({ debugAddress: { host: '127.0.0.1', port: 7000 }, leakWindowSeconds: 40 });
  expect(sources.debugAddress).toBe('code');
  expect(warnings).toEqual([
    'the option leakWindow is called leakWindowSeconds now',
    'the option debugServer is called debugAddress now',
  ]);
});

test('former names are taken in the defaults too; one without a value is as if it were absent', () => {
  const defaults = { debugServer: '127.0.0.1:7000' } as HeaprayOptions;
  const { options, sources, warnings } = configOf({ defaults });
  expect(options.debugAddress).toEqual({ host: '127.0.0.1', port: 7000 });
  expect(sources.debugAddress).toBe('default');
  expect(warnings).toEqual(['the option debugServer is called debugAddress now']);
  const code = { debugServer: '127.0.0.1:7000', debugAddress: undefined } as HeaprayOptions;
  expect(configOf({ code }).options.debugAddress).toEqual({ host: '127.0.0.1', port: 7000 });
  const absent = { debugServer: undefined, leakWindowSeconds: 40 } as HeaprayOptions;
  expect(configOf({ code: absent })).toMatchObject({ options: { leakWindowSeconds: 40 }, warnings: [] });
});
