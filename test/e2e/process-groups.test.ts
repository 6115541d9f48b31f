// Processes with one address: one profile and one target of Prometheus for all, also after the one with the port was killed.
import { decodePprof } from '@heapray/exporter/pprof';
import { expect } from 'vitest';
import { freePort } from '../support/free-port.js';
import { httpGet } from '../support/http-get.js';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import { startPrometheus } from '../support/start-prometheus.js';
import { tempFolder } from '../support/temp-folder.js';
import { listeningPorts } from './support/listening-ports.js';
import { startApp } from './support/profiled-app.js';

const LEAKED = 4 * 2 ** 20;
const FUNCTIONS = { orders: 'keepOrders', sessions: 'keepSessions' } as const;

peerTest('two workers of a cluster that leak are told apart', ['project-bare', 'prometheus'], async () => {
  const [metrics, debug] = [await freePort(), await freePort()];
  const service = startApp({
    app: ['clustered-leaks.js'],
    register: false,
    env: {
      OTEL_EXPORTER_PROMETHEUS_PORT: `${metrics}`,
      HEAPRAY_DEBUG_ADDR: `127.0.0.1:${debug}`,
      HEAPRAY_SAMPLING_INTERVAL: '32768',
      XDG_RUNTIME_DIR: tempFolder(),
    },
  });
  const pidOf = async (leak: keyof typeof FUNCTIONS) =>
    Number((await service.waitForLog(new RegExp(`${leak} in (\\d+)\\.`)))[1]);
  const pids = { orders: await pidOf('orders'), sessions: await pidOf('sessions') };

  // One profile has both leaks, each with its process.
  const leaks = await pollUntil(
    async () => {
      const leaks = await leaksIn(debug);
      const isFound = (leak: keyof typeof FUNCTIONS) =>
        (leaks.get(`${pids[leak]} ${FUNCTIONS[leak]}`) ?? 0) > LEAKED;
      return isFound('orders') && isFound('sessions') && leaks;
    },
    { what: 'both leaks in one profile' },
  );
  expect(leaks.has(`${pids.orders} keepSessions`)).toBe(false);
  expect(leaks.has(`${pids.sessions} keepOrders`)).toBe(false);
  const one = await httpGet(`http://127.0.0.1:${debug}/debug/pprof/heap?pid=${pids.orders}`);
  expect([...amounts(one.bytes).keys()].join()).not.toContain('keepSessions');
  const text = (await httpGet(`http://127.0.0.1:${debug}/debug/pprof/heap?debug=1`)).body;
  for (const pid of Object.values(pids)) expect(text).toContain(`process ${pid} (clustered-leaks)`);
  expect((await httpGet(`http://127.0.0.1:${debug}/debug/pprof/heap?pid=1`)).status).toBe(404);

  // One target of Prometheus has both processes, before and after the one with the port was killed.
  const prometheus = await startPrometheus({ targets: [`127.0.0.1:${metrics}`] });
  const retained = (leak: keyof typeof FUNCTIONS) =>
    `heapray_memory_retained{code_function_name="${FUNCTIONS[leak]}",process_pid="${pids[leak]}"}`;
  await prometheus.waitForSeries(`${retained('orders')} > ${LEAKED}`);
  await prometheus.waitForSeries(`${retained('sessions')} > ${LEAKED}`);
  const isOwner = (pid: number) => listeningPorts(pid).includes(metrics);
  const [owner = 0, ...others] = Object.values(pids).sort((a, b) => Number(isOwner(b)) - Number(isOwner(a)));
  const [left] = others;
  const allocated = `sum(heapray_memory_allocated_total{process_pid="${left}"})`;
  const [before] = await prometheus.waitForSeries(allocated);
  process.kill(owner, 'SIGKILL');
  await prometheus.waitForSeries(`${allocated} > ${before!.value + 2 ** 20}`);
  for (const name of ['heapray_memory_allocated_total', 'heapray_profiler_polls_total']) {
    expect(await prometheus.query(`resets(${name}{process_pid="${left}"}[5m]) > 0`)).toEqual([]);
  }
  const [rate] = await prometheus.query(
    `sum(rate(heapray_memory_allocated_total{process_pid="${left}"}[1m]))`,
  );
  expect(rate?.value).toBeGreaterThan(0);
  // 256 KiB each 100 ms; a reset would add all that was allocated before.
  expect(rate?.value).toBeLessThan(8 * 2 ** 20);
  expect(isOwner(left!)).toBe(true);
  // First the worker: it ends by itself when the primary has ended, and then has no id to kill.
  process.kill(left!, 'SIGKILL');
  await service.stop('SIGKILL');
});

async function leaksIn(port: number): Promise<Map<string, number>> {
  try {
    return amounts((await httpGet(`http://127.0.0.1:${port}/debug/pprof/heap`)).bytes);
  } catch {
    return new Map();
  }
}

/** Returns the bytes in use of a profile, by process and allocating function. */
function amounts(bytes: Uint8Array): Map<string, number> {
  const profile = decodePprof(bytes);
  const column = profile.columns.findIndex(({ type }) => type === 'inuse_space');
  const sums = new Map<string, number>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const [frame] = profile.frames(profile.stackOf(sample));
    const key = `${profile.labelsOf(sample).process} ${frame?.functionName}`;
    sums.set(key, (sums.get(key) ?? 0) + profile.value(sample, column));
  }
  return sums;
}
