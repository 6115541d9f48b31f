// The model of `heapray live`: rows, growth, rates, callers and history.
import { describe, expect, test } from 'vitest';
import { History } from '../../src/live/model/history.js';
import { LiveModel, type RowOptions } from '../../src/live/model/live-model.js';
import { sparkline } from '../../src/live/screen/sparkline.js';
import { MIB, type Site, START, stateOf } from './support/states.js';

const BY_FUNCTION: RowOptions = { group: 'function', sort: 'inUse', filter: '' };

/** Returns a model after states that are ten seconds apart. */
function modelOf(...states: readonly (readonly Site[])[]): LiveModel {
  const model = new LiveModel();
  states.forEach((sites, at) => {
    model.update(stateOf(sites, at * 10));
  });
  return model;
}

function names(model: LiveModel, options: Partial<RowOptions> = {}): string[] {
  return model.rows({ ...BY_FUNCTION, ...options }).map(({ name }) => name);
}

describe('rows', () => {
  test('have what is in use, its growth since the first state, and the rate since the previous one', () => {
    const model = modelOf(
      [{ name: 'load', inUse: MIB, allocated: MIB }],
      [{ name: 'load', inUse: 2 * MIB, allocated: 5 * MIB }],
      [{ name: 'load', inUse: 4 * MIB, allocated: 25 * MIB, objects: 7 }],
    );
    expect(model.rows(BY_FUNCTION)).toMatchObject([
      { name: 'load', inUse: 4 * MIB, growth: 3 * MIB, rate: 2 * MIB, objects: 7 },
    ]);
    expect(model.totals()).toMatchObject({
      inUse: 4 * MIB,
      growth: 3 * MIB,
      rate: 2 * MIB,
      peak: { bytes: 4 * MIB, isSeenHere: true },
    });
  });

  test('stay while what was there at first is gone, with negative growth', () => {
    const model = modelOf(
      [
        { name: 'load', inUse: MIB },
        { name: 'keep', inUse: 1 },
      ],
      [{ name: 'keep', inUse: 1 }],
    );
    expect(model.rows(BY_FUNCTION)).toMatchObject([
      { name: 'keep', growth: 0 },
      { name: 'load', inUse: 0, growth: -MIB, objects: 0 },
    ]);
  });

  test('are functions by where they start, files, or packages', () => {
    const model = modelOf([
      { name: 'load', line: 1, inUse: 1, packageName: 'a' },
      { name: 'load', line: 9, inUse: 2, packageName: 'b' },
      { name: 'read', file: '/srv/other.js', inUse: 4, packageName: 'b' },
    ]);
    expect(model.rows(BY_FUNCTION).map(({ name, line, inUse }) => [name, line, inUse])).toEqual([
      ['read', 1, 4],
      ['load', 9, 2],
      ['load', 1, 1],
    ]);
    expect(names(model, { group: 'file' })).toEqual(['/srv/other.js', '/srv/app/app.js']);
    expect(model.rows({ ...BY_FUNCTION, group: 'package' }).map(({ name, inUse }) => [name, inUse])).toEqual([
      ['b', 6],
      ['a', 1],
    ]);
  });

  test('are sorted by any column', () => {
    const model = modelOf(
      [
        { name: 'big', inUse: 100, allocated: 100, objects: 1 },
        { name: 'growing', inUse: 10, allocated: 10, objects: 2 },
        { name: 'busy', inUse: 20, allocated: 20, objects: 3 },
      ],
      [
        { name: 'big', inUse: 100, allocated: 100, objects: 1 },
        { name: 'growing', inUse: 60, allocated: 60, objects: 2 },
        { name: 'busy', inUse: 20, allocated: 900, objects: 3 },
      ],
    );
    expect(names(model, { sort: 'inUse' })).toEqual(['big', 'growing', 'busy']);
    expect(names(model, { sort: 'growth' })).toEqual(['growing', 'big', 'busy']);
    expect(names(model, { sort: 'rate' })).toEqual(['busy', 'growing', 'big']);
    expect(names(model, { sort: 'objects' })).toEqual(['busy', 'growing', 'big']);
  });

  test('are filtered by function, place and package, in any case', () => {
    const model = modelOf([
      { name: 'loadOrders', inUse: 1 },
      { name: 'other', file: '/srv/LOADER.js', inUse: 1 },
      { name: 'third', inUse: 1, packageName: 'upload' },
      { name: 'fourth', inUse: 1 },
    ]);
    expect(names(model, { filter: 'Load' }).toSorted()).toEqual(['loadOrders', 'other', 'third']);
  });
});

test('another run of the program counts anew', () => {
  const model = modelOf([{ name: 'load', inUse: MIB }]);
  model.update(stateOf([{ name: 'load', inUse: 3 * MIB }], 10, { run: 'second' }));
  expect(model.rows(BY_FUNCTION)).toMatchObject([{ inUse: 3 * MIB, growth: 0 }]);
  expect(model.inUse.points).toHaveLength(1);
});

test('growth is counted from now on when told to', () => {
  const model = modelOf([{ name: 'load', inUse: MIB }], [{ name: 'load', inUse: 3 * MIB }]);
  model.countGrowthFromNow();
  expect(model.totals()).toMatchObject({ growth: 0 });
  model.update(stateOf([{ name: 'load', inUse: 4 * MIB }], 20));
  expect(model.totals()).toMatchObject({ growth: MIB });
});

test('the peak of the source is preferred to the one seen here', () => {
  const model = new LiveModel();
  model.update(stateOf([{ name: 'load', inUse: MIB }], 0, { peakBytes: 9 * MIB }));
  expect(model.totals()?.peak).toEqual({ bytes: 9 * MIB, isSeenHere: false });
});

test('callers are the stacks with most in use, from the function that allocates outwards', () => {
  const model = modelOf([
    { name: 'load', inUse: 1, callers: ['small'] },
    { name: 'load', inUse: 5, callers: ['large', 'outer'] },
    { name: 'other', inUse: 9 },
  ]);
  const row = model.rows({ ...BY_FUNCTION, filter: 'load' })[0]!;
  const stacks = model.callers('function', row.key);
  expect(stacks.map(({ inUse, frames }) => [inUse, frames.map(({ name }) => name)])).toEqual([
    [5, ['load', 'large', 'outer', 'main']],
    [1, ['load', 'small', 'main']],
  ]);
  expect(stacks[0]!.frames[1]!.place).toBe('/srv/app/callers.js:5');
  expect(model.callers('function', 'unknown')).toEqual([]);
});

describe('history and sparkline', () => {
  test('keeps the last minutes', () => {
    const history = new History(60_000);
    for (let at = 0; at <= 10; at++) history.add({ atMillis: START + at * 10_000, value: at });
    expect(history.points.map(({ value }) => value)).toEqual([4, 5, 6, 7, 8, 9, 10]);
  });

  test('draws the newest at the right, from 0 or from a part of the highest', () => {
    const points = [0, 1, 2, 3].map((at) => ({ atMillis: START + at * 15_000, value: 97 + at }));
    expect(sparkline(points, { columns: 4, floor: 0 })).toBe('████');
    expect(sparkline(points, { columns: 4, floor: 0.9 })).toBe('▆▇▇█');
    expect(sparkline(points.slice(2), { columns: 4, floor: 0 })).toBe('  ██');
    expect(sparkline([{ atMillis: START, value: 0 }], { columns: 3, floor: 0 })).toBe('  ▁');
    expect(sparkline([], { columns: 3, floor: 0 })).toBe('');
  });
});
