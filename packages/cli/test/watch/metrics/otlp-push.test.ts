// Metrics sent by OTLP: what the environment variables of OpenTelemetry change, and failures.
import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { CERTIFICATE } from '../../../../../test/support/localhost-certificate.js';
import { pollUntil } from '../../../../../test/support/poll.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import type { WatchedCapture } from '../../../src/watch/follow/watched-capture.js';
import type { OtlpPush } from '../../../src/watch/metrics/otlp-push.js';
import { startWatchMetrics } from '../../../src/watch/metrics/watch-metrics.js';
import { AIRFLOW, follow, GrowingFixture, rawCapture } from '../support/captures.js';
import { readExpected } from '../support/expected.js';
import { startReceiver } from '../support/otlp-receiver.js';
import { startWatch } from '../support/start-watch.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

interface Started {
  readonly push: OtlpPush;
  readonly notes: readonly string[];
}

async function startPush(
  otlp: URL | true,
  captures: readonly WatchedCapture[] = [],
  lastTimeoutMillis?: number,
): Promise<Started> {
  const notes: string[] = [];
  const note = (text: string) => void notes.push(text);
  const source = { captures, hints: [{ component: 'api', hint: 'h', text: '' }], polls: 1 };
  const { push } = await startWatchMetrics(source, { otlp, note, lastTimeoutMillis });
  return { push: push!, notes };
}

/** Sets environment variables until the end of the test. */
function setEnv(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

async function airflow(): Promise<WatchedCapture> {
  const follower = follow(AIRFLOW);
  await follower.poll({ final: true });
  return { component: 'dag_processor', follower };
}

test.each([
  [undefined, 'application/x-protobuf'],
  ['http/protobuf', 'application/x-protobuf'],
  ['http/json', 'application/json'],
])('sends counters since the start of the capture, with the protocol %s', async (protocol, type) => {
  if (protocol !== undefined) setEnv({ OTEL_EXPORTER_OTLP_PROTOCOL: protocol });
  const { url, requests } = await startReceiver();
  const capture = await airflow();
  const { push } = await startPush(url, [capture]);
  push.send();
  const [request] = await pollUntil(() => requests.length > 0 && requests, { what: 'metrics' });
  expect(request).toMatchObject({ path: '/v1/metrics', headers: { 'content-type': type } });
  const allocated = request!.metric('heapray.memory.allocated')!;
  const { isMonotonic, aggregationTemporality, dataPoints } = allocated.sum!;
  expect({ isMonotonic, aggregationTemporality, unit: allocated.unit }).toEqual({
    isMonotonic: true,
    aggregationTemporality: 2,
    unit: 'By',
  });
  const total = dataPoints.reduce((sum, { asDouble }) => sum + asDouble, 0);
  expect(total).toBe(readExpected(AIRFLOW).total_bytes_allocated);
  const attributesOf = ({ attributes }: (typeof dataPoints)[number]) =>
    Object.fromEntries(
      attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]),
    );
  const other = dataPoints.find((point) => attributesOf(point)['code.function.name'] === 'other')!;
  expect(other.startTimeUnixNano).toBe(`${capture.follower.header!.startTimeMillis}000000`);
  expect(attributesOf(dataPoints[0]!)).toMatchObject({
    'heapray.component': 'dag_processor',
    'code.line.number': expect.any(Number) as number,
  });
  expect(request!.metric('heapray.memory.retained')!.sum).toMatchObject({ aggregationTemporality: 2 });
  expect(request!.metric('heapray.capture.size')!.gauge).toBeDefined();
});

test('sends the headers and the resource of the environment variables, compressed', async () => {
  setEnv({
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20x,x-a=1',
    OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'x-a=2',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=staging,service.name=ignored',
    OTEL_SERVICE_NAME: 'airflow',
  });
  const { url, requests } = await startReceiver();
  const { push } = await startPush(url);
  push.send();
  const [request] = await pollUntil(() => requests.length > 0 && requests, { what: 'metrics' });
  expect(request!.headers).toMatchObject({
    authorization: 'Bearer x',
    'x-a': '2',
    'content-encoding': 'gzip',
  });
  expect(request!.resource()).toMatchObject({
    'deployment.environment.name': 'staging',
    'service.name': 'airflow',
    'telemetry.sdk.language': 'nodejs',
  });
});

test('trusts the certificate of the environment variable', async () => {
  const { url, requests } = await startReceiver(undefined, { tls: true });
  const untrusted = await startPush(url);
  untrusted.push.send();
  await pollUntil(() => untrusted.notes.length > 0, { what: 'a failure' });
  expect(untrusted.notes).toEqual([expect.stringContaining('metrics not sent: self-signed certificate')]);
  const file = path.join(tempFolder(), 'certificate.pem');
  writeFileSync(file, CERTIFICATE);
  setEnv({ OTEL_EXPORTER_OTLP_CERTIFICATE: file });
  const { push, notes } = await startPush(url);
  push.send();
  await pollUntil(() => requests.length > 0 && !push.isSending, { what: 'metrics' });
  expect(notes).toEqual([]);
});

test('has a service name without environment variables', async () => {
  const { url, requests } = await startReceiver();
  const { push } = await startPush(url);
  push.send();
  const [request] = await pollUntil(() => requests.length > 0 && requests, { what: 'metrics' });
  expect(request!.resource()['service.name']).toBe('heapray-watch');
});

test('sends to the endpoint of the environment variables when it is given no URL', async () => {
  const { url, requests } = await startReceiver();
  setEnv({ OTEL_EXPORTER_OTLP_ENDPOINT: `${url.href}base` });
  const { push } = await startPush(true);
  push.send();
  const [request] = await pollUntil(() => requests.length > 0 && requests, { what: 'metrics' });
  expect(request!.path).toBe('/base/v1/metrics');
});

test('sends increases of counters when delta temporality is preferred', async () => {
  setEnv({ OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta' });
  const { url, requests } = await startReceiver();
  const raw = rawCapture(AIRFLOW);
  const file = new GrowingFixture(path.join(tempFolder(), 'x_memory.bin'));
  const follower = follow(file.path);
  const { push } = await startPush(url, [{ component: 'x', follower }]);
  const sent: { readonly increase: number; readonly startTime: string; readonly time: string }[] = [];
  const totals: number[] = [];
  for (const bytes of [raw.subarray(0, 500_000), raw.subarray(500_000)]) {
    file.append(bytes);
    await follower.poll({ final: true });
    totals.push(follower.run!.capture.events);
    push.send();
    const request = await pollUntil(() => requests[sent.length], { what: 'metrics' });
    const { sum } = request.metric('heapray.capture.events')!;
    expect(sum!.aggregationTemporality).toBe(1);
    const [{ asDouble, startTimeUnixNano, timeUnixNano }] = sum!.dataPoints as [
      (typeof sum & object)['dataPoints'][number],
    ];
    sent.push({ increase: asDouble, startTime: startTimeUnixNano, time: timeUnixNano });
    expect(request.metric('heapray.memory.retained')!.sum!.aggregationTemporality).toBe(2);
    await pollUntil(() => !push.isSending, { what: 'the answer' });
  }
  expect(sent.map(({ increase }) => increase)).toEqual([totals[0], totals[1]! - totals[0]!]);
  expect(sent[1]!.startTime).toBe(sent[0]!.time);
});

test('tries again when the receiver is not ready', async () => {
  const { url, requests } = await startReceiver(({ response }, count) => {
    response.statusCode = count === 1 ? 503 : 200;
    response.end();
  });
  const { push, notes } = await startPush(url);
  push.send();
  await pollUntil(() => requests.length === 2 && !push.isSending, { what: 'another request' });
  expect(requests[1]!.body).toEqual(requests[0]!.body);
  expect(notes).toEqual([]);
});

test('reports a failure once until an export succeeds', async () => {
  let status = 400;
  const { url, requests } = await startReceiver(({ response }) => {
    response.statusCode = status;
    response.end();
  });
  const { push, notes } = await startPush(url);
  for (const [at, each] of [400, 400, 200, 404].entries()) {
    status = each;
    push.send();
    await pollUntil(() => requests.length > at && !push.isSending, { what: 'the answer' });
  }
  expect(notes).toEqual([
    `${url.href}: metrics not sent: status 400`,
    `${url.href}: metrics not sent: status 404`,
  ]);
});

test('rejects another protocol', async () => {
  setEnv({ OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc' });
  await expect(startPush(true)).rejects.toThrow(
    'OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: grpc is not valid: expected http/protobuf or http/json',
  );
});

test('reports values of environment variables that are not valid', async () => {
  setEnv({ OTEL_METRIC_EXPORT_INTERVAL: '1m', OTEL_EXPORTER_OTLP_COMPRESSION: 'lzma' });
  const { url } = await startReceiver();
  const { notes } = await startPush(url);
  expect(notes).toEqual([
    expect.stringContaining("OTEL_EXPORTER_OTLP_COMPRESSION is invalid, expected 'none' or 'gzip'"),
    'OTEL_METRIC_EXPORT_INTERVAL: 1m is not valid: expected milliseconds from 1; using 60000',
  ]);
});

test('sends at the interval of the environment variable', async () => {
  setEnv({ OTEL_METRIC_EXPORT_INTERVAL: '10' });
  const { url, requests } = await startReceiver();
  const { push } = await startPush(url);
  await pollUntil(() => requests.length > 2, { what: 'three exports' });
  await push.reader.shutdown();
});

test('sends the last values when it closes while another request is unanswered', async () => {
  const { url, requests } = await startReceiver(({ response }, count) => {
    if (count === 2) response.end();
  });
  const { push, notes } = await startPush(url);
  push.send();
  await pollUntil(() => requests.length === 1, { what: 'the first request' });
  await push.close();
  expect([requests.length, push.isSending]).toEqual([2, true]);
  expect(notes).toEqual([]);
});

test('gives up the last request when it is not answered', async () => {
  const { url, requests } = await startReceiver(() => {});
  const { push, notes } = await startPush(url, [], 100);
  await push.close();
  expect(notes).toEqual([
    expect.stringMatching(/: metrics not sent: (?:no answer within 0\.1 s|Request timed out)$/),
  ]);
  expect(requests.length).toBeLessThanOrEqual(1);
});

test('heapray watch ends at SIGTERM when neither its receiver nor memray responds', async () => {
  const { url, requests } = await startReceiver(() => {});
  const bin = tempFolder();
  writeFileSync(path.join(bin, 'memray'), '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env.PATH}` };
  const folder = tempFolder();
  copyFileSync(AIRFLOW, path.join(folder, 'x_memory.bin'));
  const { process: watching } = await startWatch([folder, '--otlp', url.href], { env });
  await pollUntil(() => requests.length === 1, { what: 'metrics' });
  expect(await watching.stop('SIGTERM')).toEqual({ status: 0, signal: null });
  expect(requests.length).toBe(2);
});

test('heapray watch ends at SIGTERM when its receiver cannot be reached', async () => {
  const folder = tempFolder();
  copyFileSync(AIRFLOW, path.join(folder, 'x_memory.bin'));
  const { process: watching } = await startWatch([folder, '--otlp', 'http://127.0.0.1:1']);
  await watching.waitForOutput(/x_memory.bin: finished/);
  expect(await watching.stop('SIGTERM')).toEqual({ status: 0, signal: null });
});
