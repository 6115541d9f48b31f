import { describe, expect, test } from 'vitest';
import { MemoryHistory, type MemoryMoment } from '../../../src/profiler-thread/history/memory-history.js';
import { SiteHistory } from '../../../src/profiler-thread/history/site-history.js';

const NOTHING: MemoryMoment = {
  epochMillis: 0,
  resident: undefined,
  heapUsedBytes: undefined,
  allocatedBytes: 0,
  pollMillis: undefined,
  cpuMillis: 0,
  inUse: undefined,
  sites: [],
};

describe('the history of a process', () => {
  test('keeps the newest moments in order', () => {
    const history = new MemoryHistory(3);
    expect(history.timesMillis).toEqual([]);
    for (const at of [1, 2, 3, 4, 5]) history.add({ ...NOTHING, epochMillis: at, heapUsedBytes: 10 * at });
    expect(history.timesMillis).toEqual([3, 4, 5]);
    expect(history.heapUsed).toEqual([30, 40, 50]);
  });

  test('has no value for what was not known, and no series for what never was', () => {
    const history = new MemoryHistory(3);
    history.add({ ...NOTHING, resident: { heap: 6, unexplained: -1 }, heapUsedBytes: 0 });
    history.add(NOTHING);
    expect(history.resident).toEqual([
      { part: 'heap', values: [6, null] },
      { part: 'unexplained', values: [-1, null] },
    ]);
    expect(history.heapUsed).toEqual([0, null]);
    expect(history.ages).toEqual([]);
  });

  test('keeps parts of resident memory to the byte', () => {
    const history = new MemoryHistory(2);
    const resident = { heap: 2 ** 40 + 1, code: 3, stack: 4_097, unexplained: -(2 ** 33) - 7 };
    history.add({ ...NOTHING, resident });
    expect(Object.fromEntries(history.resident.map(({ part, values }) => [part, values[0]]))).toEqual(
      resident,
    );
  });

  test('measures the rate of allocation between polls only', () => {
    const history = new MemoryHistory();
    const add = (pollMillis: number | undefined, allocatedBytes: number) =>
      history.add({ ...NOTHING, pollMillis, allocatedBytes });
    add(1_000, 100);
    add(3_000, 500);
    add(3_000, 500);
    add(5_000, 500);
    add(undefined, 500);
    add(9_000, 900);
    expect(history.allocationRate).toEqual([null, 200, null, 0, null, null]);
  });

  test('measures the cost of profiling over its whole time', () => {
    const history = new MemoryHistory(2);
    history.add({ ...NOTHING, epochMillis: 0, cpuMillis: 900 });
    expect(history.cpuShare).toBeUndefined();
    history.add({ ...NOTHING, epochMillis: 1_000, cpuMillis: 1_000 });
    history.add({ ...NOTHING, epochMillis: 3_000, cpuMillis: 1_010 });
    expect(history.cpuShare).toBe(0.005);
  });
});

describe('the history of call sites', () => {
  test('keeps the largest from their first moment on', () => {
    const history = new SiteHistory(3);
    history.add(new Map([[7, 70]]), []);
    history.add(undefined, []);
    history.add(new Map([[8, 80]]), []);
    history.add(new Map([[7, 71]]), []);
    expect(history.values(7)).toEqual([null, 0, 71]);
    expect(history.values(8)).toEqual([null, 80, 0]);
    expect(history.values(9)).toBeUndefined();
  });

  test('keeps small ones that are asked for, and drops the smallest of the others', () => {
    const history = new SiteHistory(2);
    const many = (from: number) => new Map(Array.from({ length: 100 }, (_, at) => [from + at, 1_000 - at]));
    history.add(new Map([...many(0), [999, 1]]), [999]);
    for (let from = 100; from <= 1_000; from += 100) history.add(new Map([...many(from), [999, 2]]), [999]);
    expect(history.values(999)).toEqual([2, 2]);
    expect(history.values(1_000)).toEqual([null, 1_000]);
    expect(history.values(0)).toBeUndefined();
  });

  test('gives a reused slot no values of the call site before', () => {
    const history = new SiteHistory(4);
    const among = (site: number) =>
      new Map([...Array.from({ length: 24 }, (_, at): [number, number] => [at, 10]), [site, 100]]);
    for (let site = 100; site < 140; site++) {
      history.add(among(site), []);
      expect(history.values(site)!.filter((value) => value !== null)).toEqual([100]);
    }
  });
});
