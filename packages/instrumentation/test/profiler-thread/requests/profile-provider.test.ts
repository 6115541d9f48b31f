import { gunzipSync } from 'node:zlib';
import { decodePprof } from '@heapray/exporter/pprof';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { newProvider } from '../../support/profile-provider.js';

const HOUR = 3_600_000;
const REQUEST = {
  name: 'heap',
  defaultColumn: 'inuse_space',
  component: undefined,
  asText: false,
  collectFirst: false,
  seconds: undefined,
  past: undefined,
  client: 'test',
  signal: new AbortController().signal,
} as const;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Advances the clock until a condition is true; modules load and bytes are compressed in real time. */
async function timePassesUntil(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await vi.advanceTimersByTimeAsync(100);
}

test('the duration of a profile does not change with a step of the system clock', async () => {
  const { provider } = newProvider(async () => {});
  const started = Date.now();
  vi.advanceTimersByTime(90_000);
  for (const step of [-HOUR, 48 * HOUR]) {
    vi.setSystemTime(started + step);
    const profile = decodePprof(await provider.pprof(REQUEST));
    expect(profile.timeNanos).toBe(BigInt(started + 90_000) * 1_000_000n);
    expect(profile.durationNanos).toBe(90_000_000_000n);
  }
});

test('makes profiles while the main thread does not answer, without repeating the poll', async () => {
  let answer = () => {};
  let polls = 0;
  const { provider } = newProvider(() => {
    polls++;
    return new Promise((resolve) => {
      answer = resolve;
    });
  });
  for (let request = 0; request < 20; request++) {
    let made = false;
    const profile = provider.pprof(REQUEST).finally(() => {
      made = true;
    });
    await timePassesUntil(() => made);
    await profile;
  }
  expect(polls).toBe(1);
  answer();
  // The previous poll is too old to be shared.
  await vi.advanceTimersByTimeAsync(200);
  const fresh = provider.pprof(REQUEST);
  await timePassesUntil(() => polls === 2);
  answer();
  expect((await fresh).byteLength).toBeGreaterThan(0);
});

test.each([
  ['before the first reading has come', false],
  ['while the time passes', true],
])('nothing is made, and nothing waits, for a client that leaves %s', async (_, whileItPasses) => {
  const { provider } = newProvider(async () => {});
  const client = new AbortController();
  const waited = vi.spyOn(client.signal, 'addEventListener');
  const profile = provider.pprof({ ...REQUEST, seconds: 600, signal: client.signal });
  const refused = expect(profile).rejects.toThrow();
  if (whileItPasses) {
    await timePassesUntil(() => waited.mock.calls.length > 0);
    await vi.advanceTimersByTimeAsync(5_000);
  }
  client.abort();
  await refused;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(vi.getTimerCount()).toBe(0);
});

test('makes one difference for clients at a time, and other profiles meanwhile', async () => {
  const { provider } = newProvider(async () => {});
  const client = new AbortController();
  const difference = (seconds: number) => {
    return provider.pprof({ ...REQUEST, seconds, signal: client.signal });
  };
  const waiting = expect(difference(600)).rejects.toThrow();
  await vi.advanceTimersByTimeAsync(200_000);
  await expect(difference(5)).rejects.toMatchObject({ status: 503, retryAfterSeconds: 400 });
  expect((await provider.pprof(REQUEST)).byteLength).toBeGreaterThan(0);
  client.abort();
  await waiting;
  await expect(difference(5)).rejects.toThrow(/aborted/);
});

test('functions have addresses when they are asked for, also from a poll that is shared', async () => {
  const { provider, ledger } = newProvider(async () => {});
  const callFrame = { functionName: 'keep', url: 'file:///app/a.js', lineNumber: 7, columnNumber: 0 };
  const leaf = { id: 2, callFrame, selfSize: 2 ** 20, children: [] };
  const root = { functionName: '(root)', url: '', lineNumber: -1, columnNumber: -1 };
  const head = { id: 1, callFrame: root, selfSize: 0, children: [leaf] };
  ledger.update({ head, samples: [{ nodeId: 2, size: 2 ** 20, ordinal: 2 }] }, performance.now());
  const [plain, other] = await Promise.all(
    [false, true].map(async (addresses) => gunzipSync(await provider.pprof({ ...REQUEST, addresses }))),
  );
  expect(formatted(other!)).toEqual(formatted(plain!));
  // An address takes a tag and ten bytes.
  expect(other!.length - plain!.length).toBeGreaterThanOrEqual(11);
});

/** Returns samples and their stacks. */
function formatted(pprof: Uint8Array): unknown {
  const profile = decodePprof(pprof);
  return Array.from({ length: profile.sampleCount }, (_, at) => [...profile.frames(profile.stackOf(at))]);
}

test('the leak profile has the call sites of suspects only', async () => {
  const { provider, ledger, leaks } = newProvider(async () => {});
  const leaf = (id: number, functionName: string) => ({
    id,
    callFrame: { functionName, url: 'file:///app/a.js', lineNumber: id, columnNumber: 0 },
    selfSize: 2 ** 20,
    children: [],
  });
  const root = { functionName: '(root)', url: '', lineNumber: -1, columnNumber: -1 };
  const head = { id: 1, callFrame: root, selfSize: 0, children: [leaf(2, 'leak'), leaf(3, 'keep')] };
  const samples = [2, 3].map((nodeId) => ({ nodeId, size: 2 ** 20, ordinal: nodeId }));
  ledger.update({ head, samples }, performance.now());
  const read = async () => decodePprof(await provider.pprof({ ...REQUEST, name: 'leak' }));
  const empty = await read();
  expect(empty.sampleCount).toBe(0);
  expect(empty.comments).toContain('no call site is suspected to leak');
  const site = Array.from({ length: ledger.tree.size }, (_, node) => ledger.sites.siteOf(node)).find(
    (each) => ledger.sites.site(each).functionName === 'leak',
  );
  vi.spyOn(leaks, 'suspectSites', 'get').mockReturnValue([site!]);
  // The first profile is shared for 100 ms.
  await vi.advanceTimersByTimeAsync(200);
  const profile = await read();
  const names = Array.from({ length: profile.sampleCount }, (_, at) => [
    ...profile.frames(profile.stackOf(at)),
  ]).flat();
  expect(new Set(names.map(({ functionName }) => functionName))).toEqual(new Set(['leak']));
  expect(profile.comments).toContain('only the call sites that are suspected to leak');
});
