// Several profiled processes with the same settings: one of them has the ports, and serves all.
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { listeningPorts } from '../../../../../test/e2e/support/listening-ports.js';
import { freePort } from '../../../../../test/support/free-port.js';
import { httpGet } from '../../../../../test/support/http-get.js';
import { pollUntil } from '../../../../../test/support/poll.js';
import { startNode } from '../../../../../test/support/start-node.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { REGISTER } from '../../support/profiled-program.js';

const program = (name: string) => fileURLToPath(new URL(`../../programs/${name}`, import.meta.url));
interface Ports {
  readonly metrics: number;
  readonly debug: number;
}

describe('a cluster', () => {
  test.each(['its workers alone are profiled', 'all of it is profiled'])('when %s', async (which) => {
    const ports = await twoPorts();
    const isAll = which.startsWith('all');
    const preload = isAll ? ['--import', REGISTER] : [];
    const app = start([...preload, program('cluster.cjs'), REGISTER, ...(isAll ? ['all'] : [])], ports);
    await app.waitForOutput(/(?:worker \d+\s+){3}/);
    const workers = [...app.stdout.matchAll(/worker (\d+)/g)].map(([, pid]) => Number(pid));
    const profiled = isAll ? [app.pid, ...workers] : workers;
    const sorted = profiled.toSorted((a, b) => a - b);
    // A socket that workers share would belong to the primary.
    const owners = (port: number) =>
      [app.pid, ...workers].filter((pid) => listeningPorts(pid).includes(port));

    await pollUntil(async () => isDeepStrictEqual(await pidsOnPage(ports.metrics), sorted), {
      what: 'the metrics of all processes',
    });
    await pollUntil(async () => isDeepStrictEqual(await pidsOnLivePage(ports.debug), sorted), {
      what: 'the live page of all processes',
    });
    for (const port of Object.values(ports)) {
      expect(owners(port)).toHaveLength(1);
      expect(profiled).toEqual(expect.arrayContaining(owners(port)));
    }
    expect(app.stderr).not.toMatch(/warn|error/);
    const [, owner] = await app.waitForOutput(/metrics on \S+, served by process (\d+)\n/);
    expect(owners(ports.metrics)).toEqual([Number(owner)]);

    // Another process takes the ports of one that is killed.
    const killed = workers.find((pid) => listeningPorts(pid).length > 0);
    if (killed === undefined) return;
    process.kill(killed, 'SIGKILL');
    const left = sorted.filter((pid) => pid !== killed);
    await pollUntil(async () => isDeepStrictEqual(await pidsOnPage(ports.metrics), left), {
      what: 'the metrics of the others',
    });
    await pollUntil(async () => isDeepStrictEqual(await pidsOnLivePage(ports.debug), left), {
      what: 'the live page of the others',
    });
    expect(await app.stop('SIGTERM')).toEqual({ status: 0, signal: null });
  });
});

test('HEAPRAY_GROUP=off gives a port to one process, and the child of a process leaves it to that', async () => {
  const NODE_OPTIONS = `--import ${REGISTER}`;
  const quietPorts = await twoPorts();
  const off = { NODE_OPTIONS, HEAPRAY_GROUP: 'off' };
  const quiet = start([program('with-child.cjs')], quietPorts, off);
  const ports = await twoPorts();
  const app = start([program('with-child.cjs')], ports, { ...off, OTEL_LOG_LEVEL: 'info' });
  const [, child] = await app.waitForOutput(/child (\d+)/);

  const [said] = await app.waitForOutput(/\[heapray: .*cannot listen on [^\]]*\]/);
  expect(said).toContain(`debug server: cannot listen on 127.0.0.1:${ports.debug}: `);
  expect(said).toContain(`metrics endpoint: cannot listen on 127.0.0.1:${ports.metrics}: `);
  expect(said).toContain(`; process ${child} (component with-child) goes on without them: `);
  expect(said.trim().split('\n')).toHaveLength(2);
  expect(said).not.toMatch(/warn|error/);

  const wanted = Object.values(quietPorts).sort((a, b) => a - b);
  await pollUntil(() => isDeepStrictEqual(listeningPorts(quiet.pid), wanted), {
    what: 'the ports of the other',
  });
  // Its child has had about as much time.
  expect(quiet.stdout).toMatch(/^child \d+\n$/);
  expect(quiet.stderr).not.toMatch(/warn|error/);
});

/** Returns the ids of the processes on a page of metrics, ascending; undefined while there is none. */
async function pidsOnPage(port: number): Promise<number[] | undefined> {
  const body = await bodyOf(`http://127.0.0.1:${port}/metrics`);
  if (body === undefined) return undefined;
  const pids = new Set(
    [...body.matchAll(/^heapray_\w+\{process_pid="(\d+)"/gm)].map(([, pid]) => Number(pid)),
  );
  return [...pids].sort((a, b) => a - b);
}

async function pidsOnLivePage(port: number): Promise<number[] | undefined> {
  const body = await bodyOf(`http://127.0.0.1:${port}/debug/ui/overview.json`);
  if (body === undefined) return undefined;
  const { subjects } = JSON.parse(body) as { subjects: readonly { component?: string }[] };
  return subjects.map(({ component }) => Number(component)).sort((a, b) => a - b);
}

async function bodyOf(url: string): Promise<string | undefined> {
  try {
    const { status, body } = await httpGet(url);
    return status === 200 ? body : undefined;
  } catch {
    return undefined;
  }
}

function start(args: readonly string[], { metrics, debug }: Ports, more: Record<string, string> = {}) {
  const env = {
    HEAPRAY_DEBUG_ADDR: `127.0.0.1:${debug}`,
    OTEL_EXPORTER_PROMETHEUS_PORT: `${metrics}`,
    TMPDIR: tempFolder(),
    XDG_RUNTIME_DIR: undefined,
    ...more,
  };
  return startNode({ args, env, cwd: tempFolder() });
}

async function twoPorts(): Promise<Ports> {
  return { metrics: await freePort(), debug: await freePort() };
}
