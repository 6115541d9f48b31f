// A leak in a dependency that a bundler has put into one minified file with a TypeScript service: its name is the one in the
// original source, by the source map beside the file.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { beforeAll, expect, test } from 'vitest';
import { describeWithPeer } from '../support/peer-test.js';
import { appFolder } from './support/app-folder.js';
import type { MetricSample, MetricsPage } from './support/metrics-page.js';
import { pprofRaw } from './support/pprof-report.js';
import { type RunningApp, startApp } from './support/profiled-app.js';

const NAME = {
  code_function_name: 'priceOf',
  heapray_package_name: 'price-cache',
  heapray_package_version: '1.2.0',
};
const LEAKED_PER_REQUEST = 32_768;
const SERVICE = `
import { priceOf } from 'price-cache';

interface Session { readonly until: number; readonly pages: readonly number[][] }
const sessions: Session[] = [];

/** Keeps a session for two seconds. */
function openSession(now: number): void {
  while ((sessions[0]?.until ?? now) < now) sessions.shift();
  const pages: number[][] = [];
  for (let i = 0; i < 192; i++) pages.push(new Array<number>(512).fill(i));
  sessions.push({ until: now + 2_000, pages });
}

class OrderService {
  #orders = 0;
  serve(): void {
    priceOf(this.#orders++);
    openSession(performance.now());
  }
}

const service = new OrderService();
let served = 0;
setInterval(() => {
  service.serve();
  console.log('served', ++served, 'in', performance.now());
}, 200);
setInterval(globalThis.gc as () => void, 450);
`;

describeWithPeer('a leak in a minified bundle', ['project-bare', 'go-pprof'], () => {
  let app: RunningApp;
  let message = '';
  /** Returns the leak's rate in this run, because a busy machine slows the service: from its first request to its last. */
  const leakedPerSecond = () => {
    const served = [...app.process.stdout.matchAll(/^served (\d+) in (\S+)\n/gm)];
    const [first, last] = [served[0]!, served.at(-1)!].map(([, count, millis]) => ({
      count: Number(count),
      millis: Number(millis),
    }));
    return (1000 * (last!.count - first!.count) * LEAKED_PER_REQUEST) / (last!.millis - first!.millis);
  };

  beforeAll(async () => {
    const folder = await bundle();
    const env = { HEAPRAY_LEAK_WINDOW: '1', HEAPRAY_SAMPLING_INTERVAL: '16384', HEAPRAY_CPU_BUDGET: '0.05' };
    app = startApp({ app: ['dist/service.js'], folder, nodeArgs: ['--expose-gc'], env });
    const found = /warn: leak suspected: (.*)/;
    [, message = ''] = await app.process.waitForOutput(found);
  });

  test('is in the log: function, package, version and slope', () => {
    const [, mib] =
      /^`priceOf [^`]+:\d+:\d+` in `price-cache@1\.2\.0` holds .* and grows (\d+(?:\.\d+)?) MiB\/min, /.exec(
        message,
      ) ?? [];
    const perSecond = (Number(mib) * 2 ** 20) / 60;
    expect(perSecond, message).toBeGreaterThan(leakedPerSecond() / 2);
    expect(perSecond, message).toBeLessThan(leakedPerSecond() * 2);
  });

  test('is in the metrics', async () => {
    const page = await app.waitForMetrics('the growth', (shown) => growing(shown).length > 0);
    const [growth, ...others] = growing(page);
    expect(others).toEqual([]);
    expect(growth?.labels).toMatchObject({
      ...NAME,
      code_file_path: path.join(app.folder, 'node_modules', 'price-cache', 'index.js'),
    });
    expect(growth?.value).toBeGreaterThan(leakedPerSecond() / 2);
    expect(growth?.value).toBeLessThan(leakedPerSecond() * 2);
    expect(page.sum('heapray_memory_retained', NAME)).toBeGreaterThan(0);
  });

  test('is in profiles, beside the service under its original names', async () => {
    const { samples, comments } = await pprofRaw(`${await app.debugUrl()}/debug/pprof/heap`);
    expect(comments.join('\n')).toMatch(
      /^leak suspected: `priceOf [^`]+:\d+:\d+` in `price-cache@1\.2\.0` .* MiB\/min/m,
    );
    const leak = samples.find(({ stack }) => stack[0] === 'priceOf');
    expect(leak?.labels).toMatchObject({
      package: 'price-cache',
      package_version: '1.2.0',
      component: 'service',
    });
    expect(leak?.stack.slice(0, 2)).toEqual(['priceOf', 'serve']);
    const session = samples.find(({ stack }) => stack[0] === 'openSession');
    expect(session?.labels.package).toBe('order-service');
  });
});

function growing(page: MetricsPage): readonly MetricSample[] {
  return page.find('heapray_memory_growth').filter(({ value }) => value !== 0);
}

/** Bundles the service and its dependency into one minified file; returns the service's folder. */
async function bundle(): Promise<string> {
  const folder = appFolder('bare');
  writeFileSync(path.join(folder, 'service.ts'), SERVICE);
  const build = await rolldown({ input: path.join(folder, 'service.ts'), cwd: folder });
  await build.write({ file: path.join(folder, 'dist', 'service.js'), minify: true, sourcemap: true });
  await build.close();
  const code = readFileSync(path.join(folder, 'dist', 'service.js'), 'utf8');
  expect(code).not.toMatch(/priceOf|openSession|price-cache/);
  expect(code).toMatch(/sourceMappingURL=service\.js\.map/);
  return folder;
}
