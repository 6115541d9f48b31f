// Real launchers with heapray in NODE_OPTIONS: they are not profiled themselves, and the programs that they start are
// profiled with the settings that they give them.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { freePort } from '../support/free-port.js';
import { httpGet } from '../support/http-get.js';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import { project } from '../support/projects.js';
import { runCommand } from '../support/run-command.js';
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
  const [fork, cluster, home] = [await settings(), await settings(), tempFolder()];
  const app = { script: './launched.cjs', cwd: folder, kill_timeout: 100 };
  const apps = [
    { ...app, name: 'shop', exec_mode: 'fork', env: fork.env },
    {
      ...app,
      name: 'api',
      exec_mode: 'cluster',
      instances: 4,
      env: { ...cluster.env, HEAPRAY_COMPONENT: 'orders' },
    },
  ];
  writeFileSync(path.join(folder, 'ecosystem.config.cjs'), `module.exports = ${JSON.stringify({ apps })};`);
  const pm2 = startApp({
    app: ['node_modules/pm2/bin/pm2-runtime', 'start', 'ecosystem.config.cjs'],
    folder,
    register: false,
    env: { NODE_OPTIONS, PM2_HOME: home, PM2_DISABLE_VERSION_CHECK: 'true', OTEL_LOG_LEVEL: 'debug' },
  });
  expect(await componentOn(fork.metrics)).toEqual(['shop']);
  expect(await componentOn(cluster.metrics)).toEqual(['orders']);
  for (const { debug } of [fork, cluster]) {
    const isHealthy = async () => (await httpGet(`http://127.0.0.1:${debug}/healthz`)).body === 'ok\n';
    await pollUntil(isHealthy, { what: `a debug server on port ${debug}` });
  }
  const before = await processesOn(cluster.metrics, (pids) => pids.length === 4);
  // A rolling reload replaces all processes; the page stays.
  const env = { PM2_HOME: home, PM2_DISABLE_VERSION_CHECK: 'true' };
  const reload = await runCommand(process.execPath, ['node_modules/pm2/bin/pm2', 'reload', 'api'], {
    cwd: folder,
    env,
  });
  expect(reload).toMatchObject({ status: 0 });
  await processesOn(
    cluster.metrics,
    (pids) => pids.length === 4 && !pids.some((pid) => before.includes(pid)),
  );
  expect(`${pm2.process.stdout}${pm2.process.stderr}`).not.toMatch(/heapray: (?:warn|error)/);
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
    for (const message of [/memory profiles on/, /metrics on/]) await launcher.waitForOutput(message);
    expect(launcher.stderr.match(/^heapray: .*$/gm)).toHaveLength(2);
    await launcher.stop('SIGTERM');
  });

  peerTest('with PM2: the workers of a cluster are on one page', 'project-launchers', async () => {
    const section = docsSection('ways-to-start.md', 'Cluster and PM2');
    const [port, debug] = [await freePort(), await freePort()];
    const folder = docsFolder(section, `${port}`, `${debug}`);
    const pm2 = startCommand(section, folder, { PM2_HOME: tempFolder(), PM2_DISABLE_VERSION_CHECK: 'true' });
    expect(await componentOn(port)).toEqual(['shop']);
    await processesOn(port, (pids) => pids.length === 2);
    expect(`${pm2.stdout}${pm2.stderr}`).not.toContain('cannot listen');
    await pm2.stop('SIGINT');
  });
});

/** Makes a project with the files of a section of the page, and free ports in place of those there. */
function docsFolder(section: DocsSection, port = '', debugPort = ''): string {
  const folder = appFolder('launchers');
  for (const [name, text] of section.files)
    writeFileSync(path.join(folder, name), text.replaceAll('9464', port).replaceAll('6464', debugPort));
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

/** Waits for a metrics page with certain processes, and returns their ids. */
function processesOn(port: number, isRight: (pids: string[]) => boolean): Promise<string[]> {
  const pids = async () => {
    const { body } = await httpGet(`http://127.0.0.1:${port}/metrics`);
    const series = new MetricsPage(body).find('heapray_profiler_samples_total');
    const found = [...new Set(series.map(({ labels }) => labels.process_pid ?? ''))];
    return isRight(found) ? found : undefined;
  };
  return pollUntil(() => pids().catch(() => undefined), { what: `the processes on port ${port}` });
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
