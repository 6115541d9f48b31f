import { expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config/index.js';
import { ServedPages } from '../../../src/main-thread/profiler/served-pages.js';

function pagesWith(env: Record<string, string>) {
  const config = resolveConfig({ env, readFile: () => undefined, cwd: '/', homeDir: '/' });
  const onThrown = (thrown: unknown) => expect.unreachable(String(thrown));
  return new ServedPages({ log: () => {}, config: () => config, thread: () => undefined, onThrown });
}

test('knows when it is decided who has the port of the debug server', () => {
  const pages = pagesWith({ HEAPRAY_DEBUG_ADDR: '127.0.0.1:6464' });
  expect(pages.isDebugSettled).toBe(false);
  pages.served('metrics', { by: 'none', why: 'in use' });
  expect(pages.isDebugSettled).toBe(false);
  pages.served('debug', { by: 'none', why: 'in use' });
  expect(pages.isDebugSettled).toBe(true);
});

test('has nothing to decide without a debug server', () => {
  expect(pagesWith({ HEAPRAY_DEBUG_ADDR: 'off' }).isDebugSettled).toBe(true);
  const closed = pagesWith({ HEAPRAY_DEBUG_ADDR: '127.0.0.1:6464' });
  closed.yieldDebugPort();
  expect(closed.isDebugSettled).toBe(true);
});
