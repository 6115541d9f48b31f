import { expect, test } from 'vitest';
import { CounterDeltas } from '../../../src/watch/metrics/counter-deltas.js';

const START = 1_700_000_000_000;

/** Returns a function that makes a collection of points `[site, value, startMillis]` of the capture `a`. */
function collector() {
  const deltas = new CounterDeltas(({ capture }) => String(capture));
  let nowMillis = START + 1000;
  return (points: readonly (readonly [string, number, number?])[], captures = ['a']) => {
    nowMillis += 1000;
    const given = points.map(([site, value, startMillis = START]) => {
      return { attributes: { capture: 'a', site }, value, startMillis };
    });
    const increases = deltas.of('heapray.memory.allocated', given, nowMillis);
    deltas.endCollection(new Set(captures));
    return increases.map(({ value }) => value);
  };
}

test('counts once what a capture has when it has no points for a while', () => {
  const collect = collector();
  expect(collect([['x', 100]])).toEqual([100]);
  expect(collect([])).toEqual([]);
  expect(collect([])).toEqual([]);
  expect(collect([['x', 130]])).toEqual([30]);
});

test('counts once what starts after the collection, as by another clock', () => {
  const collect = collector();
  const later = START + 1_000_000;
  expect(collect([['x', 100, later]])).toEqual([100]);
  expect(collect([['x', 130, later]])).toEqual([30]);
  expect(collect([['x', 130, later]])).toEqual([0]);
});

test('counts from zero when a series has a new start, or a lower value', () => {
  const collect = collector();
  expect(collect([['x', 100]])).toEqual([100]);
  expect(collect([['x', 140, START + 500]])).toEqual([140]);
  expect(collect([['x', 20, START + 500]])).toEqual([20]);
});

test('forgets captures that are gone, and series that were dropped', () => {
  const collect = collector();
  expect(
    collect([
      ['x', 100],
      ['y', 50],
    ]),
  ).toEqual([100, 50]);
  expect(collect([['x', 110]])).toEqual([10]);
  expect(
    collect([
      ['x', 110],
      ['y', 60, START + 700],
    ]),
  ).toEqual([0, 60]);
  expect(collect([], [])).toEqual([]);
  expect(collect([['x', 120]])).toEqual([120]);
});
