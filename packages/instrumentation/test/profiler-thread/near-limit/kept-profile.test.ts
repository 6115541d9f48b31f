import { expect, test, vi } from 'vitest';
import {
  type KeptProfileDeps,
  KeptProfileMaker,
} from '../../../src/profiler-thread/near-limit/kept-profile.js';

test('asks a main thread that may be busy for its memory once, before the first profile', async () => {
  const present = vi.fn(() => Promise.reject(new Error('no answer')));
  const profiles = vi.fn(async () => ({}));
  const deps = { profiles, sources: {}, resident: { present } } as unknown as KeptProfileDeps;
  const maker = new KeptProfileMaker(deps);
  await Promise.all([maker.prepare(), maker.prepare()]);
  expect(present).toHaveBeenCalledTimes(1);
  expect(profiles).toHaveBeenCalledTimes(1);
});
