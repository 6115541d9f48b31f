import { expect, test } from 'vitest';
import {
  type PastState,
  PastStates,
  presentState,
} from '../../../src/profiler-thread/history/past-states.js';
import { changeProfile } from '../../../src/profiler-thread/profiles/index.js';
import { INTERVAL, newLedger, stackText } from '../../support/ledger-sums.js';
import { heapOf } from '../../support/memory-sources.js';
import { Readings, range, samplesOf } from '../../support/readings.js';

const WINDOW = 60_000;

/** Runs some minutes with two functions; the first gets ten more live samples each minute. */
function afterMinutes(minutes: number, windowMillis = WINDOW) {
  const ledger = newLedger();
  const readings = new Readings();
  const past = new PastStates({ windowMillis, startMillis: 0 });
  for (let minute = 1; minute <= minutes; minute++) {
    const grows = samplesOf('main > grow', 100, range(21, 20 + 10 * minute));
    const gone = minute === 1 ? samplesOf('main > shrink', 10, range(1, 20)) : [];
    expect(ledger.update(readings.of([...grows, ...gone]), minute * WINDOW).status).toBe('ok');
    past.observe(ledger, minute * WINDOW);
  }
  return { ledger, past };
}

const at = (past: PastStates, minute: number) => past.nearest(minute * WINDOW) as PastState;

test("a state keeps the ledger's values of its time", () => {
  const { ledger, past } = afterMinutes(0);
  const readings = new Readings();
  const told = [];
  for (const count of [1, 3, 2]) {
    const newest = told.length + 1;
    ledger.update(readings.of(samplesOf('main', 64, range(newest, newest + count - 1))), newest * WINDOW);
    past.observe(ledger, newest * WINDOW);
    const all = range(0, ledger.tree.size - 1);
    told.push(all.map((node) => [presentState(ledger, 0).allocatedBytes(node), ledger.inUseBytes(node)]));
  }
  for (const [index, expected] of told.entries()) {
    const state = at(past, index + 1);
    expect(state.atMillis).toBe((index + 1) * WINDOW);
    const nodes = range(0, expected.length - 1);
    expect(nodes.map((node) => [state.allocatedBytes(node), state.inUseBytes(node)])).toEqual(expected);
  }
});

test('the start is a state in which nothing was allocated', () => {
  const { ledger, past } = afterMinutes(1);
  for (let node = 0; node < ledger.tree.size; node++) {
    expect(at(past, 0).allocatedBytes(node)).toBe(0);
    expect(at(past, 0).inUseBytes(node)).toBe(0);
  }
});

test('keeps one per window, the newest sixteen', () => {
  const { ledger, past } = afterMinutes(30);
  expect(past.moments.map((millis) => millis / WINDOW)).toEqual(range(15, 30));
  past.observe(ledger, 30 * WINDOW + WINDOW - 1);
  expect(past.moments).toHaveLength(16);
  expect(past.nearest(15 * WINDOW - WINDOW / 2)?.atMillis).toBe(15 * WINDOW);
  expect(past.nearest(13 * WINDOW)).toBeUndefined();
  expect(past.nearest(32 * WINDOW)).toBeUndefined();
});

test('keeps fewer if there are very many stacks', () => {
  const ledger = newLedger();
  const readings = new Readings();
  const many = range(1, 40_000).map((i) => samplesOf(`main > f${i}`, 64, [i])[0]!);
  const past = new PastStates({ windowMillis: WINDOW, startMillis: 0 });
  for (let minute = 1; minute <= 5; minute++) {
    ledger.update(readings.of(many), minute * WINDOW);
    past.observe(ledger, minute * WINDOW);
  }
  expect(past.moments.map((millis) => millis / WINDOW)).toEqual([4, 5]);
});

test('makes a profile of the change between two of them', () => {
  const { ledger, past } = afterMinutes(5);
  const profileOf = (from: number, to: number) => {
    const profile = changeProfile([{ source: heapOf(ledger), from: at(past, from), to: at(past, to) }], {
      samplingInterval: INTERVAL,
      mode: 'binding',
      startedMillis: from * WINDOW,
      nowMillis: to * WINDOW,
      defaultColumn: 'inuse_space',
    });
    expect(profile.timeNanos).toBe(BigInt(to * WINDOW) * 1_000_000n);
    expect(profile.durationNanos).toBe(BigInt((to - from) * WINDOW) * 1_000_000n);
    return Object.fromEntries(
      range(0, profile.sampleCount - 1).map((row) => [
        [...profile.frames(profile.stackOf(row))][0]?.functionName,
        [profile.value(row, 1), profile.value(row, 3)],
      ]),
    );
  };
  const present = presentState(ledger, 0);
  const nodes = range(0, ledger.tree.size - 1);
  const grow = nodes.find((node) => stackText(ledger, node).endsWith('grow'))!;
  expect(profileOf(2, 4)).toMatchObject({ grow: [2000, 2000] });
  expect(profileOf(1, 2).shrink).toEqual([0, -200]);
  expect(present.allocatedBytes(grow)).toBe(5000);
});
