// Profiles of live processes, read by `go tool pprof`.
import { beforeAll, expect, test } from 'vitest';
import { httpGet } from '../support/http-get.js';
import { describeWithPeer } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import type { MetricsPage } from './support/metrics-page.js';
import {
  COLUMNS,
  type Column,
  callSiteSum,
  columnSum,
  pprofRaw,
  pprofText,
  pprofTop,
  type RawProfile,
} from './support/pprof-report.js';
import { type RunningApp, startApp } from './support/profiled-app.js';
import { samplingMargin } from './support/sampling-margin.js';

const INTERVAL = 16_384;
const LEAK_MIB = 32;
const LEAK_BYTES = LEAK_MIB * 2 ** 20;
/** Size of an object: a header of three words and four small integers. */
const TICKET_BYTES = 7 * 8;
const LEAK = { code_function_name: 'rememberOrder' };
const ENV = { HEAPRAY_SAMPLING_INTERVAL: `${INTERVAL}` };

const margin = (bytes: number) => samplingMargin(INTERVAL, bytes);

describeWithPeer('go tool pprof', ['go-pprof', 'project-bare'], () => {
  let service: RunningApp;
  let heap = '';
  let profile: RawProfile;
  let page: MetricsPage;

  beforeAll(async () => {
    const env = { ...ENV, LEAK_MIB: `${LEAK_MIB}`, CHURN_MIB: '2' };
    service = startApp({ app: ['leaky-service.js'], env });
    await service.waitForLog(/^leaked$/m);
    heap = `${await service.debugUrl()}/debug/pprof/heap`;
    // The first answers of both endpoints load code; afterwards the process is idle.
    await service.metrics();
    await httpGet(heap);
    // Retry, because a collection between two polls makes the results differ.
    await pollUntil(
      async () => {
        const before = (await service.metrics()).sum('heapray_memory_retained');
        profile = await pprofRaw(heap);
        page = await service.metrics();
        return page.sum('heapray_memory_retained') >= before;
      },
      { what: 'two readings without a collection between them' },
    );
  });

  test.each(COLUMNS)('-top by %s', async (column) => {
    const rows = await pprofTop(heap, column);
    expect(rows.map(({ name }) => name)).toContain('rememberOrder');
    expect(rows[0]?.flat).toBeGreaterThan(0);
  });

  test('the leak is the largest in use, with its size', async () => {
    // After a collection, what is in use is known except for the sampling error.
    const env = { ...ENV, LEAK_MIB: `${LEAK_MIB}`, CHURN_MIB: '2', HEAPRAY_ALLOW_GC: 'true' };
    const app = startApp({ app: ['leaky-service.js'], env });
    await app.waitForLog(/^leaked$/m);
    const url = `${await app.debugUrl()}/debug/pprof/heap?gc=1`;
    const [first] = await pprofTop(url, 'inuse_space');
    expect(first?.name).toBe('rememberOrder');
    expect(Math.abs((first?.flat ?? 0) - LEAK_BYTES)).toBeLessThan(margin(LEAK_BYTES));
  });

  test('object counts in use are exact but for the sampling error', async () => {
    // Objects of a single kind: the relative error of their count is that of their bytes.
    const objects = 200_000;
    const interval = 4096;
    const app = startApp({
      app: ['counted-objects.js'],
      // Without optimization, because optimised code allocates several objects at once, which V8 counts as one.
      nodeArgs: ['--no-opt', '--no-maglev'],
      env: { HEAPRAY_SAMPLING_INTERVAL: `${interval}`, OBJECTS: `${objects}` },
    });
    await app.waitForLog(/^kept$/m);
    const url = `${await app.debugUrl()}/debug/pprof/heap`;
    const sampleCount = (objects * TICKET_BYTES) / interval;
    const allowed = (5 * objects) / Math.sqrt(sampleCount);
    // Retry: if the main thread does not answer soon, the profile is made without its counts, and they are rough.
    const isCounted = async () => {
      const rows = await pprofTop(url, 'inuse_objects');
      const flat = rows.find(({ name }) => name === 'keepTickets')?.flat ?? 0;
      return Math.abs(flat - objects) < allowed;
    };
    await pollUntil(isCounted, { what: 'counted objects' });
  });

  test('sums equal those of the metrics', () => {
    const allocated = page.sum('heapray_memory_allocated_total');
    const retained = page.sum('heapray_memory_retained');
    expect(Math.abs(columnSum(profile, 'alloc_space') - allocated)).toBeLessThan(margin(allocated));
    expect(Math.abs(callSiteSum(profile, 'inuse_space') - retained)).toBeLessThan(margin(retained));
  });

  test.runIf(process.platform === 'linux')('all of it is the resident memory of the process', () => {
    const resident = page.sum('heapray_memory_resident');
    // The profile and the metrics are of two moments.
    expect(Math.abs(columnSum(profile, 'inuse_space') - resident)).toBeLessThan(0.25 * resident);
    const parts = profile.samples.filter(({ stack }) => stack.at(-1) === '(no call site)');
    const kinds = parts.map(({ labels }) => labels.kind);
    expect(kinds).toEqual(expect.arrayContaining(['heap', 'code', 'malloc', 'mapped_file', 'profiler']));
    for (const { values } of parts) expect(values.slice(0, 3)).toEqual([0, 0, 0]);
  });

  test('has columns, period, labels and comments', () => {
    expect(profile).toMatchObject({ periodType: 'space bytes', period: INTERVAL });
    expect(profile.columns).toEqual([
      'alloc_objects/count',
      'alloc_space/bytes',
      'inuse_objects/count',
      'inuse_space/bytes[dflt]',
    ]);
    const leak = profile.samples.find(({ stack }) => stack[0] === 'rememberOrder');
    expect(leak?.stack.slice(0, 2)).toEqual(['rememberOrder', 'serve']);
    expect(leak?.labels).toMatchObject({
      package: 'order-cache',
      component: 'leaky-service',
      thread: 'main',
    });
    const own = profile.samples.find(
      ({ stack }) => stack[0] === 'renderReceipt' || stack[0] === 'printReceipts',
    );
    expect(own?.labels).toMatchObject({ package: 'order-service' });
    expect(profile.comments.join('\n')).toMatch(/sampled every 16384 bytes.*mode binding/);
  });

  test('the time is that of the collection, also for a difference', async () => {
    for (const query of ['', '?seconds=1', '?since=1']) {
      const asked = Date.now();
      const { collectedMillis, duration } = await pprofRaw(`${heap}${query}`);
      expect(collectedMillis).toBeGreaterThanOrEqual(asked - 1);
      expect(collectedMillis).toBeLessThanOrEqual(Date.now() + 1);
      if (query === '?seconds=1')
        expect(Number.parseFloat(duration)).toBeLessThan((Date.now() - asked) / 1000);
    }
  });

  test('a label filters the samples', async () => {
    const text = await pprofText(['-top', '-nodefraction=0', '-tagfocus=package=order-cache'], heap);
    // Comments name functions too.
    const rows = text.slice(text.indexOf('flat%'));
    expect(rows).toContain('rememberOrder');
    expect(rows).not.toContain('renderReceipt');
  });

  test('allocs is the same profile with another default column', async () => {
    const allocs = await pprofRaw(heap.replace('/heap', '/allocs'));
    expect(allocs.columns).toContain('alloc_space/bytes[dflt]');
  });

  test('?seconds=2 returns what changed meanwhile', async () => {
    const { busy, url } = await startLeaking();
    await busy.waitForMetrics('the leak', (now) => now.sum('heapray_memory_retained', LEAK) > 0);
    const before = await pprofRaw(url);
    const delta = await pprofRaw(`${url}?seconds=2`);
    const after = await pprofRaw(url);
    for (const column of ['alloc_space', 'inuse_space'] as const) {
      const meanwhile = leakOf(after, column) - leakOf(before, column);
      expect(leakOf(delta, column)).toBeGreaterThan(0);
      expect(leakOf(delta, column)).toBeLessThanOrEqual(meanwhile * 1.01);
    }
  });

  test('?since and ?until return what changed between two moments', async () => {
    const { url } = await startLeaking({ HEAPRAY_LEAK_WINDOW: '1' });
    // Some windows after the start there is a state for each moment, unless polls pause for longer than a window.
    const between = await pollUntil(
      async () => {
        const change = await pprofRaw(`${url}?since=4&until=2`);
        return leakOf(change, 'inuse_space') > 0 && change;
      },
      { what: 'a leak between two moments' },
    );
    const now = await pprofRaw(url);
    expect(leakOf(between, 'alloc_space')).toBeGreaterThan(0);
    for (const column of ['alloc_space', 'inuse_space'] as const) {
      expect(leakOf(between, column)).toBeLessThan(leakOf(now, column));
    }
    const tooFar = await httpGet(`${url}?since=3600`);
    expect(tooFar.status).toBe(404);
    expect(tooFar.body).toMatch(/^since: no state of 3600 s ago is kept, only of [\d, ]+ s ago\n$/);
  });

  test('invalid requests are refused with a reason', async () => {
    const status = async (path: string) => (await httpGet(new URL(path, heap).href)).status;
    expect(await status('/debug/pprof/')).toBe(200);
    expect(await status('/healthz')).toBe(200);
    expect(await status('/debug/pprof/heap?seconds=x')).toBe(400);
    expect(await status('/debug/pprof/heap?gc=1')).toBe(403);
    for (const query of ['since=x', 'until=5', 'since=5&until=5', 'since=9&seconds=2', 'since=90000']) {
      expect(await status(`/debug/pprof/heap?${query}`), query).toBe(400);
    }
    for (const page of ['peak?since=5', 'peak?seconds=5', 'heap?debug=1&since=5', 'allocs?debug=1&until=1']) {
      expect(await status(`/debug/pprof/${page}`), page).toBe(400);
    }
    expect(await status('/debug/pprof/nothing')).toBe(404);
  });
});

/** Starts a service that leaks five mebibytes a second for minutes. */
async function startLeaking(env: Record<string, string> = {}): Promise<{ busy: RunningApp; url: string }> {
  const leaking = { ...ENV, LEAK_MIB: '2000', ORDER_MILLIS: '50', ...env };
  const busy = startApp({ app: ['leaky-service.js'], env: leaking });
  return { busy, url: `${await busy.debugUrl()}/debug/pprof/heap` };
}

function leakOf({ samples }: RawProfile, column: Column): number {
  const leaks = samples.filter(({ stack }) => stack[0] === 'rememberOrder');
  return leaks.reduce((sum, { values }) => sum + (values[COLUMNS.indexOf(column)] ?? 0), 0);
}
