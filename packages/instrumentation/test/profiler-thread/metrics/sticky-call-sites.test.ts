import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CallSite } from '../../../src/profiler-thread/ledger/index.js';
import {
  type CallSiteView,
  PATIENCE_MILLIS,
  StickyCallSites,
} from '../../../src/profiler-thread/metrics/sticky-call-sites.js';
import { AllocatingProgram } from '../../support/allocating-program.js';
import { values } from '../../support/heap-views.js';
import { allocated, inUse, sum } from '../../support/ledger-sums.js';
import { heapOf } from '../../support/memory-sources.js';

/** Makes a program with functions of chosen sizes, and its series. */
function newSeries(maxCallSites: number) {
  const program = new AllocatingProgram();
  const series = new StickyCallSites({ maxCallSites });
  const sources = { all: [heapOf(program.ledger)] };
  return { program, series, sources, view: () => series.view(sources, program.now) };
}

/** Returns the call site of a function that has allocated. */
function siteOf({ ledger }: AllocatingProgram, functionName: string): CallSite {
  const nodes = Array.from({ length: ledger.tree.size }, (_, node) => node);
  const sites = nodes.map((node) => ledger.sites.site(ledger.sites.siteOf(node)));
  return sites.find((site) => site.functionName === functionName)!;
}

function rowsOf({ rows }: CallSiteView): Record<string, [allocated: number, retained: number]> {
  return Object.fromEntries(rows.map((row) => [row.functionName, [row.allocated, row.retained]]));
}

describe('the rows', () => {
  test('are call sites with their attributes', () => {
    const { program, view } = newSeries(5);
    program.retain('main > parse', 1000);
    program.allocate('main > parse', 500);
    expect(view().rows).toEqual([
      {
        kind: 'heap',
        thread: undefined,
        functionName: 'parse',
        file: '/app/parse.js',
        line: 1,
        column: 1,
        sharesLine: true,
        packageName: 'shop',
        packageVersion: undefined,
        component: 'api',
        allocated: 1500,
        allocations: expect.any(Number),
        retained: 1000,
        retainedByAge: [1000, 0, 0, 0, 0, 0],
        retainedObjects: expect.any(Number),
      },
    ]);
  });

  test('sum the stacks of a site', () => {
    const { program, view } = newSeries(5);
    program.retain('one > parse', 100);
    program.retain('two > parse', 200);
    expect(rowsOf(view())).toEqual({ parse: [300, 300] });
  });

  test('are the largest; the rest is one sum', () => {
    const { program, view } = newSeries(2);
    for (const [at, name] of ['a', 'b', 'c', 'd'].entries()) program.retain(name, 1000 * (at + 1));
    const { rows, other } = view();
    expect(rows.map(({ functionName }) => functionName)).toEqual(['d', 'c']);
    expect(other).toMatchObject({ allocated: 3000, retained: 3000 });
  });

  test('are ranked by what they allocate or have in use, whichever is the larger share', () => {
    const { program, view } = newSeries(2);
    program.allocate('busy', 1_000_000);
    program.retain('leak', 1000);
    program.allocate('some', 10_000);
    program.retain('little', 10);
    expect(Object.keys(rowsOf(view()))).toEqual(['leak', 'busy']);
  });

  test('are empty for an idle program', () => {
    const { rows, other } = newSeries(3).view();
    expect(rows).toEqual([]);
    expect(other).toMatchObject({ allocated: 0, retained: 0, allocations: 0, retainedObjects: 0 });
  });
});

describe('when all places are taken', () => {
  /** Fills both places with `first` and `second`. */
  function full() {
    const all = newSeries(2);
    all.program.retain('first', 4000);
    all.program.retain('second', 1000);
    all.view();
    return all;
  }

  /** Makes a view every 15 s, for a minute and a half. */
  function waitAndView({ program, view }: Pick<ReturnType<typeof full>, 'program' | 'view'>) {
    for (let at = 0; at < 6; at++) {
      program.wait(15_000);
      view();
    }
    return view();
  }

  test('a larger site replaces the smallest after a minute among the largest', () => {
    const all = full();
    const { program, view } = all;
    program.retain('third', 1001);
    expect(Object.keys(rowsOf(view()))).toEqual(['first', 'second']);
    program.wait(PATIENCE_MILLIS - 5000);
    expect(Object.keys(rowsOf(view()))).toEqual(['first', 'second']);
    expect(rowsOf(waitAndView(all))).toEqual({ first: [4000, 4000], third: [0, 1001], second: [1000, 0] });
  });

  test('a site that is large only at times does not', () => {
    const { program, view } = full();
    // Large enough to make the others' share negligible.
    program.allocate('first', 1e9);
    for (let at = 0; at < 20; at++) {
      program.retain('third', at % 2 === 0 ? 1001 : 999);
      program.wait(PATIENCE_MILLIS / 2);
      expect(Object.keys(rowsOf(view()))).toEqual(['first', 'second']);
    }
  });

  test('a leak suspect gets a series at once, however small it is', () => {
    const { program, series, sources } = full();
    program.retain('third', 10);
    const { rows } = series.view(sources, program.now, [siteOf(program, 'third')]);
    expect(rowsOf({ rows, other: values(0) })).toEqual({
      first: [4000, 4000],
      third: [10, 10],
      second: [1000, 0],
    });
  });

  test('a replaced site that returns continues from its last counts', () => {
    const all = full();
    const { program, view } = all;
    program.retain('third', 9000);
    waitAndView(all);
    program.retain('second', 20_000);
    const before = view();
    expect(rowsOf(before).second).toEqual([1000, 0]);
    const after = waitAndView(all);
    expect(rowsOf(after)).toEqual({ third: [0, 9000], second: [1000, 20_000], first: [4000, 0] });
    expect(after.other).toMatchObject({ allocated: 9000 + 20_000, retained: 4000 });
    program.allocate('second', 7);
    expect(rowsOf(view()).second?.[0]).toBe(1007);
  });

  test('sites are replaced at any time, until twenty sites per place have had a series', () => {
    const all = newSeries(2);
    const { program, view, series, sources } = all;
    for (let at = 1; at <= 60; at++) {
      program.retain(`f${at}`, 4000 + at);
      program.retain(`f${at - 2}`, 0);
      const { rows } = waitAndView(all);
      const held = rows.filter(({ retained }) => retained > 0).map(({ functionName }) => functionName);
      expect(rows.length).toBeLessThanOrEqual(40);
      if (at > 1 && at <= 40) expect(held.sort()).toEqual([`f${at - 1}`, `f${at}`].sort());
    }
    expect(series.refused).toBe(20);
    // Sites with a series can get it back.
    program.retain('f1', 1e6);
    expect(rowsOf(waitAndView(all)).f1?.[1]).toBe(1e6);
    // A suspect gets one anyway.
    program.retain('leak', 1);
    const suspects = [siteOf(program, 'leak')];
    const { rows } = series.view(sources, program.now, suspects);
    expect(rows.map(({ functionName }) => functionName)).toContain('leak');
    expect(view().rows.length).toBe(41);
  });
});

const names = Array.from({ length: 12 }, (_, at) => `f${at}`);
const steps = fc.array(
  fc.record({
    name: fc.constantFrom(...names),
    act: fc.constantFrom('allocate', 'retain', 'free', 'look', 'wait' as const),
    // Odd sizes cause rounding errors when doubles are added and subtracted.
    bytes: fc.double({ min: 1, max: 1e9, noNaN: true }),
  }),
  { minLength: 1, maxLength: 120 },
);

test('series add up, counters never decrease, and places are few, for any program', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 4 }), (program, maxCallSites) => {
      const { program: running, view } = newSeries(maxCallSites);
      let before = new Map<string, { allocated: number; allocations: number }>();
      for (const { name, act, bytes } of program) {
        if (act === 'allocate') running.allocate(name, bytes);
        else if (act === 'retain') running.retain(name, bytes);
        else if (act === 'free') running.retain(name, 0);
        else if (act === 'wait') running.wait(PATIENCE_MILLIS);
        const { rows, other } = view();
        const all = [...rows, other];
        const total = (of: (row: (typeof all)[number]) => number) => all.reduce((s, row) => s + of(row), 0);
        expect(total((row) => row.allocated)).toBeCloseTo(sum(allocated(running.ledger)), 3);
        expect(total((row) => row.retained)).toBeCloseTo(sum(inUse(running.ledger)), 3);
        expect(total((row) => row.retainedByAge.reduce((s, age) => s + age, 0))).toBeCloseTo(
          sum(inUse(running.ledger)),
          3,
        );
        for (const row of all) expect(Math.min(row.retained, ...row.retainedByAge)).toBeGreaterThanOrEqual(0);
        const now = new Map(rows.map((row) => [row.functionName ?? '', row]));
        const after = new Map<string, { allocated: number; allocations: number }>([...now, ['other', other]]);
        for (const [series, counters] of before) {
          expect(after.get(series)?.allocated).toBeGreaterThanOrEqual(counters.allocated);
          expect(after.get(series)?.allocations).toBeGreaterThanOrEqual(counters.allocations);
        }
        before = after;
        expect(after.size - 1).toBe(rows.length);
        expect(rows.length).toBeLessThanOrEqual(20 * maxCallSites);
      }
    }),
    { seed: 3, numRuns: 150 },
  );
});
