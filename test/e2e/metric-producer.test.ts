// heapray's metric producer in the readers of both SDK versions: a real Prometheus sees exactly the largest call sites.
import { beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { httpGet } from '../support/http-get.js';
import { describeWithPeer } from '../support/peer-test.js';
import { promtool } from '../support/peers.js';
import { pollUntil } from '../support/poll.js';
import { runCommand } from '../support/run-command.js';
import { type PrometheusServer, startPrometheus } from '../support/start-prometheus.js';
import { MetricsPage } from './support/metrics-page.js';
import { type RunningApp, startApp } from './support/profiled-app.js';
import { samplingMargin } from './support/sampling-margin.js';

const INTERVAL = 16_384;
const MIB = 2 ** 20;
const FIRST = { code_function_name: 'holdFirst' };
const margin = (bytes: number) => samplingMargin(INTERVAL, bytes);

interface Service {
  readonly app: RunningApp;
  readonly address: string;
  readonly control: string;
}

interface ExportedScope {
  readonly metrics: readonly {
    readonly descriptor: { readonly name: string };
    readonly dataPoints: readonly { readonly attributes: Record<string, unknown>; readonly value: number }[];
  }[];
}

describeWithPeer('Prometheus', ['prometheus', 'promtool', 'project-sdk-2', 'project-sdk-3'], () => {
  describe.each([
    ['SDK 2', 'sdk-2'],
    ['SDK 3', 'sdk-3'],
  ] as const)('%s', (_, project) => {
    let service: Service;
    let prometheus: PrometheusServer;

    beforeAll(async () => {
      service = await start(project);
      await service.app.waitForLog(/^ready$/m);
      prometheus = await startPrometheus({ targets: [service.address] });
    });

    const page = async () => new MetricsPage((await httpGet(`http://${service.address}/metrics`)).body);
    const shown = (metrics: MetricsPage, name: string) => {
      const sites = metrics.find(name).map(({ labels }) => labels.code_function_name ?? '');
      return [...new Set(sites)].sort();
    };

    test('the scraped sites are the two largest and the rest, with their bytes in use', async () => {
      const own = `heapray_memory_retained{instance="${service.address}",code_function_name="holdFirst"}`;
      const [first] = await prometheus.waitForSeries(`sum(${own}) > ${16 * MIB - margin(16 * MIB)}`);
      expect(first?.value).toBeLessThan(16 * MIB + margin(16 * MIB));
      const wanted = 'holdFirst,holdSecond,other';
      // Until V8 has collected some of it, the garbage of pages counts as in use.
      const isThere = async () => `${shown(await page(), 'heapray_memory_retained')}` === wanted;
      await pollUntil(isThere, { what: 'the two largest sites and the rest' });
      // Others may have been the largest before the service held anything.
      const counted = shown(await page(), 'heapray_memory_allocated_total');
      expect(`${counted.filter((site) => site !== '(dropped)')}`).toBe(wanted);
    });

    test('each series exists once, and metrics without call sites come from the instruments', async () => {
      const { body } = await httpGet(`http://${service.address}/metrics`);
      const metrics = new MetricsPage(body);
      const series = metrics.samples.map(({ name, labels }) => JSON.stringify([name, labels]));
      expect(new Set(series).size).toBe(series.length);
      expect(metrics.find('heapray_profiler_samples_total')).toHaveLength(1);
      expect(metrics.find('heapray_memory_resident').length).toBeGreaterThan(5);
      const check = await runCommand(promtool(), ['check', 'metrics'], { input: body });
      expect(check).toEqual({ status: 0, signal: null, stdout: '', stderr: '' });
    });

    test('an exporting reader has its own grouping, by package', async () => {
      const exported = async () => {
        const { body } = await httpGet(`http://${service.control}/export`);
        const all = (JSON.parse(body) as ExportedScope[]).flatMap(({ metrics }) => metrics);
        const retained = all.filter(({ descriptor }) => descriptor.name === 'heapray.memory.retained');
        const points = retained.flatMap(({ dataPoints }) => dataPoints);
        const packages = points.map(({ attributes }) => attributes['heapray.package.name']);
        // Wait until a poll has shown the package.
        return packages.includes('order-cache') && { all, retained, points };
      };
      const { all, retained, points } = await pollUntil(exported, { what: 'the package of the cache' });
      expect(retained).toHaveLength(1);
      expect(points.flatMap(({ attributes }) => Object.keys(attributes))).not.toContain('code.function.name');
      expect(all.map(({ descriptor }) => descriptor.name)).toContain('heapray.memory.resident');
    });

    test('the series of a site that is gone ends, on the page and in Prometheus', async () => {
      const counts = async () => (await page()).sum('heapray_memory_allocated_total', FIRST) > 10 * MIB;
      await pollUntil(counts, { what: 'the site that is to go' });
      await httpGet(`http://${service.control}/next`);
      const wanted = 'holdFifth,holdFourth,other';
      const isThere = async () => `${shown(await page(), 'heapray_memory_retained')}` === wanted;
      await pollUntil(isThere, { what: 'the new sites alone' });
      const own = `heapray_memory_retained{instance="${service.address}"}`;
      const sites = async () => {
        const series = await prometheus.query(`sum by (code_function_name) (${own})`);
        return `${series.map(({ metric }) => metric.code_function_name).sort()}` === wanted;
      };
      await pollUntil(sites, { what: 'Prometheus to see the same' });
      const counted = await page();
      const dropped = { code_function_name: '(dropped)' };
      expect(counted.sum('heapray_memory_allocated_total', dropped)).toBeGreaterThan(10 * MIB);
      await prometheus.waitForGoodScrapes();
    });

    test('the service ends when its SDK is shut down, and prints nothing', async () => {
      // The exporter's server closes after its connections, and a pending scrape would keep its connection open for further ones.
      await prometheus.stop();
      expect(await service.app.stop('SIGTERM')).toEqual({ status: 0, signal: null });
      expect(service.app.process).toMatchObject({ stdout: 'ready\n', stderr: '' });
    });
  });
});

async function start(project: 'sdk-2' | 'sdk-3'): Promise<Service> {
  const [metrics, control] = [await freePort(), await freePort()];
  const env = {
    METRICS_PORT: `${metrics}`,
    CONTROL_PORT: `${control}`,
    HEAPRAY_SAMPLING_INTERVAL: `${INTERVAL}`,
    // Without it, the trace SDK complains on stderr.
    OTEL_TRACES_EXPORTER: 'none',
  };
  const nodeArgs = ['--expose-gc'];
  const app = startApp({ app: ['producer-service.js'], nodeArgs, project, register: false, env });
  return { app, address: `127.0.0.1:${metrics}`, control: `127.0.0.1:${control}` };
}
