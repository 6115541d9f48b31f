import { beforeEach, describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config/index.js';
import { defineComponents } from '../../../src/main-thread/profiler/components.js';
import { type ConfigFor, TracedComponents } from '../../../src/main-thread/profiler/traced-components.js';

let nextName = 0;
/** Names are declared for the whole process, so each test uses its own. */
let name = '';
beforeEach(() => {
  name = `job-${nextName++}`;
});

function traced(env: Record<string, string>): TracedComponents {
  const configFor: ConfigFor = (declaredComponents, serviceName) =>
    resolveConfig({
      env: { HEAPRAY_COMPONENT: undefined, ...env },
      readFile: () => undefined,
      cwd: '/',
      homeDir: undefined,
      mainScript: '/app/shop.js',
      declaredComponents,
      serviceName,
    });
  return new TracedComponents(configFor, () => {});
}

describe('what is traced in this process', () => {
  test('is nothing if the configuration names only components of other processes', () => {
    const components = traced({ HEAPRAY_TRACE_COMPONENTS: 'scheduler,api' });
    expect(components.config.components).toEqual(['scheduler', 'api']);
    expect(components).toMatchObject({ any: false, throughout: false, ofProcess: undefined });
  });

  test('is the process itself under its own name', () => {
    const components = traced({ HEAPRAY_COMPONENT: 'api', HEAPRAY_TRACE_COMPONENTS: 'scheduler,api' });
    expect(components).toMatchObject({ any: true, throughout: true, ofProcess: 'api' });
  });

  test('is the process itself when others were declared before', () => {
    defineComponents([name]);
    const components = traced({ HEAPRAY_COMPONENT: 'shop', HEAPRAY_TRACE_COMPONENTS: `${name},shop` });
    expect(components.config.components).toEqual([name, 'shop']);
    expect(components.ofProcess).toBe('shop');
  });

  test('is every allocation of the process, if its own component is traced in detail', () => {
    const own = { HEAPRAY_COMPONENT: 'api', HEAPRAY_DETAILED_TRACING: 'true' };
    expect(traced({ ...own, HEAPRAY_TRACE_COMPONENTS: 'api' }).exactThroughout).toBe(true);
    expect(traced({ ...own, HEAPRAY_TRACE_COMPONENTS: 'scheduler' }).exactThroughout).toBe(false);
    expect(traced({ HEAPRAY_COMPONENT: 'api', HEAPRAY_TRACE_COMPONENTS: 'api' }).exactThroughout).toBe(false);
  });

  test('is a component once it is declared', () => {
    const components = traced({ HEAPRAY_TRACE_COMPONENTS: name });
    expect(components.any).toBe(false);
    defineComponents([name]);
    expect(components).toMatchObject({ any: true, throughout: false });
    expect(components.has(name)).toBe(true);
  });

  test('is not a declared component that the configuration does not name', () => {
    const components = traced({ HEAPRAY_TRACE_COMPONENTS: 'api' });
    defineComponents([name]);
    expect(components.any).toBe(false);
  });

  test('is the service once the SDK has named it', () => {
    const components = traced({ HEAPRAY_TRACE_COMPONENTS: 'api' });
    expect(components.followService('api')).toBe(true);
    expect(components).toMatchObject({ any: true, throughout: true, ofProcess: 'api' });
  });

  test('is everything if viewers may connect', () => {
    expect(traced({ HEAPRAY_MEMRAY_LIVE_PORT: '7777' }).any).toBe(true);
  });
});

describe('the scope of a capture', () => {
  test('is the process while one component is traced, and the component when there are more', () => {
    const other = `${name}-other`;
    const components = traced({ HEAPRAY_TRACE_COMPONENTS: `${name},${other}` });
    defineComponents([name]);
    expect(components.captureScope).toBe('process');
    defineComponents([other]);
    expect(components.captureScope).toBe('component');
  });

  test('is the component when the process is traced too', () => {
    const components = traced({ HEAPRAY_COMPONENT: 'api', HEAPRAY_TRACE_COMPONENTS: `api,${name}` });
    expect(components.captureScope).toBe('process');
    defineComponents([name]);
    expect(components.captureScope).toBe('component');
  });

  test.each(['component', 'process'])('is what the option says: %s', (scope) => {
    const components = traced({ HEAPRAY_TRACE_COMPONENTS: name, HEAPRAY_CAPTURE_SCOPE: scope });
    defineComponents([name]);
    expect(components.captureScope).toBe(scope);
  });
});
