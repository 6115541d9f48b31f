import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  RecentAllocation,
  type SiteAmounts,
  type SiteReading,
  StickySites,
  TopSites,
} from '../../src/call-sites/index.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A program whose sites allocate and hold bytes. */
class Program {
  readonly #sites = new Map<string, SiteAmounts>();
  #total: SiteAmounts = { counters: [0, 0], gauges: [0] };

  /** The site allocates bytes, and holds `held` bytes from now on. */
  change(site: string, allocated: number, held: number): void {
    const { counters, gauges } = this.#sites.get(site) ?? { counters: [0, 0], gauges: [0] };
    this.#sites.set(site, { counters: added(counters, allocated, 1), gauges: [held] });
    const [all = 0] = this.#total.gauges;
    this.#total = {
      counters: added(this.#total.counters, allocated, 1),
      gauges: [Math.max(0, all + held - (gauges[0] ?? 0))],
    };
  }

  read(): SiteReading<string> {
    return { sites: new Map(this.#sites), total: this.#total };
  }
}

function added(values: readonly number[], ...more: readonly number[]): readonly number[] {
  return values.map((value, at) => value + (more[at] ?? 0));
}

/** Ranks sites by their share of the bytes held. */
function ranking(reading: SiteReading<string>, pinned: readonly string[] = []) {
  const weightOf = (site: string) =>
    (reading.sites.get(site)?.gauges[0] ?? 0) / (reading.total.gauges[0] || 1);
  return { weightOf, pinned };
}

function newTop(maxSites: number, continues = false) {
  const program = new Program();
  const top = new TopSites<string>({ maxSites, continues });
  let now = 0;
  const view = (...pinned: string[]) => {
    const reading = program.read();
    now += 1000;
    return top.view(reading, ranking(reading, pinned), now);
  };
  return { program, view };
}

const sitesOf = ({ rows }: { readonly rows: readonly { readonly site: string }[] }) =>
  rows.map(({ site }) => site);

describe('the exact top N', () => {
  test('has the largest sites of the moment, and no others', () => {
    const { program, view } = newTop(2);
    program.change('a', 4, 4);
    program.change('b', 2, 2);
    program.change('c', 1, 1);
    expect(sitesOf(view())).toEqual(['a', 'b']);
    program.change('c', 2, 3);
    expect(sitesOf(view())).toEqual(['a', 'c']);
  });

  test('starts with the pinned sites that exist', () => {
    const { program, view } = newTop(2);
    for (const [at, site] of ['a', 'b', 'c'].entries()) program.change(site, 9, 9 - at);
    expect(sitesOf(view('unknown', 'c'))).toEqual(['c', 'a']);
    expect(sitesOf(view('c', 'b', 'a'))).toEqual(['c', 'b']);
  });

  test('keeps counters consistent: a new series starts at 0, and `dropped` has those of removed series', () => {
    const { program, view } = newTop(1);
    program.change('a', 100, 10);
    program.change('b', 50, 5);
    view();
    program.change('b', 7, 20);
    const second = view();
    expect(second.rows).toEqual([{ site: 'b', counters: [7, 1], gauges: [20], sinceMillis: 1000 }]);
    expect(second.other).toEqual({ counters: [50, 1], gauges: [10] });
    expect(second.dropped).toEqual([100, 1]);
  });

  test('counts from 0 again when a site returns', () => {
    const { program, view } = replacedAndBack(false);
    expect(view().rows).toEqual([{ site: 'a', counters: [30, 1], gauges: [40], sinceMillis: 2000 }]);
    expect(program.read().total.counters).toEqual([187, 4]);
  });

  test('continues a series when its site returns to a reader that does not know when it began', () => {
    const { view } = replacedAndBack(true);
    const { rows, other, dropped } = view();
    expect(rows).toEqual([{ site: 'a', counters: [130, 2], gauges: [40], sinceMillis: undefined }]);
    expect(other.counters).toEqual([50, 1]);
    expect(dropped).toEqual([7, 1]);
  });

  /** One place: `b` has replaced `a`, which returns in the next view. */
  function replacedAndBack(continues: boolean) {
    const { program, view } = newTop(1, continues);
    program.change('a', 100, 10);
    program.change('b', 50, 5);
    view();
    program.change('b', 7, 20);
    view();
    program.change('a', 30, 40);
    return { program, view };
  }
});

describe('the sticky top N', () => {
  const options = { maxSites: 2, maxSitesEver: 4, patienceMillis: MINUTE };

  function newSticky() {
    const program = new Program();
    const sticky = new StickySites<string>(options);
    const view = (atMillis: number, ...pinned: string[]) => {
      const reading = program.read();
      return sticky.view(reading, ranking(reading, pinned), atMillis);
    };
    return { program, view };
  }

  test('gives free places to the largest sites', () => {
    const { program, view } = newSticky();
    program.change('a', 1, 1);
    expect(sitesOf(view(0))).toEqual(['a']);
    program.change('b', 2, 2);
    program.change('c', 3, 3);
    expect(sitesOf(view(1))).toEqual(['a', 'c']);
  });

  test('permanently refuses sites beyond the limit, except pinned ones', () => {
    const { program, view } = newSticky();
    for (let at = 0; at < 6; at++) {
      program.change(`f${at}`, 1, at + 1);
      view(2 * at * MINUTE);
      view((2 * at + 1) * MINUTE);
    }
    const full = view(20 * MINUTE);
    expect(sitesOf(full).sort()).toEqual(['f0', 'f1', 'f2', 'f3']);
    expect(full.refused).toBe(2);
    expect(sitesOf(view(21 * MINUTE, 'f5'))).toContain('f5');
  });

  test('does not take the place of a site that is one of the largest', () => {
    const { program, view } = newSticky();
    program.change('a', 1, 9);
    program.change('b', 1, 3);
    view(0);
    program.change('c', 1, 4);
    view(1);
    const { rows, other } = view(MINUTE + 1);
    expect(rows).toEqual([
      { site: 'a', counters: [1, 1], gauges: [9] },
      { site: 'c', counters: [0, 0], gauges: [4] },
      { site: 'b', counters: [1, 1], gauges: [0] },
    ]);
    expect(other).toEqual({ counters: [1, 1], gauges: [3] });
  });
});

/** Returns a generator of repeatable random numbers. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Thirty days of a program whose sites change: each hour others hold the most. */
function* thirtyDays(program: Program, sites: number): Generator<number> {
  const next = random(7);
  const held = new Map<string, number>();
  for (let minute = 0; minute < 30 * 24 * 60; minute += minute % 60 < 4 ? 2 : 56) {
    if (minute % 60 === 0) {
      for (const site of held.keys()) program.change(site, 0, 0);
      held.clear();
      for (let at = 0; at < 12; at++) held.set(`f${Math.floor(next() * sites)}`, 1 + next() * 1e6);
      for (const [site, bytes] of held) program.change(site, bytes, bytes);
    } else program.change('busy', 1000, 1);
    yield minute * MINUTE;
  }
}

test('in thirty days of change, every site among the N largest for two minutes has a series', () => {
  const SITES = 150;
  const N = 10;
  const program = new Program();
  const exact = new TopSites<string>({ maxSites: N });
  const sticky = new StickySites<string>({ maxSites: N, maxSitesEver: 200, patienceMillis: MINUTE });
  let before = new Set<string>();
  const everShown = new Set<string>();
  let missed = 0;
  for (const now of thirtyDays(program, SITES)) {
    const reading = program.read();
    const { rows } = exact.view(reading, ranking(reading), now);
    const largest = new Set(sitesOf({ rows }));
    const { rows: shown, refused } = sticky.view(reading, ranking(reading), now);
    const live = new Set(shown.filter(({ gauges }) => (gauges[0] ?? 0) > 0).map(({ site }) => site));
    for (const site of largest) if (before.has(site) && !live.has(site)) missed++;
    for (const { site } of shown) everShown.add(site);
    expect(rows.length).toBeLessThanOrEqual(N);
    expect(refused).toBe(0);
    before = largest;
  }
  expect(missed).toBe(0);
  expect(everShown.size).toBeGreaterThan(100);
  expect(everShown.size).toBeLessThanOrEqual(SITES + 1);
});

test('in thirty days of new sites, the exact top N stays exact, and the sticky one stays bounded', () => {
  const program = new Program();
  const exact = new TopSites<string>({ maxSites: 10 });
  const sticky = new StickySites<string>({ maxSites: 10, maxSitesEver: 200, patienceMillis: MINUTE });
  let refusals = 0;
  for (const now of thirtyDays(program, 1e9)) {
    const reading = program.read();
    const { rows, other, dropped } = exact.view(reading, ranking(reading), now);
    expect(rows.length).toBeLessThanOrEqual(10);
    const counted = rows.reduce((sum, { counters }) => sum + (counters[0] ?? 0), 0);
    const total = reading.total.counters[0] ?? 0;
    expect(Math.abs(counted + (other.counters[0] ?? 0) + (dropped[0] ?? 0) - total)).toBeLessThan(
      1e-6 * total,
    );
    const view = sticky.view(reading, ranking(reading), now);
    expect(view.rows.length).toBeLessThanOrEqual(200);
    refusals = view.refused;
  }
  expect(refusals).toBeGreaterThan(1000);
});

const step = fc.record({
  site: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  allocated: fc.double({ min: 0, max: 1e9, noNaN: true }),
  held: fc.double({ min: 0, max: 1e9, noNaN: true }),
  pinned: fc.subarray(['a', 'f']),
  waitMillis: fc.constantFrom(1, MINUTE / 2, MINUTE, DAY),
});

test('for any changes, both add up to the total and no counter decreases', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (steps, maxSites) => {
      const program = new Program();
      const exact = new TopSites<string>({ maxSites });
      const continuing = new TopSites<string>({ maxSites, continues: true });
      const sticky = new StickySites<string>({ maxSites, maxSitesEver: 5, patienceMillis: MINUTE });
      let now = 0;
      let stickyBefore = new Map<string, readonly number[]>();
      let exactBefore = new Map<string, readonly number[]>();
      let continuingBefore: ReadonlyMap<string, readonly number[]> = new Map();
      for (const { site, allocated, held, pinned, waitMillis } of steps) {
        program.change(site, allocated, held);
        now += waitMillis;
        const reading = program.read();
        const rank = ranking(reading, pinned);
        const one = exact.view(reading, rank, now);
        const two = sticky.view(reading, rank, now);
        expectSums(reading, [...one.rows, one.other, { counters: one.dropped, gauges: [] }]);
        expectSums(reading, [...two.rows, two.other]);
        const three = continuing.view(reading, rank, now);
        expectSums(reading, [...three.rows, three.other, { counters: three.dropped, gauges: [] }]);
        // Compared with the last view of each series, however long ago.
        const next = expectNoStepBack(continuingBefore, [...three.rows, { site: 'other', ...three.other }]);
        continuingBefore = new Map([...continuingBefore, ...next]);
        // A series that is gone starts again; all others continue.
        exactBefore = expectNoStepBack(exactBefore, [...one.rows, { site: 'other', ...one.other }]);
        expect(two.rows.length).toBeGreaterThanOrEqual(stickyBefore.size - 1);
        stickyBefore = expectNoStepBack(stickyBefore, [...two.rows, { site: 'other', ...two.other }]);
      }
    }),
    { seed: 5, numRuns: 300 },
  );
});

function expectSums({ total }: SiteReading<string>, parts: readonly SiteAmounts[]): void {
  for (const of of ['counters', 'gauges'] as const) {
    for (const [at, wanted] of total[of].entries()) {
      const sum = parts.reduce((all, part) => all + (part[of][at] ?? 0), 0);
      expect(Math.abs(sum - wanted)).toBeLessThanOrEqual(1e-6 + 1e-9 * wanted);
      for (const part of parts) expect(part[of][at] ?? 0).toBeGreaterThanOrEqual(0);
    }
  }
}

function expectNoStepBack(
  before: ReadonlyMap<string, readonly number[]>,
  rows: readonly (SiteAmounts & { readonly site: string })[],
): Map<string, readonly number[]> {
  for (const { site, counters } of rows) {
    const last = before.get(site) ?? [];
    for (const [at, value] of counters.entries()) expect(value).toBeGreaterThanOrEqual(last[at] ?? 0);
  }
  return new Map(rows.map(({ site, counters }) => [site, counters]));
}

test('allocated bytes count half after five minutes', () => {
  const program = new Program();
  const recent = new RecentAllocation<string>();
  program.change('a', 1000, 0);
  recent.observe(program.read(), 0);
  expect(recent.share('a')).toBe(1);
  program.change('b', 500, 0);
  recent.observe(program.read(), 5 * MINUTE);
  expect(recent.share('a')).toBeCloseTo(0.5, 9);
  expect(recent.share('b')).toBeCloseTo(0.5, 9);
  program.change('b', 500, 0);
  recent.observe(program.read(), DAY);
  expect(recent.share('a')).toBe(0);
});

test('a site that is gone has no share of recent allocation', () => {
  const program = new Program();
  const recent = new RecentAllocation<string>();
  program.change('a', 1000, 0);
  recent.observe(program.read(), 0);
  recent.observe(new Program().read(), 1);
  expect(recent.share('a')).toBe(0);
});

test('the number of refused sites does not fall when they are gone', () => {
  const program = new Program();
  const sticky = new StickySites<string>({ maxSites: 1, maxSitesEver: 1, patienceMillis: 0 });
  const view = (of: Program) => {
    const reading = of.read();
    return sticky.view(reading, ranking(reading), 1);
  };
  program.change('a', 1, 1);
  view(program);
  program.change('b', 1, 2);
  expect(view(program).refused).toBe(1);
  expect(view(new Program()).refused).toBe(1);
});
