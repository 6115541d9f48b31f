import { expect, test } from 'vitest';
import { CounterDeltas } from '../../../src/watch/metrics/counter-deltas.js';

const START = 1_700_000_000_000;

/** Returns a function that makes a collection of points `[site, value, startMillis]` of a run of the capture `a`. */
function collector() {
  const deltas = new CounterDeltas(({ capture }) => String(capture));
  let nowMillis = START + 1000;
  return (points: readonly (readonly [string, number, number?])[], run: string | undefined = 'run 1') => {
    nowMillis += 1000;
    const given = points.map(([site, value, startMillis = START]) => {
      return { attributes: { capture: 'a', site }, value, startMillis };
    });
    const increases = deltas.of('heapray.memory.allocated', given, nowMillis);
    deltas.endCollection(run === 'gone' ? new Map() : new Map([['a', run]]));
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

test('counts only what is new when a series returns that was dropped', () => {
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
      ['y', 60],
    ]),
  ).toEqual([0, 10]);
});

test.each(['run 2', 'gone'])('forgets the series of a run when its capture is that of another: %s', (run) => {
  const collect = collector();
  expect(collect([['x', 100]])).toEqual([100]);
  expect(collect([], run)).toEqual([]);
  expect(collect([['x', 120]], 'run 2')).toEqual([120]);
});
