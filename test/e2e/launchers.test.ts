// Real launchers with heapray in NODE_OPTIONS: they are not profiled themselves, and the programs that they start are
// profiled with the settings that they give them.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { freePort, freePortPair } from '../support/free-port.js';
import { httpGet } from '../support/http-get.js';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import { project } from '../support/projects.js';
import { type RunningProcess, startProcess } from '../support/start-node.js';
import { tempFolder } from '../support/temp-folder.js';
import { appFolder } from './support/app-folder.js';
import { type DocsSection, docsSection } from './support/docs-commands.js';
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

describe('the commands of docs/ways-to-start.md', () => {
  peerTest('with env-cmd', 'project-launchers', async () => {
    const section = docsSection('ways-to-start.md', 'Programs that start others');
    const folder = docsFolder(section);
    writeFileSync(path.join(folder, 'app.env'), 'HEAPRAY_COMPONENT=from-file\n');
    const { metrics, env } = await settings();
    const launcher = startCommand(section, folder, env);
    expect(await componentOn(metrics)).toEqual(['from-file']);
    expect(listeningPorts(launcher.pid)).toEqual([]);
    expect(launcher.stderr.match(/^heapray: .*$/gm)).toHaveLength(2);
    await launcher.stop('SIGTERM');
  });

  peerTest('with PM2: each worker of a cluster has its own page', 'project-launchers', async () => {
    const section = docsSection('ways-to-start.md', 'Cluster and PM2');
    const port = await freePortPair();
    const folder = docsFolder(section, `${port}`);
    const pm2 = startCommand(section, folder, { PM2_HOME: tempFolder(), PM2_DISABLE_VERSION_CHECK: 'true' });
    expect(await componentOn(port)).toEqual(['shop']);
    expect(await componentOn(port + 1)).toEqual(['shop']);
    expect(`${pm2.stdout}${pm2.stderr}`).not.toContain('cannot listen');
    await pm2.stop('SIGINT');
  });
});

/** Makes a project with the files of a section of the page, and a free port in place of the one there. */
function docsFolder(section: DocsSection, port = ''): string {
  const folder = appFolder('launchers');
  for (const [name, text] of section.files)
    writeFileSync(path.join(folder, name), text.replaceAll('9464', port));
  writeFileSync(path.join(folder, 'app.js'), "import './launched.cjs';\n");
  return folder;
}

/** Starts the only command of a section of the page. */
function startCommand({ commands }: DocsSection, cwd: string, more: Record<string, string>): RunningProcess {
  expect(commands).toHaveLength(1);
  const bins = [path.dirname(process.execPath), path.join(project('launchers'), 'node_modules', '.bin')];
  const env = { ...more, PATH: [...bins, process.env.PATH].join(path.delimiter) };
  // Use exec, so that the process to stop is the launcher and not the shell.
  const command = `${commands[0]}`.replace(/(?:npx )?(?=\b(?:env-cmd|pm2-runtime) )/, 'exec ');
  return startProcess('sh', { args: ['-c', command], cwd, env });
}

/** Returns free ports, and the variables that set them. */
async function settings() {
  const [metrics, debug] = [await freePort(), await freePort()];
  const env = { OTEL_EXPORTER_PROMETHEUS_PORT: `${metrics}`, HEAPRAY_DEBUG_ADDR: `127.0.0.1:${debug}` };
  return { metrics, debug, env };
}

/** Returns the components on a metrics page, once the page exists. */
async function componentOn(port: number): Promise<readonly string[]> {
  const page = async () => {
    const { body } = await httpGet(`http://127.0.0.1:${port}/metrics`);
    const sites = new MetricsPage(body).find('heapray_memory_retained');
    return sites.length > 0 && sites;
  };
  const sites = await pollUntil(() => page().catch(() => undefined), { what: `metrics on port ${port}` });
  return [...new Set(sites.map(({ labels }) => labels.heapray_component ?? ''))];
}
