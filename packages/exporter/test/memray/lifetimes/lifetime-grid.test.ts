import { expect, test } from 'vitest';
import { LifetimeGrid } from '../../../src/memray/lifetimes/lifetime-grid.js';

function sumOf(grid: LifetimeGrid): { cells: number; alive: number; ended: number; count: number } {
  const sum = { cells: 0, alive: 0, ended: 0, count: 0 };
  grid.forEach((_, _birth, death, bytes, count) => {
    sum.cells += 1;
    sum[death < 0 ? 'alive' : 'ended'] += bytes;
    sum.count += count;
  });
  return sum;
}

test('sums windows when there are too many cells', () => {
  const grid = new LifetimeGrid(8, 100, 60);
  for (let site = 1; site <= 20; site += 1) {
    for (let at = 0; at < 8; at += 1) {
      grid.born(site, at * 100, 10, 1);
      if (at % 2 === 0) grid.ended(site, at * 100, at * 100 + 50, 10, 1);
    }
  }
  const { cells, ...sum } = sumOf(grid);
  expect(sum).toEqual({ alive: 800, ended: 800, count: 160 });
  expect(cells).toBeLessThanOrEqual(60);
  expect([grid.windowCount, grid.widthMillis, grid.summed]).toEqual([1, 800, 8]);
});

test('has a cell for each site in one window, however many there are', () => {
  const grid = new LifetimeGrid(4, 100, 10);
  for (let site = 1; site <= 50; site += 1) grid.born(site, 0, 1, 1);
  expect(sumOf(grid)).toMatchObject({ cells: 50, count: 50 });
  expect(grid.summed).toBe(1);
});
