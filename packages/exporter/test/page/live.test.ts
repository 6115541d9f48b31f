// The pure parts of the live page: URLs, answers of the server, and what the overview says first.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { durationText, pastTitle } from '../../page/basics/text.js';
import { isLine, isNear, latest, sparkPoints, stacked, valueAt } from '../../page/charts/chart-data.js';
import { partColor } from '../../page/charts/part-colors.js';
import { FIRST_STATE, formatHash, type LiveState, onTab, parseHash, TABS } from '../../page/live/hash.js';
import {
  choiceOf,
  dataFolder,
  differenceUrl,
  profileUrl,
  serverUrl,
  usualMoment,
} from '../../page/live/live-url.js';
import { readOverview } from '../../page/live/read-overview.js';
import { Restarts } from '../../page/live/restarts.js';
import { backOffSeconds, messageOf, retrySeconds } from '../../page/live/retry.js';
import { survivalIn } from '../../page/live/site-match.js';
import { findFunction, siteName, siteText } from '../../page/model/find-function.js';
import { headlineOf } from '../../page/overview/headline.js';
import { emptySubject, leakingSubject, overviewOf } from './overview-fixture.js';

const MIB = 1024 * 1024;
const NOW = 1_700_000_000_000;
const text = fc.string({ unit: 'grapheme', maxLength: 12 });

describe('the hash of the URL', () => {
  const state: fc.Arbitrary<LiveState> = fc
    .record({
      tab: fc.constantFrom(...TABS.map(([tab]) => tab)),
      component: text,
      choice: text,
      before: text,
      after: text,
      other: text,
      profile: fc.record({
        view: fc.constantFrom('flame', 'table', 'sandwich'),
        column: text,
        group: text,
        isInverted: fc.boolean(),
        isOnlyOwn: fc.boolean(),
        fn: text,
        filters: fc
          .dictionary(text, text, { maxKeys: 3, noNullPrototype: true })
          .map((all) => new Map(Object.entries(all))),
        search: text,
        zoom: text,
        order: text,
      }),
    })
    .map((any) => onTab(any as LiveState, any.tab));

  test('says all of the state', () => {
    fc.assert(
      fc.property(state, (any) => {
        expect(parseHash(formatHash(any))).toEqual(any);
      }),
    );
  });

  test('leaves defaults out, and ignores what it does not know', () => {
    expect(formatHash(FIRST_STATE)).toBe('#tab=overview');
    expect(parseHash('')).toEqual(FIRST_STATE);
    expect(parseHash('#tab=x&view=y&__proto__=1&other%')).toEqual(FIRST_STATE);
  });
});

test('the parts of resident memory have colours of their own', () => {
  const colors = Array.from({ length: 13 }, (_, at) => partColor(`part ${at}`, at));
  expect(new Set([...colors, partColor('unexplained', 13)]).size).toBe(14);
});

test('data has URLs beside the page, also behind a proxy', () => {
  const folder = dataFolder('http://127.0.0.1:6464/svc/debug/ui/?x=1#tab=flame');
  expect(folder).toBe('http://127.0.0.1:6464/svc/debug/ui/');
  expect(profileUrl(folder, choiceOf({ ...FIRST_STATE, choice: 'next10' }), 'dag/a b')).toBe(
    `${folder}profile.json?name=heap&seconds=10&component=dag%2Fa+b`,
  );
  expect(profileUrl(folder, choiceOf({ ...FIRST_STATE, choice: 'unknown' }), undefined)).toBe(
    `${folder}profile.json?name=heap`,
  );
});

test('downloads are beside the page, also behind a proxy', () => {
  expect(serverUrl('http://127.0.0.1/svc/debug/ui/', '/debug/pprof/heap')).toBe(
    'http://127.0.0.1/svc/debug/pprof/heap',
  );
});

describe('a call site', () => {
  const site = { functionName: 'load', place: 'shop/shop.js:3:1', packageName: '' };
  const fn = (name: string, file: string, line = 3) => ({ name, file, line, column: 1, kind: 0 }) as const;

  test('without a name is named by its place, as in profiles', () => {
    expect(siteName(site)).toBe('load');
    expect(siteName({ ...site, functionName: '(anonymous)' })).toBe('(anonymous shop.js:3:1)');
    expect(siteName({ ...site, functionName: '(anonymous)', place: '' })).toBe('(anonymous)');
  });

  test('is found in a profile by name and place', () => {
    const functions = [
      fn('load', '/srv/other.js'),
      fn('load', '/srv/shop/shop.js', 9),
      fn('load', '/srv/shop/shop.js'),
      fn('(anonymous shop.js:3:1)', '/srv/shop/shop.js'),
    ];
    expect(findFunction(functions, siteText(site))).toBe(2);
    expect(findFunction(functions, siteText({ ...site, functionName: '(anonymous)' }))).toBe(3);
    expect(findFunction(functions, 'load (/srv/other.js:3:1)')).toBe(0);
    expect(findFunction(functions, siteText({ ...site, place: 'shop/shop.js:5' }))).toBe(1);
    expect(findFunction(functions, siteText({ ...site, place: '' }))).toBe(0);
    expect(findFunction(functions, siteText({ ...site, place: 'hop.js:3:1' }))).toBe(-1);
    expect(findFunction(functions, '')).toBe(-1);
  });
});

test('a difference is between moments or components', () => {
  expect(differenceUrl('/', FIRST_STATE, undefined, [])).toBeUndefined();
  expect(differenceUrl('/', FIRST_STATE, undefined, [5, 9])).toBe('/diff.json?before=9&after=now');
  expect(differenceUrl('/', { ...FIRST_STATE, before: '9', after: '12' }, 'a', [5])).toBe(
    '/diff.json?before=9&after=12&component=a',
  );
  expect(differenceUrl('/', { ...FIRST_STATE, before: 'x' }, 'a', [5])).toBeUndefined();
  expect(differenceUrl('/', { ...FIRST_STATE, other: 'b' }, 'a', [5])).toBe('/diff.json?component=a&other=b');
});

test('waits as long as the server says, and ever longer without an answer', () => {
  expect(['7', '0', null, 'soon', '99999'].map(retrySeconds)).toEqual([7, 1, 5, 5, 120]);
  expect([1, 2, 3, 9].map(backOffSeconds)).toEqual([1, 2, 4, 30]);
});

test("shows the server's line, and no HTML of a proxy", () => {
  expect(messageOf('component: there is no x\nmore', 404)).toBe('component: there is no x');
  expect(messageOf('<html>', 502)).toBe('the server answers with status 502');
  expect(messageOf('', 500)).toBe('the server answers with status 500');
});

test('refuses an overview that it cannot read', () => {
  expect(() => readOverview('{')).toThrow('it is not JSON');
  expect(() => readOverview('null')).toThrow('it is not an overview of heapray');
  expect(() => readOverview('{"format":"heapray-overview","version":2}')).toThrow('version 1, not 2');
  expect(() => readOverview('{"format":"heapray-overview","version":1}')).toThrow('a part is missing');
});

describe('the headline', () => {
  test('names the leak suspect, its growth, and the time to the limit', () => {
    expect(headlineOf(leakingSubject('shop', NOW))).toEqual({
      level: 'problem',
      text: 'Leak suspect: cacheOrder (cache.js:9:1) grows by 6.0 MiB/min; heap limit in 3 h at this rate.',
      details: [],
    });
  });

  test('puts a limit that is almost reached before the suspects', () => {
    const subject = { ...leakingSubject('shop', NOW), limits: [{ name: 'cgroup', bytes: 220 * MIB }] };
    const { text: first, details } = headlineOf(subject);
    expect(first).toMatch(/^Resident memory is at \d+% of the cgroup limit of 220.0 MiB\.$/);
    expect(details[0]).toMatch(/^Leak suspect: cacheOrder/);
  });

  test('is neutral while it is too early to tell whether there is a leak', () => {
    const subject = { ...emptySubject(), leakProgress: 'window 2 of 4', leakState: 'unknown' } as const;
    expect(headlineOf(subject)).toEqual({
      level: 'unknown',
      text: 'Too early to tell whether there is a leak: window 2 of 4.',
      details: [],
    });
    expect(headlineOf({ ...subject, leakState: 'none' })).toEqual({
      level: 'ok',
      text: 'No leak suspect.',
      details: ['Leak detection: window 2 of 4.'],
    });
  });

  test('does not speak of leaks that nobody looks for', () => {
    const lines = [{ name: 'in use', unit: 'By', values: [null, 3 * MIB, null, 5 * MIB] }];
    const state = { level: 'ok', text: 'following' } as const;
    expect(headlineOf({ ...emptySubject(), state, lines, timesMillis: [0, 1000, 2000, 61_000] })).toEqual({
      level: 'ok',
      text: 'Following.',
      details: ['In use: 5.0 MiB, +2.0 MiB in 1 min.'],
    });
  });

  test('gives the state if that is not ok', () => {
    const state = { level: 'problem', text: 'the heap sampler does not run' } as const;
    expect(headlineOf({ ...emptySubject(), state }).text).toBe('The heap sampler does not run.');
  });
});

test('areas are stacked, and gaps stay gaps', () => {
  const values = [{ values: [1, null, 3] }, { values: [10, null, null] }];
  expect(stacked(values)).toEqual([
    [1, null, 3],
    [11, null, 3],
  ]);
  expect(latest([1, 2, null])).toEqual({ value: 2, at: 1 });
  expect(latest([null])).toBeUndefined();
  expect([isNear(100, 40), isNear(100, 39), isNear(0, 5)]).toEqual([true, false, false]);
});

test('values are known less often than times, and lines lead over the gaps', () => {
  const values = [null, 5, null, 10, null];
  expect([0, 2, 4].map((at) => valueAt(values, at))).toEqual([null, 5, 10]);
  expect([isLine(values), isLine([null, 5])]).toEqual([true, false]);
  expect(sparkPoints(values, 40, 10)).toBe('10,5 30,0');
  expect(sparkPoints([null], 30, 10)).toBe('');
});

test('notices another process by its ID', () => {
  const restarts = new Restarts();
  const at = (pid: number) => overviewOf([leakingSubject('shop', NOW, pid), emptySubject('none')], NOW);
  expect([restarts.update(at(7)), restarts.update(at(7))]).toEqual([[], []]);
  expect(restarts.update(at(8))).toEqual(['shop has restarted: it is now process 8, and was process 7.']);
});

test('finds the survival of a function by name and end of its path', () => {
  const { sites } = leakingSubject('shop', NOW);
  const fn = { name: 'cacheOrder', file: '/srv/app/cache.js', line: 9, column: 1, kind: 0 } as const;
  const survival = survivalIn(sites)!;
  expect(survival(fn)).toBe(0.97);
  expect(survival({ ...fn, file: '/srv/app/mycache.js' })).toBeNull();
  expect(survival({ ...fn, name: 'render' })).toBeNull();
  expect(survivalIn([])).toBeUndefined();
});

test('durations have two units at most', () => {
  expect([0, 0.4, 45, 119, 120, 3 * 3600, 3960, 100_000, 5 * 86_400, 1e9].map(durationText)).toEqual([
    '0 s',
    '0 s',
    '45 s',
    '1 min 59 s',
    '2 min',
    '3 h',
    '1 h 6 min',
    '1 d 3 h',
    '5 d',
    'over a year',
  ]);
});

test('the past is that of the last hour once there is one', () => {
  expect([[], [0], [0, 60_000], [0, 59 * 60_000]].map(pastTitle)).toEqual([
    'Since the start',
    'Since the start',
    'Since the start',
    'Last hour',
  ]);
});

test('a difference is first with about 5 minutes ago, after the first minute', () => {
  const minutes = (...all: readonly number[]) => all.map((minute) => 60_000 * minute);
  const usual = (moments: readonly number[], now: number) => usualMoment(moments, 60_000 * now);
  expect(usual(minutes(0, 1, 2, 3), 3.5)).toBe(60_000);
  expect(usual(minutes(0, 1, 2, 3, 4, 5, 6, 7, 8), 8.4)).toBe(3 * 60_000);
  expect(usual(minutes(0, 30, 60), 61)).toBe(60 * 60_000);
  expect(usual(minutes(0), 0.5)).toBe(0);
  expect(usual([], 1)).toBeUndefined();
});
