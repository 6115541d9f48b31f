// Pushes to Pyroscope, checked by a stand-in for its server with all its limits.
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { HttpAnswer } from '../../src/export/http/transport.js';
import {
  type ExportResult,
  PyroscopeProfileExporter,
  type PyroscopeProfileExporterOptions,
  type Transport,
} from '../../src/export/index.js';
import { type Profile, ProfileBuilder, totals } from '../../src/profile/index.js';
import { addStack, HEAP_COLUMNS } from '../profile/arbitrary-profile.js';
import { FakeClock } from './support/fake-clock.js';
import { AGE, builderAt, growingProfile, START, sums } from './support/growing-service.js';
import { type PushedProfile, PyroscopeValidator } from './support/pyroscope-validator.js';

const resource = { 'service.name': 'shop', 'host.name': 'db-1' };
const OK: Partial<HttpAnswer> = { body: Buffer.from('{}') };

interface Setup extends PyroscopeProfileExporterOptions {
  readonly env?: Record<string, string>;
}

/** An exporter in simulated time whose server checks each push before it gives `answer`. */
function start({ env = {}, ...options }: Setup = {}) {
  const clock = new FakeClock(START);
  const validator = new PyroscopeValidator(clock);
  const setup = {
    clock,
    pushed: [] as PushedProfile[],
    headers: [] as Readonly<Record<string, string>>[],
    requests: 0,
    log: [] as string[],
    answer: (() => OK) as () => Partial<HttpAnswer> | Error,
  };
  const transport: Transport = async (target, headers, body) => {
    setup.requests += 1;
    setup.headers.push(headers);
    const lower = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const answer = setup.answer();
    if (answer instanceof Error) throw answer;
    const whole = { status: 200, headers: {}, body: new Uint8Array(), ...answer };
    const path = target.url.pathname;
    if (whole.status === 200)
      setup.pushed.push(...validator.push({ method: 'POST', path, headers: lower, body: gunzipSync(body) }));
    return whole;
  };
  const log = (level: string, text: string) => void setup.log.push(`${level} ${text}`);
  const exporter = new PyroscopeProfileExporter(options, { env, clock, transport, log });
  const push = (profile: Profile, attributes = resource): Promise<ExportResult> =>
    clock.until(exporter.export([profile], attributes));
  return Object.assign(setup, { exporter, push });
}

const allocated = (pushed: readonly PushedProfile[]) => {
  const { alloc_objects, alloc_space } = sums(pushed.flatMap(({ samples }) => samples));
  return { alloc_objects, alloc_space };
};

/** Returns the allocated columns by stack, labels left out. */
function byStack(pushed: readonly PushedProfile[]): Record<string, readonly number[]> {
  const all: Record<string, [number, number]> = {};
  for (const { stack, values } of pushed.flatMap(({ samples }) => samples)) {
    const [objects, bytes] = all[stack.join('<')] ?? [0, 0];
    all[stack.join('<')] = [objects + values[0]!, bytes + values[1]!];
  }
  return Object.fromEntries(Object.entries(all).filter(([, [, bytes]]) => bytes > 0));
}

test('adds up to the cumulative column, to the byte, when a growing service is pushed 20 times', async () => {
  const { clock, push, pushed, exporter } = start();
  let last: Profile | undefined;
  for (let round = 0; round < 20; round += 1) {
    last = growingProfile(round, clock.now());
    expect(await push(last)).toEqual({ code: 0 });
    const state = sums(pushed.at(-1)!.samples);
    expect(state.inuse_space).toBe(totals(last).inuse_space);
    expect(state.inuse_objects).toBe(totals(last).inuse_objects);
    await clock.advance(60_000);
  }
  expect(pushed).toHaveLength(20);
  expect(allocated(pushed)).toEqual({
    alloc_objects: totals(last!).alloc_objects,
    alloc_space: totals(last!).alloc_space,
  });
  const { push: pushAll, pushed: atOnce, clock: other } = start();
  await other.advance(19 * 60_000);
  await pushAll(last!);
  expect(byStack(pushed)).toEqual(byStack(atOnce));
  const [first, second] = pushed;
  expect(first).toMatchObject({
    types: ['alloc_objects/count', 'alloc_space/bytes', 'inuse_objects/count', 'inuse_space/bytes'],
    period: 'space/bytes',
    durationNanos: BigInt(AGE) * 1_000_000n,
    series: { __name__: 'memory', service_name: 'shop', host_name: 'db-1' },
  });
  expect(second!.durationNanos).toBe(60_000_000_000n);
  expect(exporter.drops).toEqual({ rejected: 0, queue_full: 0, too_old: 0, failed: 0 });
});

test('joins what was not delivered to the next push when the server is away for a while', async () => {
  const setup = start();
  const { clock, push, pushed } = setup;
  for (let round = 0; round < 20; round += 1) {
    setup.answer = () => (round >= 3 && round < 15 ? new Error('refused') : OK);
    const { code, error } = await push(growingProfile(round, clock.now()));
    expect(code).toBe(round >= 3 && round < 15 ? 1 : 0);
    if (code === 1) expect(error?.message).toMatch(/Push: refused; the profile is part of the next push$/);
    await clock.advance(60_000);
  }
  expect(pushed).toHaveLength(8);
  expect(allocated(pushed).alloc_space).toBe(totals(growingProfile(19, START)).alloc_space);
  expect(Number(pushed[3]!.durationNanos / 60_000_000_000n)).toBeGreaterThanOrEqual(13);
});

test('pushes nothing older than an hour, and counts it, when the server is away for longer', async () => {
  const setup = start();
  const { clock, push, pushed, exporter } = setup;
  const profiles: Profile[] = [];
  for (let round = 0; round < 75; round += 1) {
    setup.answer = () => (round >= 1 && round < 72 ? new Error('refused') : OK);
    profiles.push(growingProfile(round, START + round * 60_000));
    await push(profiles.at(-1)!);
    await clock.advance(START + (round + 1) * 60_000 - clock.now());
  }
  const total = (round: number) => totals(profiles[round]!).alloc_space!;
  expect(pushed).toHaveLength(4);
  for (const { durationNanos } of pushed) expect(durationNanos).toBeLessThanOrEqual(3_600_000_000_000n);
  const { too_old } = exporter.drops;
  expect(too_old).toBeGreaterThan(0);
  // All but the windows that were given up: those after the first push.
  expect(allocated(pushed).alloc_space).toBe(total(74) - (total(too_old) - total(0)));
});

test('leaves out what was allocated before when the process is older than an hour at the first push', async () => {
  const { clock, push, pushed } = start();
  const before = growingProfile(5, clock.now(), START - 3_600_001);
  await push(before);
  expect(allocated(pushed).alloc_space).toBe(0);
  expect(sums(pushed[0]!.samples).inuse_space).toBe(totals(before).inuse_space);
  await clock.advance(60_000);
  const after = growingProfile(6, clock.now(), START - 3_600_001);
  await push(after);
  expect(allocated(pushed).alloc_space).toBe(totals(after).alloc_space! - totals(before).alloc_space!);
});

test('starts over when the profiles are of a new process', async () => {
  const { clock, push, pushed } = start();
  await push(growingProfile(9, clock.now()));
  await clock.advance(60_000);
  const young = growingProfile(2, clock.now(), clock.now() - 30_000);
  await push(young);
  expect(allocated([pushed[1]!]).alloc_space).toBe(totals(young).alloc_space);
});

test('keeps to the sum, without negative values, when estimates are corrected downwards', async () => {
  const { clock, push, pushed } = start();
  const main = { name: 'main', file: '/a.js', line: 1, column: 1 };
  const profileOf = (a: number, b: number) => {
    const builder = builderAt(clock.now());
    builder.add(addStack(builder, [main]), [a, a * 10, 1, 10]);
    builder.add(addStack(builder, [main, { ...main, name: 'f' }]), [b, b * 10, 0, 0]);
    return builder.build();
  };
  for (const [a, b] of [
    [100, 10],
    [80, 40],
    [90, 50],
    [130, 60],
  ] as const) {
    await push(profileOf(a, b));
    await clock.advance(60_000);
  }
  expect(allocated(pushed).alloc_objects).toBe(190);
});

test('is not disturbed when the clock steps', async () => {
  const { clock, push, pushed } = start();
  // The age is measured by a clock that does not step.
  const profileOf = (round: number) => growingProfile(round, clock.now(), clock.now() - AGE - clock.steady());
  for (const [round, step] of [0, 7_200_000, -10_800_000, 86_400_000, 0].entries()) {
    clock.step(step);
    expect(await push(profileOf(round))).toEqual({ code: 0 });
    await clock.advance(60_000);
  }
  expect(allocated(pushed).alloc_space).toBe(totals(growingProfile(4, START)).alloc_space);
  // The profile is of a moment before the step.
  const profile = profileOf(5);
  clock.step(-7_200_000);
  expect(await push(profile)).toEqual({ code: 0 });
});

test('splits a profile, and paces its parts, when it is too large for one push', async () => {
  const { clock, push, pushed, exporter } = start();
  const builder = builderAt(clock.now());
  for (let site = 0; site < 600; site += 1) {
    const frame = builder.frame(`${'n'.repeat(8000)}${site}`, '/a.js', 1);
    builder.add(builder.stack(undefined, frame), [1, 100, 1, 100]);
  }
  const profile = builder.build();
  expect(await push(profile)).toEqual({ code: 0 });
  expect(pushed.length).toBeGreaterThan(2);
  expect(clock.now() - START).toBeGreaterThan(500);
  expect(allocated(pushed).alloc_space).toBe(totals(profile).alloc_space);
  expect(exporter.drops.failed).toBe(0);
});

test('sends each part once when a later part is not delivered', async () => {
  const setup = start({ timeoutMillis: 1000 });
  const { clock, push, pushed } = setup;
  const large = (factor: number) => {
    const builder = builderAt(clock.now());
    for (let site = 0; site < 16_500; site += 1) {
      builder.add(builder.stack(undefined, builder.frame(`f${site}`, '/a.js', 1)), [
        factor,
        factor * 10,
        1,
        1,
      ]);
    }
    return builder.build();
  };
  setup.answer = () => (setup.pushed.length === 1 ? { status: 503 } : OK);
  expect(await push(large(1))).toMatchObject({ code: 1 });
  expect(pushed).toHaveLength(1);
  setup.answer = () => OK;
  await clock.advance(60_000);
  const last = large(3);
  expect(await push(last)).toEqual({ code: 0 });
  expect(allocated(pushed).alloc_space).toBe(totals(last).alloc_space);
});

test('stays within the limits for samples when stacks are deep, and labels and names are strange', async () => {
  const { clock, push, pushed } = start({
    tags: Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`tag-${n}`, 'x'.repeat(3000)])),
  });
  const builder = builderAt(clock.now());
  let stack: ReturnType<typeof builder.stack> | undefined;
  for (let depth = 0; depth < 1500; depth += 1) {
    stack = builder.stack(stack, builder.frame(`f${depth}`, '/deep.js', depth + 1));
    if (depth >= 1300) builder.add(stack, [1, 10, 0, 0]);
  }
  const many = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`label${n}`, n]));
  const odd = builder.frame(`\ud800\0${'\u202e'}${'n'.repeat(10_000)}`, '/\udfff', 1);
  builder.add(builder.stack(undefined, odd), [1, 5, -3, -40], builder.labels(many));
  expect(
    await push(builder.build(), {
      ...resource,
      'k8s.pod.name': 'ä'.repeat(2000),
      a_b: 'x',
      'a.b': 'y',
      __x: 'z',
    } as typeof resource),
  ).toEqual({ code: 0 });
  expect(allocated(pushed).alloc_space).toBe(2005);
  const { stack: deepest } = pushed[0]!.samples.find(({ stack: one }) => one[0] === 'f1499')!;
  expect(deepest).toHaveLength(1000);
  expect(deepest.at(-1)).toBe('(truncated)');
});

test('pushes nothing when a profile has no samples, and fails when it has no column of the heap', async () => {
  const setup = start();
  const { clock, push, exporter } = setup;
  expect(await push(builderAt(clock.now()).build())).toEqual({ code: 0 });
  const columns = [{ type: 'samples', unit: 'count' }];
  const other = new ProfileBuilder({ columns, timeNanos: 0n, durationNanos: 0n }).build();
  expect(await push(other)).toMatchObject({ code: 1 });
  expect(setup.requests).toBe(0);
  expect(exporter.drops.failed).toBe(1);
});

test('drops and counts what the server refuses or does not confirm', async () => {
  const setup = start();
  const { clock, push, pushed, exporter } = setup;
  for (const [round, answer] of [{ status: 400 }, { body: Buffer.from('<html>login') }, OK].entries()) {
    setup.answer = () => answer;
    await push(growingProfile(round, clock.now()));
    await clock.advance(60_000);
  }
  expect(exporter.drops).toEqual({ rejected: 1, queue_full: 0, too_old: 0, failed: 1 });
  expect(allocated(pushed.slice(1)).alloc_space).toBe(
    totals(growingProfile(2, START)).alloc_space! - totals(growingProfile(1, START)).alloc_space!,
  );
});

test('counts the window as failed when it ends without delivery', async () => {
  const setup = start();
  setup.answer = () => new Error('refused');
  await setup.push(growingProfile(1, setup.clock.now()));
  await setup.clock.until(setup.exporter.shutdown());
  expect(setup.exporter.drops.failed).toBe(1);
  expect(await setup.push(growingProfile(2, setup.clock.now()))).toMatchObject({ code: 1 });
});

test("takes the variables of Pyroscope's own clients, and options before them", async () => {
  const env = {
    PYROSCOPE_APPLICATION_NAME: 'app',
    PYROSCOPE_BASIC_AUTH_USER: 'me',
    PYROSCOPE_BASIC_AUTH_PASSWORD: 'pw',
    PYROSCOPE_TENANT_ID: 'blue',
    PYROSCOPE_LABELS: 'region=eu, zone:a=b ,bad',
  };
  const basic = start({ env });
  await basic.push(growingProfile(1, START));
  expect(basic.headers[0]).toMatchObject({ Authorization: 'Basic bWU6cHc=', 'X-Scope-OrgID': 'blue' });
  expect(basic.pushed[0]!.series).toMatchObject({ service_name: 'app', region: 'eu', zone: 'a=b' });
  expect(basic.log).toEqual(['warn PYROSCOPE_LABELS: "bad" is not valid: expected name=value; ignoring it']);
  const bearer = start({ env: { ...env, PYROSCOPE_AUTH_TOKEN: 't' }, appName: 'own', tags: { x: 'y' } });
  await bearer.push(growingProfile(1, START));
  expect(bearer.headers[0]).toMatchObject({ Authorization: 'Bearer t' });
  expect(bearer.pushed[0]!.series).toMatchObject({ service_name: 'own', x: 'y' });
  expect(() => start({ serverAddress: 'host' })).toThrow(
    'serverAddress: not valid: expected an http or https URL',
  );
});

test('pushes the four columns of the heap when a profile has others too', async () => {
  const { clock, push, pushed } = start();
  const columns = [
    ...HEAP_COLUMNS.slice(0, 2),
    { type: 'peak-space', unit: 'bytes' },
    ...HEAP_COLUMNS.slice(2),
  ];
  const time = BigInt(clock.now()) * 1_000_000n;
  const builder = new ProfileBuilder({ columns, timeNanos: time, durationNanos: 1_000_000n });
  builder.add(undefined, [1, 10, 99, 2, 20]);
  expect(await push(builder.build())).toEqual({ code: 0 });
  expect(pushed[0]!.samples.map(({ values }) => values)).toEqual([[1, 10, 2, 20]]);
  expect(pushed[0]!.period).toBe('space/bytes');
});
