import { ProfileBuilder, packProfile } from '@heapray/exporter/profile';
import { expect, test } from 'vitest';
import { collectProfile } from '../../../src/main-thread/exports/collect-profile.js';
import type { MadeProfile, WantedProfile } from '../../../src/protocol/profiles/profile-requests.js';

function made(): MadeProfile {
  const builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  builder.add(builder.stack(undefined, builder.frame('leak', 'a.js', 1)), [1024]);
  return { profile: packProfile(builder.build()) };
}

test('returns the profile that the profiler thread has made', async () => {
  const asked: WantedProfile[] = [];
  const ask = async (wanted: WantedProfile) => {
    asked.push(wanted);
    return made();
  };
  const profile = await collectProfile(ask, { type: 'allocs', seconds: 3 });
  expect(profile.value(0, 0)).toBe(1024);
  expect([...profile.frames(profile.stackOf(0))]).toMatchObject([{ functionName: 'leak', file: 'a.js' }]);
  await collectProfile(ask, {});
  expect(asked).toEqual([
    { type: 'allocs', seconds: 3 },
    { type: 'heap', seconds: undefined },
  ]);
});

test.each([
  [{ seconds: 0 }, 'seconds: 0 is not valid: expected an integer from 1 to 600'],
  [{ seconds: 601 }, 'seconds: 601 is not valid: expected an integer from 1 to 600'],
  [{ seconds: 1.5 }, 'seconds: 1.5 is not valid: expected an integer from 1 to 600'],
  [{ seconds: '5' }, "seconds: '5' is not valid: expected an integer from 1 to 600"],
  [{ type: 'cpu' }, "type: 'cpu' is not valid: expected one of heap, allocs, peak"],
  [{ type: null }, 'type: object is not valid: expected one of heap, allocs, peak'],
  [{ type: 'peak', seconds: 1 }, 'seconds: not valid with the type peak'],
])('rejects when the options are %j', async (options, message) => {
  const result = collectProfile(async () => made(), options as never);
  await expect(result).rejects.toThrow(new Error(`cannot collect a profile: ${message}`));
});

test.each([
  ['memory is not profiled', undefined, 'memory is not profiled in this process'],
  ['the profiler thread does not answer', async () => undefined, 'the profiler thread has not answered'],
  ['it cannot be made', async () => ({ problem: 'why' }), 'why'],
])('rejects when %s', async (_, ask, message) => {
  await expect(collectProfile(ask, {})).rejects.toThrow(`cannot collect a profile: ${message}`);
});

test('rejects a ninth profile while eight are in work', async () => {
  let answer = () => {};
  const waiting = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const ask = async () => {
    await waiting;
    return made();
  };
  const working = Array.from({ length: 8 }, () => collectProfile(ask, {}));
  await expect(collectProfile(ask, {})).rejects.toThrow('8 profiles are being collected already');
  answer();
  await Promise.all(working);
  expect((await collectProfile(ask, {})).sampleCount).toBe(1);
});
