// Pseudo frames of V8, which are not functions, in a profile and as text.
import { expect, test } from 'vitest';
import { heapProfile, textView } from '../../../src/profiler-thread/profiles/index.js';
import { INTERVAL, newLedger } from '../../support/ledger-sums.js';
import { heapOf } from '../../support/memory-sources.js';
import { frameOf, Readings, samplesOf } from '../../support/readings.js';

/** A function of a file or, in parentheses, V8's name when no JavaScript was on the stack. */
const frame = (functionName: string) =>
  functionName.startsWith('(') ? { ...frameOf(functionName), url: '' } : frameOf(functionName);

function ledgerOf(...stacks: readonly string[]) {
  const ledger = newLedger();
  const readings = new Readings(frame);
  const samples = stacks.flatMap((stack, at) => samplesOf(stack, 64, [at + 1]));
  ledger.update(readings.of([]), 0);
  ledger.update(readings.of(samples), 1);
  return ledger;
}

function commentsOf(...stacks: readonly string[]): readonly string[] {
  const options = {
    samplingInterval: INTERVAL,
    mode: 'binding',
    startedMillis: 0,
    nowMillis: 1,
    defaultColumn: 'alloc_space',
  };
  return heapProfile({ sources: [heapOf(ledgerOf(...stacks))] }, options).comments;
}

function textOf(...stacks: readonly string[]): string {
  return textView([heapOf(ledgerOf(...stacks))], {
    samplingInterval: INTERVAL,
    mode: 'binding',
    column: 'inuse_space',
    atMillis: 1,
    leakMessages: [],
    progress: { windows: 0, neededWindows: 8, closedMillis: undefined, undecidedSites: 0 },
    survivalMillis: 60_000,
  });
}

test('the comments of a profile explain each such name once, and no other', () => {
  const comments = commentsOf('(V8 API)', '(EXTERNAL)', 'main > (V8 API)', 'main');
  const explained = comments.filter((comment) => comment.startsWith('('));
  expect(explained).toEqual([
    expect.stringMatching(/^\(V8 API\): native code .* no JavaScript/),
    expect.stringMatching(/^\(EXTERNAL\): native code .* no JavaScript/),
  ]);
  expect(commentsOf('main').filter((comment) => comment.startsWith('('))).toEqual([]);
});

test('the text does so too, below its table', () => {
  expect(textOf('(V8 API)', 'main')).toMatch(/\n\n\(V8 API\): native code [^\n]* no JavaScript[^\n]*\n$/);
  expect(textOf('main')).not.toMatch(/^\(/m);
});
