// The server of `heapray watch`: its responses, and that malicious clients cost it little and block no others.
import { copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { GrowingCapture } from '@heapray/exporter/memray';
import { decodePprof } from '@heapray/exporter/pprof';
import { totals } from '@heapray/exporter/profile';
import { beforeAll, describe, expect, test } from 'vitest';
import { httpGet } from '../../../../../test/support/http-get.js';
import { pollUntil } from '../../../../../test/support/poll.js';
import { askRaw, type RawClient, rawClient, requestText } from '../../../../../test/support/raw-client.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { AIRFLOW, beginCopy, GrowingFixture, rawCapture, withoutZeros } from '../support/captures.js';
import { startWatch, type Watching } from '../support/start-watch.js';

const PROFILE = '/debug/pprof/heap?component=scheduler';
const MIB = 2 ** 20;

/** Starts watching one finished capture, and waits until its profile was served. */
async function watchFinished(): Promise<Watching & { readonly port: number }> {
  const folder = tempFolder();
  copyFileSync(AIRFLOW, path.join(folder, 'scheduler_memory.bin'));
  const watching = await startWatch([folder]);
  await pollUntil(async () => (await httpGet(`${watching.url}${PROFILE}`)).status === 200, {
    what: 'a profile',
  });
  return { ...watching, port: Number(new URL(watching.url).port) };
}

/** One server for all tests that only ask it. */
let watched: Awaited<ReturnType<typeof watchFinished>>;
beforeAll(async () => {
  watched = await watchFinished();
});

/** Sends one request on a separate connection. */
function askClosing(port: number, page: string, options: Parameters<typeof requestText>[1] = {}) {
  return askRaw(port, requestText(page, options).replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
}

async function isHealthy(port: number): Promise<boolean> {
  return (await httpGet(`http://127.0.0.1:${port}/healthz`)).body === 'ok\n';
}

/** Connects many clients that read nothing. */
async function silentClients(port: number, count: number, text: string): Promise<RawClient[]> {
  const all = await Promise.all(Array.from({ length: count }, () => rawClient(port)));
  for (const { socket } of all) {
    socket.pause();
    socket.write(text);
  }
  return all;
}

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)![1]) * 1024;
}

test('answers only requests for this host', async () => {
  const { port } = watched;
  const hosts: Readonly<Record<string, number>> = {
    localhost: 200,
    '127.0.0.1:9465': 200,
    '[::1]': 200,
    '10.1.2.3': 200,
    'evil.example': 403,
    'localhost.evil.example:9465': 403,
  };
  for (const [host, status] of Object.entries(hosts)) {
    for (const page of ['/metrics', PROFILE, '/healthz']) {
      expect(await askClosing(port, page, { host }), `${host} ${page}`).toMatchObject({ status });
    }
  }
});

test('rejects unsupported requests in one line', async () => {
  const { port } = watched;
  const refusals: Readonly<Record<string, string>> = {
    'gc=1': 'gc: not supported by heapray watch, which cannot collect garbage in the program',
    'since=600': 'since, until: not supported by heapray watch, which keeps no past states',
    'until=300': 'since, until: not supported by heapray watch, which keeps no past states',
    'debug=1': 'debug: not supported by heapray watch; use heapray top on the profile',
  };
  for (const [query, line] of Object.entries(refusals)) {
    const { status, answer } = await askClosing(port, `${PROFILE}&${query}`);
    expect([status, answer.split('\r\n\r\n')[1]]).toEqual([400, `${line}\n`]);
    expect(await askClosing(port, `${PROFILE}&${query}`, { method: 'HEAD' })).toMatchObject({ status });
  }
  for (const query of ['gc=0', 'debug=0']) {
    expect((await httpGet(`http://127.0.0.1:${port}${PROFILE}&${query}`)).status).toBe(200);
  }
});

test('names the file of a profile', async () => {
  const { port } = watched;
  const { headers } = await httpGet(`http://127.0.0.1:${port}${PROFILE}`);
  expect(headers['content-disposition']).toBe('attachment; filename="scheduler-heap.pb.gz"');
});

test('answers HEAD as GET while a capture is read', async () => {
  const folder = tempFolder();
  beginCopy(path.join(folder, 'scheduler_memory.bin'), readFileSync(AIRFLOW));
  const { url } = await startWatch([folder]);
  const state = 'heapray_capture_status{heapray_component="scheduler",heapray_capture_state="reading"} 1';
  await pollUntil(async () => (await httpGet(`${url}/metrics`)).body.includes(state), { what: state });
  for (const method of ['GET', 'HEAD']) {
    const { status, answer } = await askClosing(Number(new URL(url).port), PROFILE, { method });
    expect(status).toBe(503);
    expect(answer).toContain('\r\nRetry-After: 5\r\n');
  }
});

describe('malicious clients', () => {
  test.each([
    ['a profile', PROFILE],
    ['metrics', '/metrics'],
  ])(
    'thousands of pipelined requests for %s whose responses are not read do not increase memory',
    async (_, page) => {
      const { port, process } = await watchFinished();
      const before = residentBytes(process.pid);
      const clients = await silentClients(port, 8, requestText(page).repeat(20_000));
      for (let asked = 0; asked < 5; asked += 1) expect(await isHealthy(port)).toBe(true);
      for (const { socket } of clients) socket.resume();
      await Promise.all(clients.map((client) => client.waitForEnd()));
      expect(residentBytes(process.pid) - before).toBeLessThan(64 * MIB);
      expect(await isHealthy(port)).toBe(true);
    },
  );

  test('half-open connections and delayed requests do not block others', async () => {
    const { port } = await watchFinished();
    await silentClients(port, 16, requestText(PROFILE));
    await silentClients(port, 500, 'GET /metrics HTTP/1.1\r\nHost: 127.0');
    expect(await isHealthy(port)).toBe(true);
    expect((await httpGet(`http://127.0.0.1:${port}/metrics`)).status).toBe(200);
    expect((await httpGet(`http://127.0.0.1:${port}${PROFILE}`)).status).toBe(200);
  });
});

test('metrics do not wait for earlier requests for profiles', async () => {
  const folder = tempFolder();
  copyFileSync(AIRFLOW, path.join(folder, 'scheduler_memory.bin'));
  const { url } = await startWatch([folder]);
  const finished = 'heapray_capture_state="finished"} 1';
  await pollUntil(async () => (await httpGet(`${url}/metrics`)).body.includes(finished), { what: finished });
  const answers: string[] = [];
  const ask = async (page: string) => {
    expect((await httpGet(`${url}${page}`)).status).toBe(200);
    answers.push(page);
  };
  // Three that are made one after another, because one could be made before a busy machine comes to ask for metrics.
  const port = Number(new URL(url).port);
  const names = ['heap', 'allocs', 'peak'];
  const clients = await Promise.all(
    names.map((name) => rawClient(port, requestText(`/debug/pprof/${name}?component=scheduler`))),
  );
  const all = Promise.all(clients.map((client) => client.waitFor(/^HTTP\/1\.1 200/)));
  await Promise.all([all.then(() => answers.push('profiles')), ask('/metrics').then(() => ask('/metrics'))]);
  expect(answers).toEqual(['/metrics', '/metrics', 'profiles']);
});

describe('seconds=N', () => {
  const get = (url: string, query: string) => httpGet(`${url}/debug/pprof/${query}`);

  test('has the changes in a growing capture while the client waits', async () => {
    const raw = withoutZeros(rawCapture(AIRFLOW));
    const folder = tempFolder();
    const file = new GrowingFixture(path.join(folder, 'scheduler_memory.bin'));
    file.append(raw.subarray(0, 700_000));
    const { url } = await startWatch([folder]);
    const first = new GrowingCapture();
    first.push(raw.subarray(0, 700_000));
    const events = `heapray_capture_events_total{heapray_component="scheduler"} ${first.events}\n`;
    await pollUntil(async () => (await httpGet(`${url}/metrics`)).body.includes(events), { what: events });
    const before = totals(decodePprof((await get(url, 'heap')).bytes));
    const waiting = Promise.all([get(url, 'heap?seconds=3'), get(url, 'allocs?seconds=3')]);
    // The first amounts are taken before any later request is answered.
    await get(url, '');
    file.append(raw.subarray(700_000));
    const [heap, allocs] = await waiting;
    const now = totals(decodePprof((await get(url, 'heap')).bytes));
    expect(now.alloc_space).toBeGreaterThan(before.alloc_space!);
    const names = ['alloc_objects', 'alloc_space', 'inuse_objects', 'inuse_space'];
    const change = Object.fromEntries(names.map((name) => [name, now[name]! - before[name]!]));
    expect(totals(decodePprof(heap.bytes))).toEqual(change);
    expect(totals(decodePprof(allocs.bytes))).toEqual(change);
    expect(decodePprof(heap.bytes).defaultColumn).toBe('inuse_space');
    expect(decodePprof(allocs.bytes).defaultColumn).toBe('alloc_space');
  });

  test('is empty for a finished capture, and rejected where it is not supported', async () => {
    const { url } = watched;
    const { status, bytes } = await get(url, 'heap?seconds=1');
    expect([status, decodePprof(bytes).sampleCount]).toEqual([200, 0]);
    expect(await get(url, 'peak?seconds=1')).toMatchObject({
      status: 400,
      body: 'gc, seconds, since, until: not on peak, only on heap and allocs\n',
    });
    expect(await get(url, 'heap?seconds=0')).toMatchObject({
      status: 400,
      body: 'seconds: expected an integer from 1 to 600\n',
    });
    expect(await get(url, 'heap?seconds=1&component=nobody')).toMatchObject({ status: 404 });
  });

  test('rejects more than 16 at once with Retry-After', async () => {
    const { url, port } = await watchFinished();
    await Promise.all(
      Array.from({ length: 16 }, () => rawClient(port, requestText(`${PROFILE}&seconds=600`))),
    );
    const refused = await pollUntil(
      async () => {
        const answer = await get(url, 'heap?seconds=1');
        return answer.status === 503 && answer;
      },
      { what: 'a refusal' },
    );
    expect(refused.body).toBe('seconds: 16 requests wait already\n');
    expect(refused.headers['retry-after']).toBe('10');
    expect((await get(url, 'heap')).status).toBe(200);
  });
});
