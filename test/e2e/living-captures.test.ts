// A capture of a living process survives other processes, users and system failures, or heapray logs its loss and continues.
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import { tempFolder } from '../support/temp-folder.js';
import { appFolder } from './support/app-folder.js';
import { captureEnds, captureOf, expectFinished, fileNames } from './support/capture-files.js';
import { MemrayReport } from './support/memray-report.js';
import { type RunningApp, runTracedApp, startApp } from './support/profiled-app.js';
import { samplingMargin } from './support/sampling-margin.js';

const TRACED = { HEAPRAY_COMPONENT: 'shop', HEAPRAY_TRACE_COMPONENTS: 'shop' };
/** Collects garbage, because uncollected garbage looks like a leak. */
const GC = ['--expose-gc'];
const MIB = 2 ** 20;

peerTest(
  'four workers of a cluster have one capture each, and keep it',
  ['project-bare', 'memray-1.20.0'],
  async () => {
    const env = { ...TRACED, WORKERS: '4', HEAPRAY_MAX_CAPTURES: '2' };
    const app = startApp({ app: ['clustered.js'], env });
    const workers = await leakedIn(app, 4);
    await capturesBegun(app, 5);
    expect(fileNames(app.home)).toHaveLength(5);
    // The capture of a killed worker gets a date when the next one begins; those of the others stay where they are.
    const before = fileNames(app.home).filter((name) => name.endsWith('.bin'));
    process.kill(workers[0]!, 'SIGKILL');
    const [replacement] = (await leakedIn(app, 5)).filter((pid) => !workers.includes(pid));
    await pollUntil(() => fileNames(app.home).some((name) => DATED.test(name)), {
      what: 'the dated capture',
    });
    await capturesBegun(app, 6);
    const left = before.filter((name) => fileNames(app.home).includes(name));
    expect(left.length).toBeGreaterThanOrEqual(4);
    // Once a minute, a process deletes captures of processes that have ended. A link keeps them.
    const links = tempFolder();
    const names = fileNames(app.home);
    for (const name of names) linkSync(path.join(app.home, name), path.join(links, name));
    expect(await app.stop('SIGTERM')).toEqual({ status: 0, signal: null });
    const living = [...workers.slice(1), replacement!, app.process.pid!];
    const pids = new Map<number, string>();
    for (const name of names) {
      const report = new MemrayReport('1.20.0', path.join(links, name));
      pids.set((await report.stats()).metadata.pid, name);
      await report.html(['flamegraph', '--leaks']);
    }
    expect([...pids.keys()].sort()).toEqual([workers[0]!, ...living].sort());
    for (const pid of living) expectFinished(path.join(links, pids.get(pid)!));
    expect(app.process.stderr).not.toMatch(/heapray: (warn|error)/);
  },
);

/** Waits for this number of captures that are not empty, because memray cannot make statistics of zero allocations. */
async function capturesBegun(app: RunningApp, count: number): Promise<void> {
  const filled = () =>
    fileNames(app.home).filter((name) => captureEnds(path.join(app.home, name)).events > 0);
  await pollUntil(() => filled().length === count, { what: `${count} captures with records` });
}

const DATED = /^shop_memory\.\d{8}T\d{6}Z(-\d+)?\.bin$/;

/** Waits until `count` workers have leaked everything; returns the process ids. */
function leakedIn(app: RunningApp, count: number): Promise<readonly number[]> {
  const pids = () => [...app.process.stdout.matchAll(/^leaked in (\d+)$/gm)].map(([, pid]) => Number(pid));
  return pollUntil(() => (pids().length >= count ? pids() : undefined), { what: `${count} workers` });
}

peerTest(
  'the next run after a kill has the capture without a number',
  ['project-bare', 'memray-1.20.0'],
  async () => {
    const folder = appFolder('bare');
    for (const run of [1, 2, 3]) {
      const app = startApp({ app: ['leaky-service.js'], folder, env: { ...TRACED, LEAK_MIB: '1' } });
      await app.waitForLog(/profiling memory of component shop/);
      await app.waitForLog(/^leaked$/m);
      await pollUntil(() => captureEnds(captureOf(app.home, 'shop')).events > 0, { what: 'some records' });
      await app.process.kill();
      expect(fileNames(app.home)).toHaveLength(run);
      expect((await new MemrayReport('1.20.0', captureOf(app.home, 'shop')).stats()).metadata.pid).toBe(
        app.process.pid,
      );
    }
  },
);

describe('a capture that is removed while it is written', () => {
  const LOSSES: readonly { how: string; lose: (home: string) => void }[] = [
    { how: 'removed', lose: (home) => unlinkSync(captureOf(home, 'shop')) },
    { how: 'moved', lose: (home) => renameSync(captureOf(home, 'shop'), path.join(home, '..', 'moved.bin')) },
    {
      how: 'its folder swapped',
      lose: (home) => {
        renameSync(home, `${home}-old`);
        // The profiler thread may have made it again already.
        mkdirSync(home, { recursive: true });
      },
    },
  ];
  for (const { how, lose } of LOSSES) {
    peerTest(
      `${how}: one warning, and a complete new capture`,
      ['project-bare', 'memray-1.20.0'],
      async () => {
        const app = startApp({ app: ['leaky-service.js'], nodeArgs: GC, env: { ...TRACED, LEAK_MIB: '4' } });
        await app.waitForLog(/^leaked$/m);
        // The poll that shows the leak writes it to the capture first.
        await app.waitForMetrics('the leak', (page) => {
          const leaked = page.sum('heapray_memory_retained', { code_function_name: 'rememberOrder' });
          return leaked > 4 * MIB - samplingMargin(8192, 4 * MIB);
        });
        lose(app.home);
        await app.waitForLog(
          /warn: capture .*shop_memory\.bin was removed or moved away; it goes on, with everything/,
        );
        await app.waitForMetrics('the count', (page) => {
          return page.sum('heapray_profiler_drops_total', { heapray_reason: 'capture_removed' }) === 1;
        });
        await app.stop();
        expect(app.process.stderr.match(/heapray: (warn|error)/g)).toHaveLength(1);
        await expectLeak(captureOf(app.home, 'shop'), 4 * MIB);
        if (how === 'moved') await expectLeak(path.join(app.home, '..', 'moved.bin'), 4 * MIB);
      },
    );
  }
});

peerTest(
  'a capture continues after a time without file descriptors',
  ['project-bare', 'memray-1.20.0'],
  async () => {
    const prefix = ['sh', '-c', 'ulimit -n 200 && exec "$@"', 'sh'];
    const app = startApp({ app: ['without-descriptors.js'], nodeArgs: GC, env: TRACED, prefix });
    await app.waitForLog(/^ready$/m);
    await app.waitForLog(/profiling memory of component shop/);
    await app.debugUrl();
    await app.metrics();
    process.kill(app.process.pid!, 'SIGUSR2');
    await app.waitForLog(/^EMFILE$/m);
    await app.waitForLog(/^leaked$/m);
    await app.stop();
    expect(app.process.stderr).not.toMatch(/heapray: (warn|error)/);
    await expectLeak(captureOf(app.home, 'shop'), 2 * MIB);
  },
);

peerTest(
  'captures continue when the profiler thread has died',
  ['project-bare', 'memray-1.20.0'],
  async () => {
    const nodeArgs = [...GC, '--import', './thread-killer.js'];
    const env = { HEAPRAY_COMPONENT: 'shop', HEAPRAY_TRACE_COMPONENTS: 'shop,worker', LEAK_MIB: '4' };
    const app = startApp({ app: ['component-service.js'], nodeArgs, env });
    await app.waitForLog(/^leaked$/m);
    const captures = ['shop_memory.bin', 'worker_memory.bin'];
    await pollUntil(() => `${fileNames(app.home)}` === `${captures}`, { what: 'both captures' });
    process.kill(app.process.pid!, 'SIGUSR2');
    await app.waitForLog(/component shop: .*shop_memory\.bin, which begins with everything that is alive/);
    await app.waitForLog(/component worker: .*worker_memory\.bin, which holds what is allocated from now on/);
    const page = await app.waitForMetrics('the count', (found) => {
      return found.sum('heapray_profiler_drops_total', { heapray_reason: 'capture_restarted' }) === 2;
    });
    expect(page.sum('heapray_profiler_lost_sampler_total', { heapray_reason: 'thread_died' })).toBe(1);
    process.kill(app.process.pid!, 'SIGHUP');
    await app.waitForLog(/^leaked more$/m);
    await app.stop();
    // The file of the dead thread is among them.
    expect(fileNames(app.home)).toHaveLength(4);
    await expectLeak(captureOf(app.home, 'shop'), 8 * MIB);
    await expectLeak(captureOf(app.home, 'worker'), 4 * MIB);
  },
);

peerTest(
  'no file exceeds maxCaptureBytes, and a large heap does not cause many files',
  'project-bare',
  async () => {
    const limit = 65_536;
    const env = {
      ...TRACED,
      HEAPRAY_MAX_CAPTURE_BYTES: `${limit}`,
      HEAPRAY_MAX_CAPTURES: '1000',
      LEAK_MIB: '256',
    };
    const app = startApp({ app: ['leaky-service.js'], nodeArgs: GC, env });
    await app.waitForLog(/^leaked$/m);
    await app.stop();
    const sizes = fileNames(app.home).map((name) => readFileSync(path.join(app.home, name)).length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(limit);
    expect(app.process.stderr.match(/does not fit into 65536 bytes \(maxCaptureBytes\)/g)).toHaveLength(1);
    expect(app.process.stderr.match(/heapray: (warn|error)/g)).toHaveLength(1);
  },
);

describe('an unusual home or name', () => {
  peerTest('a link to a folder', 'project-bare', async () => {
    const home = path.join(tempFolder(), 'link');
    symlinkSync(tempFolder(), home);
    const result = await runTracedApp({
      app: ['ending.js', 'natural'],
      env: { ...TRACED, HEAPRAY_HOME: home },
    });
    expect(result).toMatchObject({ status: 0 });
    expectFinished(captureOf(home, 'shop'));
  });

  for (const component of ['größe & "co": [x]*?', 'x'.repeat(80), '.']) {
    peerTest(`component ${component.slice(0, 20)}`, 'project-bare', async () => {
      const env = { HEAPRAY_COMPONENT: component, HEAPRAY_TRACE_COMPONENTS: component };
      const folder = appFolder('bare');
      for (const run of [1, 2]) {
        const result = await runTracedApp({ app: ['ending.js', 'natural'], folder, env });
        expect(result).toMatchObject({ status: 0 });
        expect(result.stderr).not.toMatch(/heapray: (warn|error)/);
        const names = readdirSync(path.join(folder, 'heapray'));
        expect(names).toHaveLength(run);
        for (const name of names) expectFinished(path.join(folder, 'heapray', name));
      }
    });
  }

  for (const [what, bytes] of [
    ['an empty file', ''],
    ['a compressed file without content', '04224d18604082000000000000'.slice(0, 22)],
  ] as const) {
    peerTest(`${what} in the way`, 'project-bare', async () => {
      const folder = appFolder('bare');
      const home = path.join(folder, 'heapray');
      mkdirSync(home);
      writeFileSync(captureOf(home, 'shop'), Buffer.from(bytes, 'hex'));
      const result = await runTracedApp({ app: ['ending.js', 'natural'], folder, env: TRACED });
      expect(result.stderr).not.toMatch(/heapray: (warn|error)/);
      expect(fileNames(home)).toEqual(['shop_memory.bin']);
      expectFinished(captureOf(home, 'shop'));
    });
  }
});

/** Expects a finished capture whose leak has this many bytes, within five standard errors of sampling. */
async function expectLeak(capture: string, truth: number): Promise<void> {
  expectFinished(capture);
  const rows = (await new MemrayReport('1.20.0', capture).leaks()).filter(({ stack_trace: stack }) =>
    stack.startsWith('rememberOrder'),
  );
  const leaked = rows.reduce((sum, { size }) => sum + size, 0);
  expect(Math.abs(leaked - truth)).toBeLessThan(samplingMargin(8192, truth));
}
