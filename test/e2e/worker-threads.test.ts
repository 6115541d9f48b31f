// Leaks in four worker threads, found in one process: in its log, in one profile, on one metrics page and in its capture.
import { decodePprof } from '@heapray/exporter/pprof';
import type { Profile } from '@heapray/exporter/profile';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpGet } from '../support/http-get.js';
import { describeWithPeer } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import { captureOf, expectFinished } from './support/capture-files.js';
import { MemrayReport } from './support/memray-report.js';
import { type RunningApp, startApp } from './support/profiled-app.js';

const LEAKS = {
  alpha: 'leakAlpha',
  beta: 'leakBeta',
  gamma: 'leakGamma',
  delta: 'leakDelta',
};

/** Returns the innermost function of the stack that holds most of what a thread has in use. */
function largestOf(profile: Profile, thread: string): string | undefined {
  const column = profile.columns.findIndex(({ type }) => type === 'inuse_space');
  const rows = Array.from({ length: profile.sampleCount }, (_, row) => row);
  const own = rows.filter((row) => profile.labelsOf(row).thread === thread);
  const [largest = 0] = own.sort((a, b) => profile.value(b, column) - profile.value(a, column));
  return [...profile.frames(profile.stackOf(largest))][0]?.functionName;
}

describeWithPeer('a process with leaking worker threads', ['memray-1.20.0', 'project-bare'], () => {
  let app: RunningApp;

  beforeAll(async () => {
    const env = {
      HEAPRAY_COMPONENT: 'shop',
      HEAPRAY_TRACE_COMPONENTS: 'shop',
      HEAPRAY_LEAK_WINDOW: '1',
    };
    // Else V8 inlines the leaking functions into their callers, which are named instead.
    const nodeArgs = ['--expose-gc', '--no-turbo-inlining', '--no-maglev-inlining'];
    app = startApp({ app: ['leaking-workers.js'], nodeArgs, env });
    for (const [thread, functionName] of Object.entries(LEAKS))
      await app.waitForLog(
        new RegExp(`leak suspected: \`${functionName} .*\\(worker \\d+ ${thread}\\) holds`),
      );
  });

  afterAll(() => app.stop('SIGKILL'));

  test('is named with function and thread in one profile', async () => {
    const profile = decodePprof((await httpGet(`${await app.debugUrl()}/debug/pprof/heap`)).bytes);
    for (const [thread, functionName] of Object.entries(LEAKS))
      expect(largestOf(profile, thread)).toBe(functionName);
  });

  test('has series with function and thread on one metrics page', async () => {
    const growth = 'heapray_memory_growth';
    const page = await app.waitForMetrics('growth of all threads', (metrics) =>
      Object.keys(LEAKS).every((thread) => metrics.sum(growth, { thread_name: thread }) > 0),
    );
    for (const [thread, functionName] of Object.entries(LEAKS)) {
      const samples = page.find('heapray_memory_retained', { code_function_name: functionName });
      expect(samples.map(({ labels }) => labels.thread_name)).toEqual([thread]);
      expect(Number(samples[0]?.labels.thread_id)).toBeGreaterThan(1);
    }
    const [worker] = page.find('heapray_memory_resident', { heapray_memory_kind: 'worker' });
    expect(worker?.value).toBeGreaterThan(0);
  });

  test('ends by process.exit with workers running, and memray has a thread for each of them', async () => {
    process.kill(app.process.pid, 'SIGUSR2');
    const end = await pollUntil(() => app.process.end, { what: 'the end of the app' });
    expect(end, app.process.stderr).toEqual({ status: 0, signal: null });
    expect(app.process.stderr).not.toContain('debugger');
    const capture = captureOf(app.home, 'shop');
    expectFinished(capture);
    const report = new MemrayReport('1.20.0', capture);
    const leaks = await report.leaks();
    for (const [thread, functionName] of Object.entries(LEAKS)) {
      const largest = leaks.find(({ tid }) => tid.includes(thread));
      expect(largest?.stack_trace, thread).toContain(functionName);
    }
    const page = await report.write(['flamegraph', '--split-threads', '--leaks']);
    for (const thread of Object.keys(LEAKS)) expect(page).toContain(thread);
  });
});
