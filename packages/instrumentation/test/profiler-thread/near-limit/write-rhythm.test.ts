import { expect, test } from 'vitest';
import { WriteRhythm } from '../../../src/profiler-thread/near-limit/write-rhythm.js';

const LOOK_MILLIS = 100;
const COST_MILLIS = 5;

/** Returns the times at which a process whose share of the limit is `shareAt` gets a profile, in ms. */
function writes(millis: number, shareAt: (atMillis: number) => number, costMillis = COST_MILLIS): number[] {
  const rhythm = new WriteRhythm();
  const times: number[] = [];
  for (let at = 0; at <= millis; at += LOOK_MILLIS) {
    rhythm.observe(shareAt(at), at);
    if (!rhythm.isDue(shareAt(at), at)) continue;
    times.push(at);
    rhythm.wrote(at, costMillis);
  }
  return times;
}

const gaps = (times: readonly number[]) => times.slice(1).map((at, i) => at - times[i]!);

test('writes at once, and again for each percent when a process grows', () => {
  const times = writes(10_000, (at) => 0.8 + 0.09 * (at / 10_000));
  expect(times[0]).toBe(0);
  expect(times.length).toBeGreaterThanOrEqual(8);
  expect(times.length).toBeLessThanOrEqual(10);
});

test('has a profile of the last 0.5 s when a process dies of collections without effect', () => {
  const times = writes(20_000, (at) => Math.min(0.98, 0.85 + at / 50_000));
  expect(gaps(times.filter((at) => at > 5_000)).every((gap) => gap <= 500)).toBe(true);
  expect(times.at(-1)).toBeGreaterThanOrEqual(19_500);
});

test('writes every 30 s when a heap only rises and falls with collections', () => {
  const saw = (at: number) => 0.72 + 0.24 * ((at % 3_000) / 3_000);
  const late = writes(600_000, saw).filter((at) => at > 120_000);
  expect(gaps(late).every((gap) => gap >= 30_000)).toBe(true);
});

test('writes often again when what collections leave grows under the same peaks', () => {
  const saw = (at: number) => {
    const floor = at < 300_000 ? 0.72 : 0.72 + (at - 300_000) / 500_000;
    return Math.max(floor, 0.96 - 0.2 * ((at % 3_000) / 3_000));
  };
  const growing = writes(390_000, saw).filter((at) => at > 320_000);
  expect(growing.length).toBeGreaterThan(10);
});

test('takes at most a tenth of a core from the second profile on when one is expensive', () => {
  const [first, ...later] = gaps(writes(60_000, () => 0.97, 300));
  expect(first).toBe(400);
  expect(later.every((gap) => gap >= 3_000)).toBe(true);
});
