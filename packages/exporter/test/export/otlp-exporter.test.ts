// Profiles by OTLP, to receivers that are well and to those that are not.
import { expect, test } from 'vitest';
import { freePort } from '../../../../test/support/free-port.js';
import {
  type HttpAnswer,
  OtlpProfileExporter,
  type OtlpProfileExporterOptions,
  type Transport,
} from '../../src/export/index.js';
import { decodeOtlpProfiles } from '../../src/otlp/index.js';
import { totals } from '../../src/profile/index.js';
import { FakeClock } from './support/fake-clock.js';
import { growingProfile, START } from './support/growing-service.js';
import { answerWith, startReceiver } from './support/receiver.js';

const resource = { 'service.name': 'shop' };
const NO_DROPS = { rejected: 0, queue_full: 0, too_old: 0, failed: 0 };
/** Profiles of OTLP in each profile: its columns. */
const COLUMNS = 4;

function start(options: OtlpProfileExporterOptions = {}) {
  const clock = new FakeClock(START);
  const setup = {
    clock,
    sent: 0,
    log: [] as string[],
    answer: (() => ({})) as () => Partial<HttpAnswer> | Error,
  };
  const transport: Transport = async () => {
    setup.sent += 1;
    const answer = setup.answer();
    if (answer instanceof Error) throw answer;
    return { status: 200, headers: {}, body: new Uint8Array(), ...answer };
  };
  const exporter = new OtlpProfileExporter(
    { compression: 'none', ...options },
    {
      env: {},
      clock,
      transport,
      log: (level, text) => void setup.log.push(`${level} ${text}`),
    },
  );
  const send = (round = 1) => clock.until(exporter.export([growingProfile(round, clock.now())], resource));
  return Object.assign(setup, { exporter, send });
}

test.each(['http/protobuf', 'http/json'] as const)(
  'sends profile and resource when the protocol is %s',
  async (protocol) => {
    const { url, received } = await startReceiver(answerWith(200));
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_HEADERS: 'api-key=1' };
    const exporter = new OtlpProfileExporter({ protocol }, { env });
    const profile = growingProfile(5, START);
    expect(await exporter.export([profile], resource)).toEqual({ code: 0 });
    expect(received).toHaveLength(1);
    const [{ path, headers, body }] = received as [(typeof received)[number]];
    expect(path).toBe('/v1development/profiles');
    expect(headers).toMatchObject({
      'content-type': protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
      'content-encoding': 'gzip',
      'api-key': '1',
    });
    expect(headers).not.toHaveProperty('otlp-profiles-development-version');
    const [decoded] = decodeOtlpProfiles(body);
    expect(totals(decoded!)).toEqual(totals(profile));
    expect(body.toString('latin1')).toContain('shop');
  },
);

test('keeps within its bound, counts what it drops, and sends the rest when a receiver is back after an hour', async () => {
  const setup = start({ maxQueueBytes: 50_000 });
  const { clock, send, exporter } = setup;
  setup.answer = () => new Error('refused');
  for (let minute = 0; minute < 60; minute += 1) {
    const until = START + (minute + 1) * 60_000;
    expect(await send(30)).toMatchObject({ code: 1 });
    expect(exporter.queuedBytes).toBeLessThanOrEqual(50_000);
    await clock.advance(until - clock.now());
  }
  const { queue_full } = exporter.drops;
  expect(queue_full).toBeGreaterThan(0);
  setup.answer = () => ({});
  setup.sent = 0;
  expect(await send(30)).toEqual({ code: 0 });
  expect(setup.sent).toBe(61 - exporter.drops.queue_full / COLUMNS);
  expect(exporter.queuedBytes).toBe(0);
  expect(exporter.drops).toEqual({ ...NO_DROPS, queue_full: exporter.drops.queue_full });
});

test('logs and counts the part that was rejected when the answer tells of a partial success', async () => {
  const setup = start({ protocol: 'http/json' });
  const json = { 'content-type': 'application/json' };
  const partial = { partialSuccess: { rejectedProfiles: '3', errorMessage: 'too\nlarge' } };
  setup.answer = () => ({ headers: json, body: Buffer.from(JSON.stringify(partial)) });
  expect(await setup.send()).toEqual({ code: 0 });
  expect(setup.exporter.drops).toEqual({ ...NO_DROPS, rejected: 3 });
  expect(setup.log).toEqual([
    'warn http://localhost:4318/v1development/profiles: 3 of 4 profiles rejected: too large',
  ]);
});

test('reads a partial success when it is protobuf', async () => {
  const setup = start();
  // partial_success = 1 { rejected_profiles = 1: 4, error_message = 2: "no" }
  const body = Uint8Array.of(0x0a, 6, 0x08, 4, 0x12, 2, 0x6e, 0x6f);
  setup.answer = () => ({ headers: { 'content-type': 'application/x-protobuf' }, body });
  expect(await setup.send()).toMatchObject({ code: 1 });
  expect(setup.exporter.drops).toEqual({ ...NO_DROPS, rejected: 4 });
});

test.each([
  [{ status: 400 }, 'rejected'],
  [{ status: 401 }, 'rejected'],
  [{ status: 413 }, 'rejected'],
  [{ status: 302, headers: { location: '/' } }, 'rejected'],
  [{ status: 200, body: Buffer.from('<html>') }, 'failed'],
] as const)('drops the profile, and goes on, when the answer is %o', async (answer, reason) => {
  const setup = start();
  setup.answer = () => answer;
  expect(await setup.send()).toMatchObject({ code: 1 });
  expect(setup.exporter.drops).toEqual({ ...NO_DROPS, [reason]: COLUMNS });
  setup.answer = () => ({});
  expect(await setup.send()).toEqual({ code: 0 });
  expect(setup.sent).toBe(2);
});

test('counts what waits as failed when it ends', async () => {
  const setup = start();
  setup.answer = () => ({ status: 503 });
  await setup.send();
  await setup.clock.until(setup.exporter.forceFlush());
  await setup.clock.until(setup.exporter.shutdown());
  expect(setup.exporter.drops).toEqual({ ...NO_DROPS, failed: COLUMNS });
  expect(await setup.send()).toMatchObject({ code: 1, error: new Error('the exporter has ended') });
});

test('sends nothing when there is no profile', async () => {
  const { exporter, clock } = start();
  expect(await clock.until(exporter.export([], resource))).toEqual({ code: 0 });
});

test('keeps the profile in the queue when nobody listens for gRPC', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const exporter = new OtlpProfileExporter({ protocol: 'grpc', url, timeoutMillis: 200 }, { env: {} });
  const result = await exporter.export([growingProfile(1, START)], resource);
  expect(result).toMatchObject({
    code: 1,
    error: { message: expect.stringMatching(/gRPC status 14|no answer within/) },
  });
  expect(exporter.queuedBytes).toBeGreaterThan(0);
  expect(exporter.drops).toEqual(NO_DROPS);
  await exporter.shutdown();
});
