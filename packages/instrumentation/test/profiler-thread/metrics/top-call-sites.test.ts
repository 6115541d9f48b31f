import { describe, expect, test } from 'vitest';
import { TopCallSites, type TopCallSitesView } from '../../../src/profiler-thread/metrics/top-call-sites.js';
import { AllocatingProgram } from '../../support/allocating-program.js';
import { heapOf } from '../../support/memory-sources.js';

/**
 * Makes a program with functions of chosen sizes, and a producer's view of it; views are one second apart.
 */
function newTop(maxCallSites: number) {
  const program = new AllocatingProgram();
  const top = new TopCallSites({ maxCallSites, groupBy: 'function' });
  const source = heapOf(program.ledger);
  let epoch = 0;
  const view = () => {
    epoch += 1000;
    return top.view({ all: [source] }, program.now, epoch);
  };
  return { program, view };
}

function rowsOf({ rows }: TopCallSitesView): Record<string, [allocated: number, retained: number]> {
  return Object.fromEntries(rows.map((row) => [row.functionName, [row.allocated, row.retained]]));
}

test('the rows are exactly the largest at each view', () => {
  const { program, view } = newTop(2);
  program.retain('a', 4000);
  program.retain('b', 1000);
  program.retain('c', 999);
  expect(Object.keys(rowsOf(view()))).toEqual(['a', 'b']);
  program.retain('c', 1100);
  program.retain('b', 0);
  expect(Object.keys(rowsOf(view()))).toEqual(['a', 'c']);
});

test('a site of the same size does not replace another', () => {
  const { program, view } = newTop(2);
  // Large enough to make the others' share negligible.
  program.allocate('busy', 1e9);
  program.retain('a', 1000);
  view();
  program.retain('b', 1000);
  expect(Object.keys(rowsOf(view()))).toEqual(['busy', 'a']);
});

describe('a site that allocates no more and has nothing in use', () => {
  test('is replaced by smaller ones after some minutes', () => {
    const { program, view } = newTop(1);
    program.allocate('start', 1_000_000);
    program.allocate('serve', 1000);
    expect(Object.keys(rowsOf(view()))).toEqual(['start']);
    for (let minute = 0; minute < 60; minute++) {
      program.wait(60_000);
      program.allocate('serve', 1000);
      view();
    }
    expect(Object.keys(rowsOf(view()))).toEqual(['serve']);
  });

  test('is eventually dropped even if there is room', () => {
    const { program, view } = newTop(9);
    program.allocate('start', 1000);
    program.retain('serve', 1000);
    expect(Object.keys(rowsOf(view())).sort()).toEqual(['serve', 'start']);
    program.wait(8 * 3_600_000);
    program.retain('serve', 1000);
    const { rows, dropped } = view();
    expect(rows.map(({ functionName }) => functionName)).toEqual(['serve']);
    expect(dropped.allocated).toBe(1000);
  });

  test('keeps its place as long as it has something in use', () => {
    const { program, view } = newTop(9);
    program.retain('start', 1);
    view();
    program.wait(8 * 3_600_000);
    program.retain('serve', 1000);
    expect(Object.keys(rowsOf(view())).sort()).toEqual(['serve', 'start']);
  });
});

describe('counters', () => {
  /** One place, in which `b` has replaced `a`. */
  function replaced() {
    const all = newTop(1);
    all.program.retain('a', 1000);
    all.program.retain('b', 900);
    all.view();
    all.program.retain('b', 3000);
    return { ...all, second: all.view() };
  }

  test('of a new row continue from its part in the rest', () => {
    const { second } = replaced();
    expect(rowsOf(second)).toEqual({ b: [3000, 3000] });
    expect(second.other).toMatchObject({ allocated: 900, retained: 1000 });
  });

  test('of a replaced row are in the dropped, not in the rest', () => {
    const { second } = replaced();
    expect(second.dropped.allocated).toBe(1000);
  });

  test('of a returning row restart', () => {
    const { program, view } = replaced();
    program.retain('a', 7000);
    const { rows, other, dropped } = view();
    expect(rows).toMatchObject([{ functionName: 'a', allocated: 7000, retained: 7000 }]);
    expect(dropped.allocated).toBe(1000 + 3000);
    expect(other).toMatchObject({ allocated: 900, retained: 3000 });
  });

  test('begin with profiling, or with the previous view', () => {
    const { program, view, second } = replaced();
    expect(second.rows.map(({ sinceMillis }) => sinceMillis)).toEqual([1000]);
    program.retain('a', 7000);
    expect(view().rows.map(({ sinceMillis }) => sinceMillis)).toEqual([2000]);
    const first = newTop(1);
    first.program.retain('a', 1);
    expect(first.view().rows.map(({ sinceMillis }) => sinceMillis)).toEqual([undefined]);
  });
});
