import { describe, expect, test } from 'vitest';
import { SurvivalTracker } from '../../../src/profiler-thread/history/survival.js';
import type { LeakProgress } from '../../../src/profiler-thread/leaks/suspect-rules.js';
import { textView } from '../../../src/profiler-thread/profiles/index.js';
import { heapOf } from '../../support/memory-sources.js';
import { FakeHeap } from '../leaks/fake-heap.js';

const MINUTE = 60_000;

const newHeap = () => new FakeHeap({ shortFileOf: (file) => file.slice('/srv/'.length) });

/** Returns the text of a heap that kept a part of what it allocated ten minutes ago. */
function shown(
  {
    knowsSurvival = true,
    ...options
  }: Partial<Parameters<typeof textView>[1]> & { knowsSurvival?: boolean } = {},
  heap = newHeap(),
) {
  const survival = new SurvivalTracker();
  survival.observe(heap.ledger, heap.now);
  const free = heap.allocate('load', 6);
  heap.allocate('load', 2);
  heap.allocate('keep', 16);
  heap.read(MINUTE);
  survival.observe(heap.ledger, heap.now);
  free();
  heap.read(9 * MINUTE + MINUTE / 2);
  const known = knowsSurvival ? survival.survival(heap.ledger, heap.now, 10 * MINUTE) : undefined;
  const text = textView([{ ...heapOf(heap.ledger), survival: known }], {
    samplingInterval: heap.samplingInterval,
    mode: 'binding',
    column: 'inuse_space',
    atMillis: heap.now,
    leakMessages: [],
    progress: { windows: 3, neededWindows: 11, closedMillis: heap.now - 40_000, undecidedSites: 1 },
    survivalMillis: 10 * MINUTE,
    ...options,
  });
  return text.split('\n');
}

describe('the heap as text', () => {
  test('has a row for each call site, with its survival, and their sum', () => {
    expect(shown()).toEqual(
      [
        'heapray: sampled every 1024 bytes on average (mode binding); all values are estimates',
        'a function includes those that V8 has inlined into it',
        'in use is what is likely to be reachable; 0 B more are shown and not collected yet',
        '',
        'No leak suspects yet: window 3 of 11, last closed 40 s ago, no major collection observed yet, ' +
          '1 growing call site is undecided until the next major collection.',
        '',
        'in use  over 1 min  allocated  alive of 10 min ago  call site',
        '18 KiB      18 KiB     24 KiB                       total',
        '16 KiB      16 KiB     16 KiB                100 %  keep shop.js:2:2  shop  api',
        '2.0 KiB     2.0 KiB    8.0 KiB                 25 %  load shop.js:2:2  shop  api',
        '',
      ].map((line) => expect.stringMatching(spaced(line))),
    );
  });

  test('does not guess survival', () => {
    const lines = shown({ knowsSurvival: false });
    expect(lines.filter((line) => / - {2}(?:keep|load) /.test(line))).toHaveLength(2);
  });

  test('says whether there are enough windows to tell, and why they began again', () => {
    const enough = { windows: 11, neededWindows: 11, closedMillis: undefined, undecidedSites: 0 };
    const lineOf = (progress: LeakProgress) => shown({ progress }).find((line) => line.startsWith('No leak'));
    expect(lineOf(enough)).toMatch(/^No leak suspects: window 11 of 11, /);
    expect(lineOf({ ...enough, undecidedSites: 1 })).toMatch(/^No leak suspects yet: window 11 of 11, /);
    expect(lineOf({ ...enough, windows: 3, restartedBy: 'interval' })).toMatch(
      /^No leak suspects yet: window 3 of 11 since the sampling interval changed, /,
    );
    expect(lineOf({ ...enough, windows: 3, restartedBy: 'sampler' })).toMatch(
      /^No leak suspects yet: window 3 of 11 since the sampler was started again, /,
    );
  });

  test('begins with the leak suspects', () => {
    expect(shown({ leakMessages: ['`a` leaks', '`b` leaks'] }).slice(4, 7)).toEqual([
      'Leak suspects:',
      '  `a` leaks',
      '  `b` leaks',
    ]);
  });

  test('is sorted by the column, and sums sites without a row', () => {
    const heap = newHeap();
    for (let i = 0; i < 200; i++) heap.allocate(`f${i}`, 1);
    const lines = shown({ column: 'alloc_space' }, heap);
    expect(lines[8]).toMatch(/ keep /);
    expect(lines).toHaveLength(6 + 2 + 100 + 1 + 1);
    expect(lines.at(-2)).toMatch(/^102 KiB .* 102 other call sites$/);
  });
});

/** Matches the line with any padding of its cells. */
function spaced(line: string): RegExp {
  return new RegExp(`^ *${line.trim().replaceAll(/[.()]/g, '\\$&').replaceAll(/ {2,}/g, ' +')}$`);
}
