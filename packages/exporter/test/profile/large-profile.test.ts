import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { mergeProfiles, subtractProfiles, totals } from '../../src/profile/index.js';
import { heapBuilder } from './arbitrary-profile.js';
import { checkProfile } from './check-profile.js';

const STACKS = 50_000;

/** Returns a profile with as many distinct stacks as a long-running server has, 20 frames each, with shared callers. */
function largeProfile() {
  const builder = heapBuilder();
  const frames = Array.from({ length: 3_000 }, (_, at) =>
    builder.frame(`f${at}`, `lib/${at % 200}.js`, at + 1),
  );
  for (let at = 0; at < STACKS; at++) {
    let stack: ReturnType<typeof builder.stack> | undefined;
    for (let depth = 0; depth < 18; depth++) stack = builder.stack(stack, frames[(at >> 12) + depth]!);
    stack = builder.stack(stack, frames[at % 3_000]!);
    stack = builder.stack(stack, frames[(at * 7) % 2_999]!);
    builder.add(stack, [1, 32, 1, 32]);
  }
  return builder.build();
}

test('tens of thousands of stacks are stored, shared and compared', () => {
  const profile = largeProfile();
  checkProfile(profile);
  expect(profile.sampleCount).toBe(STACKS);
  expect(totals(profile)).toEqual({
    alloc_objects: STACKS,
    alloc_space: STACKS * 32,
    inuse_objects: STACKS,
    inuse_space: STACKS * 32,
  });
  // 20 frames each, but callers are stored once.
  expect(profile.stackCount).toBeLessThan(STACKS * 2.5);
  expect([...profile.frames(profile.stackOf(STACKS - 1))]).toHaveLength(20);
  expect(totals(mergeProfiles([profile, profile])).inuse_objects).toBe(2 * STACKS);
  expect(subtractProfiles(profile, profile).sampleCount).toBe(0);
});

test('a profile of this size takes a few megabytes', async () => {
  const before = await memoryInUse();
  const profile = largeProfile();
  const taken = (await memoryInUse()) - before;
  expect(profile.sampleCount).toBe(STACKS);
  // It contains at least four 8-byte numbers per sample, and 8 bytes per stack.
  expect(taken).toBeGreaterThan(STACKS * 40);
  expect(taken).toBeLessThan(6 * 2 ** 20);
});

/** Returns the bytes in use after all garbage is collected. Buffers are freed some time after a collection. */
async function memoryInUse(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let unchanged = 0; unchanged < 5; unchanged++) {
    global.gc?.();
    await delay(20);
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    if (heapUsed + arrayBuffers < least - 10_000) unchanged = 0;
    least = Math.min(least, heapUsed + arrayBuffers);
  }
  return least;
}
