// V8 has one heap sampler. When other code has it, takes it or stops it, heapray notices and counts that, leaves the other's
// sampler alone, and continues when the sampler is free again.
import { expect } from 'vitest';
import { httpGet } from '../support/http-get.js';
import { peerTest } from '../support/peer-test.js';
import type { NodeLine } from '../support/peers.js';
import { pollUntil } from '../support/poll.js';
import type { MetricsPage } from './support/metrics-page.js';
import { type AppOptions, type RunningApp, startApp } from './support/profiled-app.js';

const LINES: readonly NodeLine[] = ['22', '24', '26'];
const PEERS = ['node-22', 'node-24', 'node-26', 'project-bare'] as const;
/**
 * A steady leak with little garbage: the first samples are alive at every poll, however late, and their numbers
 * show whose sampler it is.
 */
const ENV = { HEAPRAY_SAMPLING_INTERVAL: '65536', LEAK_MIB: '2000', ORDER_MILLIS: '50', CHURN_MIB: '0' };
/** More samples than another sampler takes, at a finer interval, while the request to start it is answered. */
const MANY_SAMPLES = 100;

interface Answer {
  error?: string;
  samples?: number;
}

/** An app that can interfere with the sampler on request, and the profiler mode while heapray has the sampler. */
class Rival {
  readonly app: RunningApp;
  readonly mode: string;

  constructor(options: Partial<AppOptions> & { line: NodeLine }) {
    this.app = startApp({ app: ['sampler-rival.js'], env: ENV, ...options });
    this.mode = options.line === '26' ? 'native-api' : 'binding';
  }

  async do(action: string): Promise<Answer> {
    const [, url] = await this.app.waitForLog(/rival at (\S+)/);
    return JSON.parse((await httpGet(`${url}${action}`)).body) as Answer;
  }

  /** Waits until heapray's sampler has taken many more samples than before. */
  async waitForSampling(before: MetricsPage | undefined): Promise<MetricsPage> {
    const taken = before?.sum('heapray_profiler_samples_total') ?? 0;
    return this.app.waitForMetrics(`sampling by ${this.mode}`, (page) => {
      return (
        activeMode(page) === this.mode && page.sum('heapray_profiler_samples_total') > taken + MANY_SAMPLES
      );
    });
  }

  async waitForLoss(reason: string, count: number): Promise<MetricsPage> {
    return this.app.waitForMetrics(`a sampler lost because it was ${reason}`, (page) => {
      return lostBy(page, reason) >= count;
    });
  }
}

peerTest('a sampler that other code stops or takes is noticed and started again', PEERS, async () => {
  await Promise.all(
    LINES.map(async (line) => {
      const rival = new Rival({ line });
      let page = await rival.waitForSampling(undefined);

      await rival.do('/visit');
      page = await rival.waitForSampling(page);
      expect(page.sum('heapray_profiler_lost_sampler_total')).toBe(0);

      await rival.do('/stop');
      page = await rival.waitForLoss('stopped', 1);
      page = await rival.waitForSampling(page);
      await rival.app.waitForLog(/warn: somebody stopped the heap sampler/);

      await rival.do('/restart');
      await rival.waitForLoss('restarted', 1);
      page = await rival.waitForLoss('taken', 1);
      expect(activeMode(page)).toBe('none');
      expect(await rival.do('/read')).toMatchObject({ samples: expect.any(Number) });

      await rival.do('/stop');
      page = await rival.waitForSampling(page);
      await rival.app.waitForLog(/warn: somebody restarted the heap sampler/);
      expect(await rival.app.stop('SIGTERM')).toEqual({ status: null, signal: 'SIGTERM' });
    }),
  );
});

peerTest('a profiler that was started first is left alone', PEERS, async () => {
  await Promise.all(
    LINES.map(async (line) => {
      const rival = new Rival({ line, nodeArgs: ['--import', './datadog-first.js'] });
      const page = await rival.waitForLoss('taken', 2);
      expect(activeMode(page)).toBe('none');
      expect((await rival.do('/datadog-read')).samples).toBeGreaterThan(0);
      const warning = /warn: the heap sampler is in use by somebody else/g;
      await rival.app.waitForLog(new RegExp(warning, ''));
      expect(rival.app.process.stderr.match(warning)).toHaveLength(1);

      await rival.do('/datadog-stop');
      await rival.waitForSampling(page);
      expect(await rival.app.stop('SIGTERM')).toEqual({ status: null, signal: 'SIGTERM' });
    }),
  );
});

peerTest('a lost sampler is noticed without the native sampler, too', 'project-bare-reduced', async () => {
  const rival = new Rival({ line: '24', omitOptional: true });
  // Polls force collections in this mode and are rare; a profile makes one at once.
  const read = async () => httpGet(`${await rival.app.debugUrl()}/debug/pprof/heap`);
  const isSampling = (page: MetricsPage) => page.sum('heapray_profiler_samples_total') > MANY_SAMPLES;
  await pollUntil(async () => (await read()) && isSampling(await rival.app.metrics()), { what: 'samples' });
  await rival.app.waitForMetrics('the fallback', (page) => activeMode(page) === 'inspector');
  await rival.do('/restart');
  // One answer alone may be of a poll before the restart.
  const isLost = (page: MetricsPage) => lostBy(page, 'restarted') > 0;
  await pollUntil(async () => (await read()) && isLost(await rival.app.metrics()), { what: 'the loss' });
  await rival.waitForLoss('taken', 1);
  expect(await rival.do('/read')).toMatchObject({ samples: expect.any(Number) });
  await rival.do('/stop');
  await rival.app.waitForMetrics('the fallback', (page) => activeMode(page) === 'inspector');
});

function lostBy(page: MetricsPage, reason: string): number {
  return page.sum('heapray_profiler_lost_sampler_total', { heapray_reason: reason });
}

function activeMode(page: MetricsPage): string | undefined {
  return page.active('heapray_profiler_status', 'heapray_profiler_mode')[0];
}
