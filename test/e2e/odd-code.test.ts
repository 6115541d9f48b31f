// Functions that are hard to name have names of limited length in metrics, profiles and captures.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { httpGet } from '../support/http-get.js';
import { describeWithPeer } from '../support/peer-test.js';
import { captureOf } from './support/capture-files.js';
import { MemrayReport } from './support/memray-report.js';
import type { MetricsPage } from './support/metrics-page.js';
import { pprofRaw, type RawProfile } from './support/pprof-report.js';
import { startApp } from './support/profiled-app.js';

const LONG_NAME = `${'n'.repeat(511)}…`;
/** Matches names longer than the limits, and far shorter than the original ones. */
const TOO_LONG = /n{600}|x{5000}/;
const NAMES = [LONG_NAME, 'descend', 'inUrl', 'fileGone'];
/** Names in profiles and captures. Metrics charge code without a file to its caller. */
const ALL_NAMES = [...NAMES, 'withoutFile'];

describeWithPeer('code that is hard to name', ['project-bare', 'go-pprof', 'memray-1.20.0'], () => {
  let page: MetricsPage;
  let profile: RawProfile;
  let profileText = '';
  let capture = '';

  beforeAll(async () => {
    const env = { HEAPRAY_TRACED_SAMPLING_INTERVAL: '16384', HEAPRAY_TRACE_COMPONENTS: 'odd-code' };
    const app = startApp({ app: ['odd-code.js'], env });
    await app.waitForLog(/^made$/m);
    const heap = `${await app.debugUrl()}/debug/pprof/heap`;
    page = await app.waitForMetrics('the functions', (shown) =>
      NAMES.every((name) => shown.sum('heapray_memory_retained', { code_function_name: name }) > 0),
    );
    // A poll has shown the functions by now, so that profiles have them even if the main thread is too busy for another poll.
    profile = await pprofRaw(heap);
    profileText = gunzipSync((await httpGet(heap)).bytes).toString('latin1');
    await app.stop('SIGTERM');
    capture = captureOf(app.home, 'odd-code');
  });

  test('is in the metrics', () => {
    for (const name of NAMES)
      expect(page.sum('heapray_memory_retained', { code_function_name: name })).toBeGreaterThan(0);
    const longest = Math.max(
      ...page.samples.flatMap(({ labels }) => Object.values(labels).map(({ length }) => length)),
    );
    expect(longest).toBeLessThanOrEqual(4096);
  });

  test('is in profiles', () => {
    const names = new Set(profile.samples.map(({ stack }) => stack[0]));
    for (const name of ALL_NAMES) expect(names).toContain(name);
    expect(profileText).not.toMatch(TOO_LONG);
  });

  test('shows where its stack was cut', () => {
    const deep = profile.samples.find(({ stack }) => stack[0] === 'descend');
    expect(deep?.stack).toEqual([...new Array(128).fill('descend'), '(truncated)']);
    const others = profile.samples.filter(({ stack }) => stack[0] !== 'descend' && stack.length > 1);
    expect(others.flatMap(({ stack }) => stack)).not.toContain('(truncated)');
  });

  test('is in captures', async () => {
    expect(readFileSync(capture).toString('latin1')).not.toMatch(TOO_LONG);
    const leaks = await new MemrayReport('1.20.0', capture).csvLeaks();
    const innermost = leaks.map(({ stack }) => stack[0]);
    for (const name of ALL_NAMES) expect(innermost).toContain(name);
    expect(leaks.find(({ stack }) => stack[0] === 'descend')?.stack.at(-1)).toBe('(truncated)');
  });
});
