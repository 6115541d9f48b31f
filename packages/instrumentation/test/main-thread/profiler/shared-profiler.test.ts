import { afterEach, expect, test } from 'vitest';
import type { MemoryProfiler } from '../../../src/main-thread/profiler/memory-profiler.js';
import {
  acquireSharedProfiler,
  currentProfiler,
  type ProfilerClaim,
} from '../../../src/main-thread/profiler/shared-profiler.js';

const claims: ProfilerClaim[] = [];

afterEach(async () => {
  for (const claim of claims.splice(0)) await claim.release();
});

/** A profiler that only records its start and stop. */
function fakeProfiler(name: string, events: string[]): MemoryProfiler {
  return {
    name,
    start: (before?: { name: string }) =>
      events.push(`${name} starts${before ? ` after ${before.name}` : ''}`),
    stop: async () => void events.push(`${name} stops`),
  } as unknown as MemoryProfiler;
}

/** Acquires a share for a holder whose MeterProvider may come and go. */
function acquire(name: string, events: string[], provider = { isThere: false }) {
  const claim = acquireSharedProfiler(() => fakeProfiler(name, events), {
    hasProvider: () => provider.isThere,
    carryMetrics: (carries) => events.push(`${name} ${carries ? 'carries' : 'drops'} metrics`),
  });
  claims.push(claim);
  return { claim, provider };
}

test('the first holder starts the profiler, the last one stops it', async () => {
  const events: string[] = [];
  const { claim: first } = acquire('a', events);
  const { claim: second } = acquire('b', events);
  expect([first.isShared, second.isShared]).toEqual([false, true]);
  expect(second.profiler).toBe(first.profiler);
  expect(currentProfiler()).toBe(first.profiler);
  await first.release();
  await first.release();
  expect(events).not.toContain('a stops');
  await second.release();
  expect(events.filter((event) => /st(art|op)s/.test(event))).toEqual(['a starts', 'a stops']);
  expect(currentProfiler()).toBeUndefined();
});

test('a profiler that follows another one is told so', async () => {
  const events: string[] = [];
  const { claim } = acquire('a', events);
  const stopped = claim.release();
  acquire('b', events);
  await stopped;
  expect(events).toContain('b starts after a');
});

test('the newest holder with a MeterProvider carries the metrics, else the newest', async () => {
  const events: string[] = [];
  const first = acquire('a', events);
  const second = acquire('b', events);
  expect(events.filter((event) => event.endsWith('metrics'))).toEqual([
    'a carries metrics',
    'a drops metrics',
    'b carries metrics',
  ]);
  first.provider.isThere = true;
  first.claim.elect();
  expect(events.slice(-2)).toEqual(['b drops metrics', 'a carries metrics']);
  expect([first.claim.mayCarry(), second.claim.mayCarry()]).toEqual([true, false]);
  await first.claim.release();
  expect(events.slice(-2)).toEqual(['a drops metrics', 'b carries metrics']);
});
