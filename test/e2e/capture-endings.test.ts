// A capture is finished however the process ends, and readable even after SIGKILL; the process ends as it does
// without heapray.
import { statSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { describeWithPeer, peerTest } from '../support/peer-test.js';
import type { NodeLine } from '../support/peers.js';
import { pollUntil } from '../support/poll.js';
import type { ProcessEnd } from '../support/start-node.js';
import { captureEnds, captureOf, expectFinished } from './support/capture-files.js';
import { MemrayReport } from './support/memray-report.js';
import { type RunningApp, startApp } from './support/profiled-app.js';
import { samplingMargin } from './support/sampling-margin.js';

const LINES: readonly NodeLine[] = ['22', '24', '26'];
const TRACED = { HEAPRAY_COMPONENT: 'shop', HEAPRAY_TRACE_COMPONENTS: 'shop' };

for (const line of LINES) {
  describeWithPeer(`Node ${line}`, [`node-${line}`, 'project-bare', 'memray-1.20.0'], () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      peerTest(`dies of ${signal} with a finished capture`, 'memray-1.20.0', async () => {
        const service = await startTraced(line, 'none');
        expect(await service.stop(signal)).toEqual({ status: null, signal });
        await expectWholeLeak(service);
      });
    }

    const OWN_WAYS: readonly { way: string; end: ProcessEnd; says: string }[] = [
      { way: 'exit', end: { status: 7, signal: null }, says: 'handler: SIGTERM' },
      { way: 'graceful', end: { status: 8, signal: null }, says: 'handler: SIGTERM' },
      { way: 'counting', end: { status: null, signal: 'SIGTERM' }, says: 'handler: SIGTERM, 0 others' },
    ];
    // Node 22 calls handlers of signals as 24 does.
    for (const { way, end, says } of line === '22' ? [] : OWN_WAYS) {
      peerTest(`leaves SIGTERM to a handler of the app: ${way}`, 'memray-1.20.0', async () => {
        const service = await startTraced(line, way);
        expect(await service.stop('SIGTERM')).toEqual(end);
        expect(handlerLines(service)).toEqual([says]);
        await expectWholeLeak(service);
      });
    }

    peerTest('does not end on a signal that the app survives', 'memray-1.20.0', async () => {
      const service = await startTraced(line, 'ignoring');
      for (const times of [1, 2, 3]) {
        process.kill(service.process.pid, 'SIGTERM');
        await pollUntil(() => handlerLines(service).length === times, { what: 'the handler' });
      }
      expect(await service.stop('SIGKILL')).toEqual({ status: null, signal: 'SIGKILL' });
    });

    peerTest('leaves a capture that memray reads when killed in mid-run', 'memray-1.20.0', async () => {
      for (const bytes of [1, 30_000]) {
        const service = startApp({ line, app: ['leaky-service.js'], env: TRACED });
        const capture = captureOf(service.home, 'shop');
        await pollUntil(() => isAtLeast(capture, bytes), { what: 'a growing capture', everyMillis: 5 });
        await service.process.kill();
        const { startTime, endTime, events, trailer } = captureEnds(capture);
        expect(trailer).toBe(false);
        expect(endTime).toBeGreaterThanOrEqual(startTime);
        if (bytes > 1) expect(events).toBeGreaterThan(0);
        const report = new MemrayReport('1.20.0', capture);
        await report.html(['flamegraph', '--leaks']);
        // memray cannot make statistics of zero allocations.
        if (bytes > 1) expect((await report.stats()).total_num_allocations).toBeGreaterThan(0);
      }
    });

    const NORMAL_ENDS: readonly { how: string; status: number }[] = [
      { how: 'natural', status: 0 },
      { how: 'exit', status: 3 },
      { how: 'throw', status: 1 },
    ];
    for (const { how, status } of NORMAL_ENDS) {
      peerTest(`is finished at a normal end: ${how}`, 'memray-1.20.0', async () => {
        // End at once, while the profiler thread may not even have started, and later.
        for (const after of ['0', '600']) {
          const capture = await pollUntil(() => captureOfEnding(line, how, after, status), {
            what: 'an end that was not too early for a capture',
          });
          expectFinished(capture);
          await expectAllocations(capture);
        }
      });
    }
  });
}

/** Returns true if the capture has more bytes, and its header counts events: it is written after the records. */
function isAtLeast(capture: string, bytes: number): boolean {
  if (statSync(capture).size <= bytes) return false;
  return bytes === 1 || captureEnds(capture).events > 0;
}

peerTest(
  'out of memory: the capture shows the leaking function',
  ['project-bare', 'memray-1.20.0'],
  async () => {
    const nodeArgs = ['--max-old-space-size=64'];
    const service = startApp({ app: ['bursting.js'], nodeArgs, env: { ...TRACED, LEAK_MIB: '32' } });
    await service.waitForLog(/^leaked$/m);
    const report = new MemrayReport('1.20.0', captureOf(service.home, 'shop'));
    const isWritten = async () => {
      const [first] = await report.leaks();
      return first?.stack_trace.startsWith('rememberOrder') && first.size > 24 * 2 ** 20;
    };
    await pollUntil(isWritten, { what: 'the leak in the capture', everyMillis: 500 });
    process.kill(service.process.pid, 'SIGUSR2');
    expect(await service.end()).toEqual({ status: null, signal: 'SIGABRT' });
    expect(await isWritten()).toBe(true);
  },
);

peerTest('a process that is too short for its capture logs that', 'project-bare', async () => {
  const nodeArgs = ['--require', './idle-threads.cjs'];
  const service = startApp({ app: ['ending.js', 'exit'], nodeArgs, env: TRACED });
  expect(await service.end()).toEqual({ status: 3, signal: null });
  const told = 'the process ends before the profiler thread has begun: there is no capture';
  expect(service.process.stderr).toContain(told);
  expect(service.process.stdout).not.toContain(told);
});

describe('without a traced component', () => {
  peerTest('does not listen to signals', ['node-24', 'project-bare'], async () => {
    const service = startApp({ app: ['signal-handling.js', 'counting'], env: { LEAK_MIB: '1' } });
    await service.waitForLog(/^leaked$/m);
    expect(await service.stop('SIGTERM')).toEqual({ status: null, signal: 'SIGTERM' });
    expect(handlerLines(service)).toEqual(['handler: SIGTERM, 0 others']);
  });
});

/**
 * Returns the capture of a program that ends in that way. On a slow machine a program that ends at once does so without a
 * finished capture, and logs that; the result is then undefined.
 */
async function captureOfEnding(line: NodeLine, how: string, after: string, status: number) {
  const service = startApp({ line, app: ['ending.js', how], env: { ...TRACED, END_AFTER: after } });
  expect.soft(await service.end()).toEqual({ status, signal: null });
  return /the process ends before/.test(service.process.stderr) ? undefined : captureOf(service.home, 'shop');
}

async function startTraced(line: NodeLine, way: string): Promise<RunningApp> {
  const service = startApp({ line, app: ['signal-handling.js', way], env: { ...TRACED, LEAK_MIB: '4' } });
  await service.waitForLog(/profiling memory of component shop/);
  await service.waitForLog(/^leaked$/m);
  // The thread has started all, so that it can write the end of the capture at once.
  await service.waitForLog(/metrics on http/);
  return service;
}

function handlerLines({ process }: RunningApp): readonly string[] {
  return process.stdout.split('\n').filter((line) => line.startsWith('handler:'));
}

/** Expects a finished capture with the 4 MiB that leaked, within five standard errors of sampling. */
async function expectWholeLeak(service: RunningApp): Promise<void> {
  const capture = captureOf(service.home, 'shop');
  expectFinished(capture);
  const leaks = (await new MemrayReport('1.20.0', capture).leaks()).filter((row) =>
    row.stack_trace.startsWith('rememberOrder'),
  );
  const leaked = leaks.reduce((sum, { size }) => sum + size, 0);
  const truth = 4 * 1024 * 1024;
  expect(Math.abs(leaked - truth)).toBeLessThan(samplingMargin(8192, truth));
  expect(service.process.stderr).not.toMatch(/Waiting for the debugger|heapray: (warn|error)/);
}

async function expectAllocations(capture: string): Promise<void> {
  const report = new MemrayReport('1.20.0', capture);
  expect((await report.stats()).total_num_allocations).toBeGreaterThan(0);
}
