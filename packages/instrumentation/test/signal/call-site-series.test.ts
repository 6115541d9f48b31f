import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CallSiteSeries, type CallSiteView } from '../../src/signal/call-site-series.js';
import { AllocatingProgram } from '../support/allocating-program.js';
import { allocated, inUse, sum } from '../support/ledger-sums.js';

/** A program whose functions were chosen by their sizes, and what metrics say of it. */
function newSeries(maxCallSites: number) {
  const program = new AllocatingProgram();
  const series = new CallSiteSeries({ maxCallSites });
  return { program, view: () => series.view(program.ledger, program.now) };
}

function rowsOf({ rows }: CallSiteView): Record<string, [allocated: number, retained: number]> {
  return Object.fromEntries(rows.map((row) => [row.functionName, [row.allocated, row.retained]]));
}

describe('the rows', () => {
  test('are call sites with what is known of them', () => {
    const { program, view } = newSeries(5);
    program.retain('main > parse', 1000);
    program.allocate('main > parse', 500);
    expect(view().rows).toEqual([
      {
        functionName: 'parse',
        file: '/app/parse.js',
        shortFile: '/app/parse.js',
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

  test('are the largest, the rest is one sum', () => {
    const { program, view } = newSeries(2);
    for (const [at, name] of ['a', 'b', 'c', 'd'].entries()) program.retain(name, 1000 * (at + 1));
    const { rows, other } = view();
    expect(rows.map(({ functionName }) => functionName)).toEqual(['d', 'c']);
    expect(other).toMatchObject({ allocated: 3000, retained: 3000 });
  });

  test('matter for what they allocate or for what they retain, whichever is the larger share', () => {
    const { program, view } = newSeries(2);
    program.allocate('busy', 1_000_000);
    program.retain('leak', 1000);
    program.allocate('some', 10_000);
    program.retain('little', 10);
    expect(Object.keys(rowsOf(view()))).toEqual(['leak', 'busy']);
  });

  test('of an idle program are none', () => {
    const { rows, other } = newSeries(3).view();
    expect(rows).toEqual([]);
    expect(other).toMatchObject({ allocated: 0, retained: 0, allocations: 0, retainedObjects: 0 });
  });
});

describe('once all places are taken', () => {
  /** Both places are taken by `first` and `second`. */
  function full() {
    const all = newSeries(2);
    all.program.retain('first', 4000);
    all.program.retain('second', 1000);
    all.view();
    return all;
  }

  test('a larger site does not displace the smallest', () => {
    const { program, view } = full();
    program.retain('third', 1999);
    const { rows, other } = view();
    expect(rows.map(({ functionName }) => functionName)).toEqual(['first', 'second']);
    expect(other).toMatchObject({ allocated: 1999, retained: 1999 });
  });

  test('one twice as large does: the other stands still and retains nothing', () => {
    const { program, view } = full();
    program.retain('third', 2000);
    expect(rowsOf(view())).toEqual({ first: [4000, 4000], third: [2000, 2000], second: [1000, 0] });
    program.retain('second', 5000);
    const later = view();
    expect(rowsOf(later)).toEqual({ first: [4000, 4000], third: [2000, 2000], second: [1000, 0] });
    expect(later.other).toMatchObject({ allocated: 5000, retained: 5000 });
  });

  test('several take the places of as many, the smallest first', () => {
    const { program, view } = full();
    program.retain('third', 20_000);
    program.retain('fourth', 3000);
    expect(rowsOf(view())).toEqual({
      third: [20_000, 20_000],
      first: [4000, 4000],
      second: [1000, 0],
    });
    program.retain('fifth', 9000);
    expect(Object.keys(rowsOf(view())).sort()).toEqual(['fifth', 'first', 'second', 'third']);
  });

  test('a newcomer leaves in the rest what the rest has said of it before', () => {
    const { program, view } = full();
    program.retain('third', 1500);
    expect(view().other.allocated).toBe(1500);
    program.allocate('third', 700);
    program.retain('third', 9000);
    const { rows, other } = view();
    expect(rowsOf({ rows, other }).third).toEqual([9700, 9000]);
    expect(other).toMatchObject({ allocated: 1500, retained: 1000 });
  });

  test('no more sites are ever displaced than have a place', () => {
    const { program, view } = full();
    for (let at = 1; at <= 20; at++) {
      program.retain(`f${at}`, 4000 * 3 ** at);
      expect(view().rows.length).toBeLessThanOrEqual(4);
    }
    expect(Object.keys(rowsOf(view())).sort()).toEqual(['f1', 'f2', 'first', 'second']);
  });
});

const names = Array.from({ length: 12 }, (_, at) => `f${at}`);
const steps = fc.array(
  fc.record({
    name: fc.constantFrom(...names),
    act: fc.constantFrom('allocate', 'retain', 'free', 'look' as const),
    // Odd sizes leave dust behind when doubles are added and subtracted.
    bytes: fc.double({ min: 1, max: 1e9, noNaN: true }),
  }),
  { minLength: 1, maxLength: 120 },
);

test('whatever a program does, series add up, counters never decrease, and places are few', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 4 }), (program, maxCallSites) => {
      const { program: running, view } = newSeries(maxCallSites);
      let before = new Map<string, { allocated: number; allocations: number }>();
      for (const { name, act, bytes } of program) {
        if (act === 'allocate') running.allocate(name, bytes);
        else if (act === 'retain') running.retain(name, bytes);
        else if (act === 'free') running.retain(name, 0);
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
        expect(rows.length).toBeLessThanOrEqual(2 * maxCallSites);
      }
    }),
    { seed: 3, numRuns: 150 },
  );
});
