// Captures never overwrite each other, and their size and number are bounded.
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import { appFolder } from './support/app-folder.js';
import { captureOf, expectFinished, fileNames } from './support/capture-files.js';
import { MEMRAY_OF, MemrayReport } from './support/memray-report.js';
import { runTracedApp, startApp } from './support/profiled-app.js';
import { samplingMargin } from './support/sampling-margin.js';

const TRACED = { HEAPRAY_COMPONENT: 'shop', HEAPRAY_TRACE_COMPONENTS: 'shop' };
const ROTATED = /^shop_memory\.\d{8}T\d{6}Z(-\d+)?\.bin$/;

peerTest('an earlier capture is renamed and not changed', 'project-bare', async () => {
  const folder = appFolder('bare');
  const home = path.join(folder, 'heapray');
  mkdirSync(home);
  writeFileSync(captureOf(home, 'shop'), 'an earlier capture');
  const result = await runTracedApp({ app: ['ending.js', 'natural'], folder, env: TRACED });
  expect(result).toMatchObject({ status: 0 });
  const [rotated = '', current] = fileNames(home).toSorted((a, b) => b.length - a.length);
  expect(rotated).toMatch(ROTATED);
  expect(current).toBe('shop_memory.bin');
  expect(readFileSync(path.join(home, rotated), 'utf8')).toBe('an earlier capture');
  expectFinished(captureOf(home, 'shop'));
});

peerTest('only the newest HEAPRAY_MAX_CAPTURES captures are kept', 'project-bare', async () => {
  const folder = appFolder('bare');
  const home = path.join(folder, 'heapray');
  const contents: string[] = [];
  for (let run = 0; run < 4; run++) {
    const env = { ...TRACED, HEAPRAY_MAX_CAPTURES: '2' };
    expect(await runTracedApp({ app: ['ending.js', 'exit'], folder, env })).toMatchObject({ status: 3 });
    contents.push(readFileSync(captureOf(home, 'shop'), 'latin1'));
  }
  const kept = fileNames(home).map((name) => readFileSync(path.join(home, name), 'latin1'));
  expect(kept.toSorted()).toEqual(contents.slice(-2).toSorted());
});

peerTest(
  "two processes with one name do not damage each other's captures",
  ['project-bare', 'memray-1.20.0'],
  async () => {
    const folder = appFolder('bare');
    const home = path.join(folder, 'heapray');
    const env = { ...TRACED, LEAK_MIB: '4' };
    // Collect garbage first, because uncollected garbage looks like a leak.
    const nodeArgs = ['--expose-gc'];
    const first = startApp({ app: ['leaky-service.js'], nodeArgs, folder, env });
    await first.waitForLog(/profiling memory of component shop/);
    await first.waitForLog(/^leaked$/m);
    const second = startApp({ app: ['leaky-service.js'], nodeArgs, folder, env });
    await second.waitForLog(/profiling memory of component shop/);
    await second.waitForLog(/^leaked$/m);
    // Each thread has loaded its code by then, so that it can write the end of its capture at once.
    for (const app of [first, second]) await app.debugUrl();
    await first.stop();
    await second.stop();
    expect(fileNames(home)).toHaveLength(2);
    for (const name of fileNames(home)) {
      const capture = path.join(home, name);
      expectFinished(capture);
      const report = new MemrayReport('1.20.0', capture);
      const { metadata } = await report.stats();
      const { pid } = (name === 'shop_memory.bin' ? first : second).process;
      expect(metadata.pid).toBe(pid);
      expect(['shop_memory.bin', `shop_memory.${second.process.pid}.bin`]).toContain(name);
      expect((await report.leaks())[0]?.stack_trace).toMatch(/^rememberOrder/);
    }
  },
);

peerTest('a large capture continues in another file', ['project-bare', 'memray-1.20.0'], async () => {
  const env = {
    ...TRACED,
    // Room for everything alive at the end, some 8,000 samples.
    HEAPRAY_MAX_CAPTURE_BYTES: '163840',
    HEAPRAY_MAX_CAPTURES: '3',
    LEAK_MIB: '64',
    CHURN_MIB: '2',
  };
  const service = startApp({ app: ['leaky-service.js'], env });
  const captures = () => fileNames(service.home).filter((name) => name.endsWith('.bin'));
  await pollUntil(() => captures().length === 3, { what: 'three captures' });
  await service.waitForLog(/^leaked$/m);
  await service.stop();
  const names = fileNames(service.home);
  expect(names).toHaveLength(3);
  expect(names.filter((name) => ROTATED.test(name))).toHaveLength(2);
  expect(service.process.stderr).not.toMatch(/warn|error/);
  for (const name of names) {
    const capture = path.join(service.home, name);
    expectFinished(capture);
    expect((await new MemrayReport('1.20.0', capture).stats()).total_num_allocations).toBeGreaterThan(0);
  }
  // The last file begins with everything that was alive, so it has the whole leak.
  const [first] = await new MemrayReport('1.20.0', captureOf(service.home, 'shop')).leaks();
  expect(first?.stack_trace).toMatch(/^rememberOrder/);
  const truth = 64 * 2 ** 20;
  expect(Math.abs((first?.size ?? 0) - truth)).toBeLessThan(samplingMargin(8192, truth));
});

for (const format of [13, 12, 11]) {
  const version = MEMRAY_OF[format] ?? '1.20.0';
  const peers = ['project-bare', `memray-${version}`] as const;
  peerTest(`a large capture continues aggregated, killed or not (format ${format})`, peers, async () => {
    const env = {
      ...TRACED,
      HEAPRAY_MAX_CAPTURE_BYTES: '65536',
      HEAPRAY_CAPTURE_OVERFLOW: 'aggregate',
      HEAPRAY_MEMRAY_FORMAT: `${format}`,
      LEAK_MIB: '64',
      CHURN_MIB: '2',
    };
    const service = startApp({ app: ['leaky-service.js'], env });
    const capture = captureOf(service.home, 'shop');
    await pollUntil(() => fileNames(service.home).length === 2, { what: 'the summed capture' });
    // Copy the file, which is complete at any moment: the copy is what a kill would leave.
    const atKill = path.join(service.folder, 'at-kill.bin');
    await pollUntil(() => statSync(capture).size > 100, { what: 'its first content' });
    copyFileSync(capture, atKill);
    const print = (file: string) => new MemrayReport(version, file).print(['summary']);
    expect(await print(atKill)).toContain('Location');
    await service.waitForLog(/^leaked$/m);
    await service.stop();
    expect(service.process.stderr).not.toMatch(/warn|error/);
    const names = fileNames(service.home);
    expect(names).toHaveLength(2);
    const [detailed = ''] = names.filter((name) => ROTATED.test(name));
    expectFinished(path.join(service.home, detailed));
    const report = new MemrayReport(version, path.join(service.home, detailed));
    expect((await report.stats()).total_num_allocations).toBeGreaterThan(0);
    // The aggregated capture has the whole leak, from the start of the run.
    const [first] = await new MemrayReport(version, capture).leaks();
    expect(first?.stack_trace).toMatch(/^rememberOrder/);
    const truth = 64 * 2 ** 20;
    expect(Math.abs((first?.size ?? 0) - truth)).toBeLessThan(samplingMargin(8192, truth));
  });
}

peerTest('an aggregated capture survives SIGKILL', ['project-bare', 'memray-1.20.0'], async () => {
  const env = {
    ...TRACED,
    HEAPRAY_MAX_CAPTURE_BYTES: '65536',
    HEAPRAY_CAPTURE_OVERFLOW: 'aggregate',
  };
  // A small young generation, because uncollected garbage looks like a leak and there is room for little of it.
  const nodeArgs = ['--max-semi-space-size=1'];
  const service = startApp({ app: ['leaky-service.js'], nodeArgs, env });
  const capture = captureOf(service.home, 'shop');
  await pollUntil(() => fileNames(service.home).length === 2 && statSync(capture).size > 100, {
    what: 'the summed capture',
  });
  await service.stop('SIGKILL');
  const [first] = await new MemrayReport('1.20.0', capture).leaks();
  expect(first?.stack_trace).toMatch(/^rememberOrder/);
});
