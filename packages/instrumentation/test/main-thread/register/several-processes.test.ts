// Several profiled processes with the same settings: one of them has the ports, and a page always describes
// one process.
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { listeningPorts } from '../../../../../test/e2e/support/listening-ports.js';
import { freePort } from '../../../../../test/support/free-port.js';
import { pollUntil } from '../../../../../test/support/poll.js';
import { startNode } from '../../../../../test/support/start-node.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { REGISTER } from '../../support/profiled-program.js';

const program = (name: string) => fileURLToPath(new URL(`../../programs/${name}`, import.meta.url));
const LOSS = /^heapray: (?:\w+: )?.*cannot listen on .*; process (\d+) \(component (\S+)\) goes on without/gm;

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
    // A socket that workers share would belong to the primary.
    const owners = (port: number) =>
      [app.pid, ...workers].filter((pid) => listeningPorts(pid).includes(port));
    const lossesOf = () => [...app.stderr.matchAll(LOSS)];
    await pollUntil(() => new Set(lossesOf().map(([, pid]) => pid)).size >= profiled.length - 1, {
      what: 'what the losers say',
    });
    for (const port of Object.values(ports)) {
      expect(owners(port)).toHaveLength(1);
      expect(profiled).toEqual(expect.arrayContaining(owners(port)));
    }
    for (const [line, pid, component] of lossesOf()) {
      expect(profiled, line).toContain(Number(pid));
      expect(component, line).toBe('cluster');
      expect(line).toMatch(/^heapray: (?:warn|error): /);
    }
    expect(await app.stop('SIGTERM')).toEqual({ status: 0, signal: null });
  });
});

test('a child process logs nothing, and leaves the ports to its parent', async () => {
  const NODE_OPTIONS = `--import ${REGISTER}`;
  const quietPorts = await twoPorts();
  const quiet = start([program('with-child.cjs')], quietPorts, { NODE_OPTIONS });
  const ports = await twoPorts();
  const app = start([program('with-child.cjs')], ports, { NODE_OPTIONS, OTEL_LOG_LEVEL: 'info' });
  const [, child] = await app.waitForOutput(/child (\d+)/);

  const [said] = await app.waitForOutput(/\[heapray: .*cannot listen on [^\]]*\]/);
  expect(said).toContain(`debug server: cannot listen on 127.0.0.1:${ports.debug}: `);
  expect(said).toContain(`metrics endpoint: cannot listen on 127.0.0.1:${ports.metrics}: `);
  expect(said).toContain(`; process ${child} (component with-child) goes on without them: `);
  expect(said.trim().split('\n')).toHaveLength(2);
  expect(said).not.toMatch(/warn|error/);

  // The other process has had as much time.
  expect(listeningPorts(quiet.pid)).toEqual(Object.values(quietPorts).sort((a, b) => a - b));
  expect(quiet.stdout).toMatch(/^child \d+\n$/);
  expect(quiet.stderr).not.toMatch(/warn|error/);
});

function start(args: readonly string[], { metrics, debug }: Ports, more: Record<string, string> = {}) {
  const env = {
    HEAPRAY_DEBUG_ADDR: `127.0.0.1:${debug}`,
    OTEL_EXPORTER_PROMETHEUS_PORT: `${metrics}`,
    ...more,
  };
  return startNode({ args, env, cwd: tempFolder() });
}

async function twoPorts(): Promise<Ports> {
  return { metrics: await freePort(), debug: await freePort() };
}
