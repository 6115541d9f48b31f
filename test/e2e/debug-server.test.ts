// The debug server of a busy process, with well-behaved and with malicious clients.
import { readFileSync } from 'node:fs';
import type { PageData } from '@heapray/exporter/page';
import { expect } from 'vitest';
import { checkOverview } from '../support/check-overview.js';
import { type HttpAnswer, httpGet } from '../support/http-get.js';
import { peerTest } from '../support/peer-test.js';
import { goPprof } from '../support/peers.js';
import { pollUntil } from '../support/poll.js';
import { askRaw, rawClient, requestText } from '../support/raw-client.js';
import { columnSum, pprofRaw } from './support/pprof-report.js';
import { type RunningApp, startApp } from './support/profiled-app.js';

const MIB = 2 ** 20;
const PROJECT = 'project-bare' as const;

async function startService(env: Record<string, string> = {}) {
  const app = startApp({ app: ['leaky-service.js'], env });
  const url = await app.debugUrl();
  return { app, heap: `${url}/debug/pprof/heap`, port: Number(new URL(url).port) };
}

function residentBytes({ process }: RunningApp): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${process.pid}/status`, 'utf8'))!;
  return Number(kib) * 1024;
}

const isHealthy = async (port: number) => (await httpGet(`http://127.0.0.1:${port}/healthz`)).body === 'ok\n';

/** Returns the sum of the last recorded values. */
function recordedBytes(series: readonly { readonly values: readonly (number | null)[] }[]): number {
  return series.reduce((sum, { values }) => sum + (values.at(-1) ?? 0), 0);
}

peerTest('names of other hosts are refused', PROJECT, async () => {
  const { port } = await startService();
  for (const [host, status] of [
    ['evil.example', 403],
    [`localhost:${port}`, 200],
    ['[::1]', 200],
    ['', 400],
  ] as const) {
    expect(await askRaw(port, requestText('/debug/pprof/', { host })), host).toMatchObject({ status });
  }
});

peerTest(
  'all pages ask for the token when there is one, and it is in no output',
  [PROJECT, 'go-pprof'],
  async () => {
    const token = 'correct-horse-battery';
    const { app, heap, port } = await startService({ HEAPRAY_DEBUG_TOKEN: token });
    const base = `http://127.0.0.1:${port}`;
    const headers = { authorization: `Bearer ${token}` };
    for (const page of [
      '/debug/pprof/',
      '/debug/pprof/heap',
      '/debug/pprof/leak',
      '/debug/ui',
      '/debug/ui/overview.json',
    ]) {
      const refused = await httpGet(`${base}${page}`);
      expect({ page, status: refused.status }).toEqual({ page, status: 401 });
      expect(refused.headers['www-authenticate']).toContain('Bearer');
      const { status, body } = await httpGet(`${base}${page}`, { headers });
      expect({ page, status, shown: body.includes(token) }).toEqual({ page, status: 200, shown: false });
    }
    expect(await isHealthy(port)).toBe(true);
    const { status } = await goPprof(['-top', heap.replace('http://', `http://:${token}@`)]);
    expect(status).toBe(0);
    expect((await app.metrics()).find('heapray_profiler_samples_total').length).toBeGreaterThan(0);
    expect(app.process.stderr + app.process.stdout).not.toContain(token);
  },
);

peerTest('the live page shows what the process knows', PROJECT, async () => {
  const { app, port } = await startService({ LEAK_MIB: '8' });
  await app.waitForLog(/^leaked$/m);
  const page = `http://127.0.0.1:${port}/debug/ui`;
  const html = await httpGet(page);
  expect(html.headers['content-security-policy']).toContain("script-src 'self'");
  for (const file of ['page.js', 'page.css']) {
    const { status, headers, bytes } = await httpGet(`${page}/${file}`);
    expect([status, bytes.length > 1_000]).toEqual([200, true]);
    const again = await httpGet(`${page}/${file}`, { headers: { 'if-none-match': headers.etag! } });
    expect(again.status).toBe(304);
  }
  const subject = await pollUntil(
    async () => {
      const [found] = checkOverview((await httpGet(`${page}/overview.json`)).body).subjects;
      // The past is recorded at intervals, and the process still grows when its first moment is recorded.
      const isRecorded = Math.abs(recordedBytes(found!.resident) - residentBytes(app)) < 64 * MIB;
      return isRecorded && found!.sites.some(({ inUseBytes }) => inUseBytes > 4 * MIB) && found!;
    },
    { what: 'what is in use, and what is resident' },
  );
  expect(Number.isInteger(recordedBytes(subject.resident))).toBe(true);
  expect(subject.facts).toContainEqual({ name: 'Process', text: `${app.process.pid}` });
  for (const [name, column] of [
    ['heap', 'inuse_space'],
    ['allocs', 'alloc_space'],
    ['peak', 'peak_space'],
  ]) {
    const data = JSON.parse((await httpGet(`${page}/profile.json?name=${name}`)).body) as PageData;
    expect(data.columns[data.column]!.type).toBe(column);
    expect(data.profiles[0]!.totals[data.column]).toBeGreaterThan(MIB);
  }
  const moment = subject.momentsMillis[0]!;
  const diff = JSON.parse((await httpGet(`${page}/diff.json?before=${moment}&after=now`)).body) as PageData;
  expect(diff.profiles.map(({ totals }) => totals[diff.column]! > MIB)).toEqual([false, true]);
});

for (const path of [
  '/debug/pprof/heap?seconds=600',
  '/debug/pprof/heap',
  '/debug/ui/overview.json',
  '/healthz',
]) {
  peerTest(`thousands of requests in a row cost little CPU time: ${path}`, PROJECT, async () => {
    const { app, heap, port } = await startService({ LEAK_MIB: '4' });
    await app.waitForLog(/^leaked$/m);
    expect((await httpGet(heap)).status).toBe(200);
    const before = residentBytes(app);
    const attackers = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const client = await rawClient(port);
        client.socket.pause();
        client.socket.write(requestText(path).repeat(20_000));
        return client;
      }),
    );
    for (let i = 0; i < 10; i++) expect(await isHealthy(port)).toBe(true);
    expect((await httpGet(heap)).status).toBe(200);
    expect(residentBytes(app) - before).toBeLessThan(48 * MIB);
    for (const { socket } of attackers) socket.destroy();
    expect(await isHealthy(port)).toBe(true);
  });
}

peerTest('clients that hold requests or sockets do not block others', [PROJECT, 'go-pprof'], async () => {
  const { heap, port } = await startService();
  const path = '/debug/pprof/heap?seconds=600';
  for (let i = 0; i < 16; i++) await rawClient(port, requestText(path));
  const oneMore = await pollUntil(
    async () => {
      const answer = await httpGet(`${heap}?seconds=600`, { timeoutMillis: 500 });
      return answer.status === 503 && answer;
    },
    { what: 'a refusal' },
  );
  expect(oneMore.headers['retry-after']).toMatch(/^\d+$/);
  expect(await isHealthy(port)).toBe(true);
  expect((await pprofRaw(heap)).samples.length).toBeGreaterThan(0);
  await Promise.all(Array.from({ length: 500 }, () => rawClient(port)));
  expect(await isHealthy(port)).toBe(true);
  expect((await pprofRaw(heap)).samples.length).toBeGreaterThan(0);
});

peerTest(
  'clients that send requests without end are slowed down, others are not',
  [PROJECT, 'go-pprof'],
  async () => {
    const { app, heap } = await startService();
    await httpGet(heap);
    const answers: HttpAnswer[] = [];
    let done = false;
    const tight = Array.from({ length: 16 }, async () => {
      while (!done) answers.push(await httpGet(heap));
    });
    const refusal = await pollUntil(() => answers.find(({ status }) => status === 429), {
      what: 'a refusal',
    });
    expect(Number(refusal.headers['retry-after'])).toBeGreaterThan(0);
    expect(refusal.body).toMatch(/^profiles are asked for more often than the CPU budget allows/);
    const { status, stderr } = await goPprof(['-top', heap]);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    done = true;
    await Promise.all(tight);
    expect(new Set(answers.map(({ status: each }) => each))).toEqual(new Set([200, 429]));
    expect(await app.stop()).toEqual({ status: null, signal: 'SIGTERM' });
  },
);

/** Profiles are read by the binding on the oldest, and by Node's own API on the newest. */
for (const line of ['22.15', '26'] as const) {
  const peers = [`node-${line}`, PROJECT, 'go-pprof'] as const;

  peerTest(`Node ${line}: ?gc=1 collects garbage first if allowed`, peers, async () => {
    const env = { HEAPRAY_ALLOW_GC: 'true', HEAPRAY_SAMPLING_INTERVAL: '16384' };
    const app = startApp({ app: ['garbage.js'], line, env });
    await app.waitForLog(/^dropped undefined$/m);
    const heap = `${await app.debugUrl()}/debug/pprof/heap`;
    const profile = await pprofRaw(`${heap}?gc=1`);
    process.kill(app.process.pid, 'SIGUSR2');
    const [, heapUsed] = await app.waitForLog(/^heap (\d+) of/m);
    expect(Number(heapUsed)).toBeLessThan(32 * MIB);
    const inUseBy = (name: string) =>
      columnSum(
        { ...profile, samples: profile.samples.filter(({ stack }) => stack[0] === name) },
        'inuse_space',
      );
    expect(inUseBy('drop')).toBeLessThan(MIB);
    expect(inUseBy('keep')).toBeGreaterThan(2 * MIB);
    expect((await httpGet(`${heap}?gc=0`)).status).toBe(200);
    expect((await httpGet(`${heap}?gc=yes`)).status).toBe(400);
    expect((await httpGet(heap.replace('heap', 'peak?gc=1'))).status).toBe(400);
    expect(await app.stop()).toEqual({ status: null, signal: 'SIGTERM' });
  });
}

peerTest('?gc=1 is refused unless allowed', PROJECT, async () => {
  const { heap } = await startService();
  const answer = await httpGet(`${heap}?gc=1`);
  expect(answer).toMatchObject({ status: 403, body: expect.stringContaining('HEAPRAY_ALLOW_GC') });
  expect((await httpGet(`${heap}?gc=0`)).status).toBe(200);
});
