// Real programs that start others, with heapray in NODE_OPTIONS: they are left alone, and what they start is profiled with
// the settings that they give it.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { freePort } from '../support/free-port.js';
import { httpGet } from '../support/http-get.js';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import { tempFolder } from '../support/temp-folder.js';
import { appFolder } from './support/app-folder.js';
import { listeningPorts } from './support/listening-ports.js';
import { MetricsPage } from './support/metrics-page.js';
import { startApp } from './support/profiled-app.js';

const NODE_OPTIONS = '--import @heapray/instrumentation/register';

peerTest('PM2 in fork and in cluster mode', 'project-launchers', async () => {
  const folder = appFolder('launchers');
  const [fork, cluster] = [await settings(), await settings()];
  const app = { script: './launched.cjs', cwd: folder, kill_timeout: 100 };
  const apps = [
    { ...app, name: 'shop', exec_mode: 'fork', env: fork.env },
    {
      ...app,
      name: 'api',
      exec_mode: 'cluster',
      instances: 2,
      env: { ...cluster.env, HEAPRAY_COMPONENT: 'orders' },
    },
  ];
  writeFileSync(path.join(folder, 'ecosystem.config.cjs'), `module.exports = ${JSON.stringify({ apps })};`);
  const pm2 = startApp({
    app: ['node_modules/pm2/bin/pm2-runtime', 'start', 'ecosystem.config.cjs'],
    folder,
    register: false,
    env: { NODE_OPTIONS, PM2_HOME: tempFolder(), PM2_DISABLE_VERSION_CHECK: 'true', OTEL_LOG_LEVEL: 'debug' },
  });
  expect(await componentOn(fork.metrics)).toEqual(['shop']);
  expect(await componentOn(cluster.metrics)).toEqual(['orders']);
  for (const { debug } of [fork, cluster])
    expect((await httpGet(`http://127.0.0.1:${debug}/healthz`)).body).toBe('ok\n');
  const [said] = await pm2.waitForLog(/heapray: warn: .*cannot listen on .*/);
  expect(said).toContain(`cannot listen on 127.0.0.1:${cluster.metrics}: `);
  expect(said).toMatch(/; process \d+ \(component orders\) goes on without /);
  expect(`${pm2.process.stdout}${pm2.process.stderr}`).toMatch(
    /heapray: debug: process \d+ starts other programs and is not profiled itself: .*pm2-runtime/,
  );
  expect(listeningPorts(pm2.process.pid)).toEqual([]);
  await pm2.stop('SIGINT');
});

peerTest('env-cmd', 'project-launchers', async () => {
  const folder = appFolder('launchers');
  writeFileSync(path.join(folder, 'app.env'), 'HEAPRAY_COMPONENT=from-file\n');
  const { metrics, env } = await settings();
  const launcher = startApp({
    app: ['node_modules/env-cmd/bin/env-cmd.js', '-f', 'app.env', process.execPath, 'launched.cjs'],
    folder,
    register: false,
    env: { NODE_OPTIONS, ...env },
  });
  expect(await componentOn(metrics)).toEqual(['from-file']);
  expect(listeningPorts(launcher.process.pid)).toEqual([]);
  expect(launcher.process.stderr.match(/^heapray: .*$/gm)).toHaveLength(2);
  await launcher.stop('SIGTERM');
});

/** Ports that are free, and the variables that say so. */
async function settings() {
  const [metrics, debug] = [await freePort(), await freePort()];
  const env = { OTEL_EXPORTER_PROMETHEUS_PORT: `${metrics}`, HEAPRAY_DEBUG_ADDR: `127.0.0.1:${debug}` };
  return { metrics, debug, env };
}

/** The components on a metrics page, once it is there. */
async function componentOn(port: number): Promise<readonly string[]> {
  const page = async () => {
    const { body } = await httpGet(`http://127.0.0.1:${port}/metrics`);
    const sites = new MetricsPage(body).find('heapray_memory_retained');
    return sites.length > 0 && sites;
  };
  const sites = await pollUntil(() => page().catch(() => undefined), { what: `metrics on port ${port}` });
  return [...new Set(sites.map(({ labels }) => labels.heapray_component ?? ''))];
}
