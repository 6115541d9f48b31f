// `heapray watch` as a user runs it.
import { copyFileSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { analyzeMemray } from '@heapray/exporter/memray';
import { decodePprof } from '@heapray/exporter/pprof';
import { totals } from '@heapray/exporter/profile';
import { describe, expect, test } from 'vitest';
import { httpGet } from '../../../../test/support/http-get.js';
import { pollUntil } from '../../../../test/support/poll.js';
import { type RunningProcess, startNode } from '../../../../test/support/start-node.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { heapray, MAIN } from '../support/heapray.js';
import { AIRFLOW, beginCopy, GrowingFixture, goldenFile, rawCapture, withStart } from './support/captures.js';
import { readExpected } from './support/expected.js';
import { startReceiver } from './support/otlp-receiver.js';
import { startWatch } from './support/start-watch.js';

function airflowHome(): string {
  const folder = tempFolder();
  copyFileSync(AIRFLOW, path.join(folder, 'dag_processor_memory.bin'));
  return folder;
}

describe('--once', () => {
  test('prints a table', async () => {
    const { status, stdout } = await heapray(['watch', '--once', airflowHome()]);
    expect(status).toBe(0);
    const [head, row, ...rest] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^ *ALLOCATED +ALLOCATIONS +RETAINED +PEAK +RESIDENT +COMPONENT +STATE +FILE$/);
    expect(row).toMatch(/^ *85\.8 MiB +62295 +15\.6 MiB +15\.7 MiB +174\.6 MiB +dag_processor +finished +\//);
    expect(rest).toEqual([]);
  });

  test('prints JSON', async () => {
    const folder = airflowHome();
    copyFileSync(goldenFile('aggregate.v13.bin'), path.join(folder, 'api_memory.bin'));
    const { status, stdout } = await heapray(['watch', '--once', '--json', folder]);
    const { captures, hints } = JSON.parse(stdout) as { captures: object[]; hints: { hint: string }[] };
    const memray = readExpected(AIRFLOW);
    expect(status).toBe(0);
    expect(captures).toMatchObject([
      { component: 'api', state: 'finished', allocatedBytes: null, allocations: null, events: null },
      {
        component: 'dag_processor',
        path: path.join(folder, 'dag_processor_memory.bin'),
        state: 'finished',
        reason: null,
        format: 13,
        allocatedBytes: memray.total_bytes_allocated,
        allocations: memray.total_num_allocations,
      },
    ]);
    expect(hints.map(({ hint }) => hint)).toContain('old_capture');
  });

  test('hints at the supervisor of the API server, and at a capture in the way', async () => {
    const folder = tempFolder();
    const file = path.join(folder, 'api_memory.bin');
    copyFileSync(goldenFile('killed.v13.bin'), file);
    utimesSync(file, 1_700_000_000, 1_700_000_000);
    const { stderr } = await heapray(['watch', '--once', folder]);
    expect(stderr).toMatch(/hint: .*api_memory\.bin: only \d+ allocations: this is the supervisor/);
  });

  test('hints at a capture that this host’s memray cannot read', async () => {
    const bin = tempFolder();
    writeFileSync(path.join(bin, 'memray'), '#!/bin/sh\necho 1.19.3\n', { mode: 0o755 });
    const env = { PATH: `${bin}:${process.env.PATH}` };
    const { stderr } = await heapray(['watch', '--once', airflowHome()], { env });
    expect(stderr).toMatch(
      /hint: .*a capture of format 13; memray 1\.19\.3 on this host reads format 12 only/,
    );
  });

  test.each<[string, string, string]>([
    [
      'no file there yet',
      '/nowhere/x_memory.bin',
      'heapray: /nowhere/x_memory.bin: waiting (no such file yet)',
    ],
    ['nothing there', '/nowhere/at/all', 'heapray: /nowhere/at/all: no such file or directory'],
    ['no regular file', '/dev/null', 'heapray: /dev/null: unreadable (is not a regular file)'],
    ['no file there', '/nowhere/x_memory.bin', 'heapray: not all could be read'],
  ])('%s', async (_, file, line) => {
    const { status, stderr } = await heapray(['watch', '--once', file]);
    expect(status).toBe(1);
    expect(stderr.split('\n')).toContain(line);
    expect(stderr).not.toContain('    at ');
  });

  test('reports what it looks for in a folder without captures', async () => {
    const folder = tempFolder();
    const line = `heapray: ${folder}: no capture yet; looking for <component>_memory.bin\n`;
    expect(await heapray(['watch', '--once', folder])).toMatchObject({ status: 0, stdout: '', stderr: line });
    const { process: watching } = await startWatch([folder]);
    await watching.waitForOutput(/no capture yet; looking for <component>_memory\.bin/);
  });

  test('gives the available data of a capture cut anywhere', async () => {
    const folder = tempFolder();
    const compressed = readFileSync(goldenFile('threads.v13.bin'));
    const raw = rawCapture(goldenFile('threads.v13.bin'));
    writeFileSync(path.join(folder, 'a_memory.bin'), compressed.subarray(0, 15_000));
    writeFileSync(path.join(folder, 'b_memory.bin'), raw.subarray(0, 15_001));
    const { status, stdout } = await heapray(['watch', '--once', '--json', folder]);
    const { captures } = JSON.parse(stdout) as { captures: { state: string; events: number }[] };
    expect(status).toBe(0);
    expect(captures.map(({ state }) => state)).toEqual([
      'damaged',
      expect.stringMatching(/following|stopped/),
    ]);
    for (const { events } of captures) expect(events).toBeGreaterThan(50);
  });
});

describe('serving', () => {
  test('has pages, methods and HEAD', async () => {
    const { url } = await startWatch([airflowHome()]);
    const metrics = await pollUntil(
      async () => {
        const answer = await httpGet(`${url}/metrics`);
        return answer.body.includes('heapray_capture_state="finished"} 1') && answer;
      },
      { what: 'the finished capture' },
    );
    expect(metrics.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(metrics.body).toContain(
      'heapray_capture_resident{heapray_component="dag_processor",heapray_process_role="traced"} 183070720\n',
    );
    expect(await httpGet(`${url}/healthz`)).toMatchObject({ status: 200, body: 'ok\n' });
    expect(await httpGet(`${url}/debug/pprof/`)).toMatchObject({ status: 200 });
    expect(await httpGet(`${url}/`)).toMatchObject({ status: 307 });
    expect(await httpGet(`${url}/etc/passwd`)).toMatchObject({ status: 404 });
    expect(await httpGet(`${url}/debug/pprof/heap?component=x`)).toMatchObject({ status: 404 });
    expect(await send('POST', `${url}/metrics`)).toMatchObject({ status: 405 });
    expect(await send('HEAD', `${url}/metrics`)).toMatchObject({ status: 200, body: '' });
  });

  test('has a profile with memray’s sums', async () => {
    const { url } = await startWatch([airflowHome()]);
    const body = await pollUntil(
      async () => {
        const answer = await httpGet(`${url}/debug/pprof/heap?component=dag_processor`);
        return answer.status === 200 && answer.bytes;
      },
      { what: 'a profile' },
    );
    const profile = decodePprof(body);
    const { startTimeMillis, endTimeMillis } = analyzeMemray([readFileSync(AIRFLOW)]).header!;
    expect(profile.timeNanos).toBe(BigInt(endTimeMillis) * 1_000_000n);
    expect(profile.durationNanos).toBe(BigInt(endTimeMillis - startTimeMillis) * 1_000_000n);
    const memray = readExpected(AIRFLOW);
    expect(totals(profile)).toEqual({
      alloc_objects: memray.total_num_allocations,
      alloc_space: memray.total_bytes_allocated,
      peak_objects: expect.any(Number) as number,
      peak_space: 16504624,
      inuse_objects: expect.any(Number) as number,
      inuse_space: 16332067,
    });
  });

  test('follows a capture that appears later, grows, is replaced and disappears', async () => {
    const folder = tempFolder();
    const { url } = await startWatch([folder]);
    const metric = async (line: string) => {
      await pollUntil(async () => (await httpGet(`${url}/metrics`)).body.includes(line), { what: line });
    };
    const raw = rawCapture(AIRFLOW);
    const file = new GrowingFixture(path.join(folder, 'scheduler_memory.bin'));
    file.append(raw.subarray(0, 500_000));
    await metric('heapray_capture_data{heapray_component="scheduler"} 500000');
    file.append(raw.subarray(500_000, 900_000));
    await metric('heapray_capture_data{heapray_component="scheduler"} 900000');
    copyFileSync(AIRFLOW, `${file.path}.lz4.tmp`);
    renameSync(`${file.path}.lz4.tmp`, file.path);
    await metric('heapray_capture_status{heapray_component="scheduler",heapray_capture_state="finished"} 1');
    await metric('heapray_capture_events_total{heapray_component="scheduler"} 111101');
    rmSync(file.path);
    await pollUntil(async () => !(await httpGet(`${url}/metrics`)).body.includes('scheduler'), {
      what: 'no series of it',
    });
  });

  test('keeps the names of two captures of equal name, whichever appears first', async () => {
    const [a, b] = [tempFolder(), airflowHome()];
    const { url } = await startWatch([a, b]);
    const components = async (names: readonly string[]) => {
      const told = [...names].sort().join();
      await pollUntil(
        async () => {
          const { body } = await httpGet(`${url}/metrics`);
          const found = [...body.matchAll(/^heapray_memory_peak\{heapray_component="([^"]+)"/gm)];
          return [...new Set(found.map(([, name]) => name))].sort().join() === told;
        },
        { what: names.join(' and ') },
      );
    };
    await components([`dag_processor@${b}`]);
    copyFileSync(AIRFLOW, path.join(a, 'dag_processor_memory.bin'));
    await components(['dag_processor', `dag_processor@${b}`]);
    rmSync(path.join(b, 'dag_processor_memory.bin'));
    await components(['dag_processor']);
  });

  test('continues to count runs when the file is moved away between them', async () => {
    const folder = tempFolder();
    const file = path.join(folder, 'scheduler_memory.bin');
    const raw = rawCapture(goldenFile('threads.v13.bin'));
    const { url } = await startWatch([folder]);
    const runs = async (count: number) => {
      const line = `heapray_capture_runs_total{heapray_component="scheduler"} ${count}\n`;
      await pollUntil(async () => (await httpGet(`${url}/metrics`)).body.includes(line), { what: line });
    };
    for (let run = 1; run <= 3; run += 1) {
      writeFileSync(file, withStart(raw, 1_700_000_000_000n + BigInt(run)));
      await runs(run);
      renameSync(file, path.join(folder, `${run}.bin`));
      await pollUntil(async () => !(await httpGet(`${url}/metrics`)).body.includes('scheduler'), {
        what: 'no series of it',
      });
    }
  });

  test('reports for a profile that its capture is still being read', async () => {
    const folder = tempFolder();
    const file = path.join(folder, 'api_memory.bin');
    const bytes = readFileSync(AIRFLOW);
    beginCopy(file, bytes);
    const { url } = await startWatch([folder]);
    const state = 'heapray_capture_status{heapray_component="api",heapray_capture_state="reading"} 1';
    await pollUntil(async () => (await httpGet(`${url}/metrics`)).body.includes(state), { what: state });
    expect(await httpGet(`${url}/debug/pprof/heap`)).toMatchObject({
      status: 503,
      body: 'component: api is still being read\n',
    });
    expect((await httpGet(`${url}/metrics`)).body).not.toContain('heapray_memory_');
    writeFileSync(file, bytes);
    await pollUntil(async () => (await httpGet(`${url}/debug/pprof/heap`)).status === 200, {
      what: 'a profile',
    });
  });

  test('sends OTLP', async () => {
    const { url, requests } = await startReceiver();
    const { process } = await startWatch([airflowHome(), '--otlp'], {
      env: { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url.href}metrics` },
    });
    const request = await pollUntil(() => requests[0], { what: 'metrics' });
    expect(request.path).toBe('/metrics');
    expect(request.metric('heapray.watch.read')).toBeDefined();
    expect(await process.stop('SIGTERM')).toEqual({ status: 0, signal: null });
  });

  test('reports a port that is taken', async () => {
    const { url } = await startWatch([tempFolder()]);
    const taken = new URL(url).host;
    const { status, stderr } = await heapray(['watch', tempFolder(), '--listen', taken]);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `heapray: cannot listen on ${taken}: the port is taken\n`,
    });
  });

  test.each([
    ['--listen', 'nonsense'],
    ['--listen', '127.0.0.1:99999'],
    ['--otlp', 'ftp://x'],
    ['--interval', '0'],
    ['--sites', '0'],
  ])('reports wrong usage: %s %s', async (option, value) => {
    expect(await heapray(['watch', '.', option, value])).toMatchObject({ status: 2, stdout: '' });
  });

  test('serves metrics and profiles when Node’s permissions forbid processes and threads', async () => {
    const watching = startNode({
      args: ['--permission', '--allow-fs-read=*', MAIN, 'watch', airflowHome(), '--listen', '127.0.0.1:0'],
    });
    const [, url] = await watching.waitForOutput(/metrics on (http:\/\/[^/]+)\/metrics/);
    await pollUntil(async () => (await httpGet(`${url}/debug/pprof/heap`)).status === 200, {
      what: 'a profile',
    });
    expect(await watching.stop('SIGTERM')).toEqual({ status: 0, signal: null });
  });

  test('ends by a signal', async () => {
    const watching: RunningProcess = startNode({
      args: [MAIN, 'watch', tempFolder(), '--listen', '127.0.0.1:0'],
    });
    await watching.waitForOutput(/metrics on/);
    expect(await watching.stop('SIGINT')).toEqual({ status: 0, signal: null });
    expect(watching.stdout).toBe('');
  });
});

/** Sends a request with a method other than GET. */
function send(method: string, url: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    request(url, { method, agent: false }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
    })
      .once('error', reject)
      .end();
  });
}
