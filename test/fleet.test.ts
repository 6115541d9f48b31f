// examples/fleet as `npm run fleet` runs it: Prometheus scrapes three services, of which one leaks, and a Collector that they push to.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { descendants, isRunning, killDescendantsAtEnd } from './support/descendants.js';
import { httpGet } from './support/http-get.js';
import { peerTest } from './support/peer-test.js';
import { collector, prometheus, promtool } from './support/peers.js';
import { pollUntil } from './support/poll.js';
import { runCommand } from './support/run-command.js';
import { type RunningProcess, startNode } from './support/start-node.js';
import { PrometheusServer } from './support/start-prometheus.js';
import { tempFolder } from './support/temp-folder.js';

const FLEET = fileURLToPath(new URL('../examples/fleet', import.meta.url));
const SERVICES = ['accounts', 'images', 'search'];

/** Starts the fleet on free ports, and waits until it has printed its addresses. */
async function startFleet(env: Record<string, string> = {}) {
  const fleet = startNode({ args: [path.join(FLEET, 'main.js'), '--free-ports'], env });
  killDescendantsAtEnd(fleet.pid);
  await fleet.waitForOutput(/^Ctrl-C ends it\.$/m);
  const pages = [...fleet.stdout.matchAll(/^ {2}(\w+) +(http:\S+)/gm)];
  return { fleet, urls: new Map(pages.map(([, name = '', url = '']) => [name, url])) };
}

/** Ends the fleet as Ctrl-C does, and waits until no process of it is left. */
async function endFleet(fleet: RunningProcess): Promise<void> {
  const started = descendants(fleet.pid);
  expect(started.length).toBeGreaterThanOrEqual(SERVICES.length + 1);
  expect(await fleet.stop('SIGINT')).toEqual({ status: 0, signal: null });
  await pollUntil(() => !started.some(isRunning), { what: 'the end of all processes of the fleet' });
}

peerTest(
  'the fleet: metrics of all services are in Prometheus, scraped and pushed, profiles in the Collector, and one has a leak',
  ['prometheus', 'collector'],
  async () => {
    const programs = { PROMETHEUS: prometheus(), COLLECTOR: collector() };
    const { fleet, urls } = await startFleet({
      ...programs,
      HEAPRAY_LEAK_WINDOW: '1',
      // More samples, so that the leak is found sooner.
      HEAPRAY_SAMPLING_INTERVAL: '65536',
      // Also the time that an export may take before it is reported as failed.
      HEAPRAY_PROFILES_INTERVAL: '10',
    });
    const server = new PrometheusServer(fleet, urls.get('prometheus')!.replace(/\/$/, ''));

    for (const job of SERVICES) {
      await server.waitForSeries(`heapray_memory_retained{job="${job}", heapray_component="${job}"} > 0`);
      await server.waitForSeries(
        `heapray_memory_retained_bytes{job="${job}", heapray_component="${job}"} > 0`,
      );
      expect((await httpGet(urls.get(job)!)).status).toBe(200);
    }
    const buffers = 'heapray_memory_resident{job="images", heapray_memory_kind="array_buffers"} > 4e6';
    await server.waitForSeries(buffers);

    for (const growth of ['heapray_memory_growth', 'heapray_memory_growth_bytes_per_second']) {
      const growing = await server.waitForSeries(`${growth} > 0`);
      const [{ metric }] = growing as [(typeof growing)[0]];
      expect(metric).toMatchObject({ job: 'accounts', heapray_package_name: 'accounts-service' });
      expect(metric.code_file_path).toMatch(/services\/accounts\/(?:main|session)\.js$/);
      expect(new Set(growing.map(({ metric: { job } }) => job))).toEqual(new Set(['accounts']));
    }
    await fleet.waitForOutput(/^collector: .*Profiles.*"sample records": [1-9]/m);
    await server.waitForGoodScrapes();
    expect(fleet.stderr).not.toContain('not exported');
    await endFleet(fleet);
  },
);

test('the fleet runs without Prometheus and Collector, and starts a service again that has ended', async () => {
  const { fleet, urls } = await startFleet({ PROMETHEUS: '', COLLECTOR: '' });
  expect(fleet.stdout).toContain('PROMETHEUS is not set: no Prometheus runs.');
  expect(fleet.stdout).toContain('COLLECTOR is not set: no Collector runs.');
  const search = descendants(fleet.pid).find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('services/search/main.js'),
  );
  process.kill(search!, 'SIGKILL');
  await fleet.waitForOutput(/^search: ended with SIGKILL, starting it again$/m);
  const healthz = new URL('/healthz', urls.get('search')).href;
  await pollUntil(async () => (await httpGet(healthz)).status === 200, { what: 'the service' });
  await endFleet(fleet);
});

test('the fleet ends when a program cannot run', async () => {
  const fleet = startNode({
    args: [path.join(FLEET, 'main.js'), '--free-ports'],
    env: { PROMETHEUS: '/nowhere/prometheus', COLLECTOR: '' },
  });
  expect(await fleet.ended).toEqual({ status: 1, signal: null });
  expect(fleet.stderr).toMatch(/^fleet: prometheus cannot run: ended with spawn .* ENOENT$/m);
});

describe('the files for containers', () => {
  const compose = path.join(FLEET, 'compose.yaml');
  const { services } = parse(readFileSync(compose, 'utf8'), { merge: true }) as {
    readonly services: Record<string, { readonly image: string; readonly volumes?: readonly string[] }>;
  };

  test('pin the version of every image, and mount what exists', () => {
    for (const [name, { image, volumes = [] }] of Object.entries(services)) {
      expect(image, name).toMatch(/^[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*$/);
      for (const volume of volumes) {
        const [from = ''] = volume.split(':');
        expect(existsSync(path.resolve(FLEET, from)), `${name}: ${from}`).toBe(true);
      }
    }
  });

  test('are YAML where they are', () => {
    const files = readdirSync(path.join(FLEET, 'compose'), { recursive: true, encoding: 'utf8' });
    const yaml = files.filter((file) => file.endsWith('.yaml') || file.endsWith('.yml'));
    expect(yaml.length).toBeGreaterThanOrEqual(3);
    for (const file of yaml) {
      expect(parse(readFileSync(path.join(FLEET, 'compose', file), 'utf8'))).toBeTypeOf('object');
    }
  });

  peerTest('have configurations that promtool accepts', 'promtool', async () => {
    const rules = path.join(FLEET, '../../dashboards/prometheus');
    for (const file of ['prometheus.yml', 'compose/prometheus.yml']) {
      const text = readFileSync(path.join(FLEET, file), 'utf8');
      const copy = path.join(tempFolder(), 'prometheus.yml');
      writeFileSync(copy, text.replace(/(?<=rule_files: \[).*(?=\/)/, rules));
      const check = await runCommand(promtool(), ['check', 'config', copy]);
      expect(check, check.stdout + check.stderr).toMatchObject({ status: 0 });
    }
  });
});
