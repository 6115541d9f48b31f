// A call site that begins to leak when many others already hold memory gets a series with every kind of reader, and the
// number of series stays the same.
import { describe, expect } from 'vitest';
import { freePort } from '../support/free-port.js';
import { httpGet } from '../support/http-get.js';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import type { ProjectName } from '../support/projects.js';
import { MetricsPage } from './support/metrics-page.js';
import { startApp } from './support/profiled-app.js';

const MIB = 2 ** 20;
/** Most series of all metrics together, at defaults. */
const MAX_SERIES = 150;

interface Setup {
  readonly title: string;
  readonly project: ProjectName;
  readonly app: readonly string[];
}

const SETUPS: readonly Setup[] = [
  { title: 'zero-code', project: 'bare', app: ['late-leak.js'] },
  { title: 'a reader of SDK 2 as users make it', project: 'sdk-2', app: ['late-leak.js', 'sdk'] },
  { title: 'a reader of SDK 3 as users make it', project: 'sdk-3', app: ['late-leak.js', 'sdk'] },
];

describe.each(SETUPS)('$title', ({ project, app }) => {
  peerTest('shows a call site that leaks late', `project-${project}`, async () => {
    const port = await freePort();
    const isSdk = app.length > 1;
    const service = startApp({
      app,
      project,
      register: !isSdk,
      nodeArgs: ['--expose-gc'],
      env: {
        METRICS_PORT: `${port}`,
        HEAPRAY_SAMPLING_INTERVAL: '16384',
        OTEL_TRACES_EXPORTER: 'none',
      },
    });
    const url = isSdk ? `http://127.0.0.1:${port}/metrics` : await service.metricsUrl();
    const waitFor = async (what: string, isThere: (page: MetricsPage) => boolean) => {
      const check = async () => {
        const page = new MetricsPage((await httpGet(url)).body);
        expect(page.samples.length).toBeLessThanOrEqual(MAX_SERIES);
        return isThere(page) && page;
      };
      return pollUntil(check, { what });
    };
    const heldBy = (page: MetricsPage, pattern: RegExp) => {
      const series = page.find('heapray_memory_retained').filter(({ value }) => value > 0);
      return new Set(
        series.map(({ labels }) => labels.code_function_name).filter((name) => pattern.test(name ?? '')),
      );
    };

    for (let phase = 0; phase < 3; phase++) {
      await service.waitForLog(new RegExp(`^phase ${phase + 1}$`, 'm'));
      const places = new RegExp(`^f(${Array.from({ length: 45 }, (_, at) => phase * 45 + at).join('|')})$`);
      await waitFor(`places of phase ${phase + 1}`, (page) => heldBy(page, places).size >= 8);
      process.kill(service.process.pid, 'SIGUSR2');
    }
    await service.waitForLog(/^phase 4$/m);
    const leak = { code_function_name: 'leak' };
    const page = await waitFor('the leak', (now) => now.sum('heapray_memory_retained', leak) > 32 * MIB);
    expect(page.sum('heapray_memory_retained', leak)).toBeLessThan(96 * MIB);
    expect(page.find('heapray_memory_allocated_total', { code_function_name: 'other' })).toHaveLength(1);
  });
});
