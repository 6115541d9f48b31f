import { expect, test } from 'vitest';
import type { Ledger } from '../../../src/profiler-thread/ledger/index.js';
import { heapProfile } from '../../../src/profiler-thread/profiles/index.js';
import { INTERVAL, newLedger } from '../../support/ledger-sums.js';
import { heapOf } from '../../support/memory-sources.js';
import { Readings, range, samplesOf } from '../../support/readings.js';

function commentsOf(ledger: Ledger): readonly string[] {
  const options = {
    samplingInterval: INTERVAL,
    mode: 'binding',
    startedMillis: 0,
    nowMillis: 1,
    defaultColumn: 'alloc_space',
  };
  return heapProfile({ sources: [heapOf(ledger)] }, options).comments;
}

/**
 * Makes a ledger with 20 complete pairs of ten samples each, of two functions in turn, all dead at the next
 * poll; and two interrupted pairs.
 */
function ledgerWithEvidence(): Ledger {
  const ledger = newLedger();
  const readings = new Readings();
  for (let pair = 0; pair < 20; pair++) {
    const before = ledger.counts.samples;
    const stack = pair % 2 === 0 ? 'main > parse' : 'main > render';
    ledger.update(readings.of([]), pair);
    ledger.update(readings.of(samplesOf(stack, 100, range(before + 1, before + 10))), pair, 4);
  }
  for (const last of [300, 400]) {
    ledger.update(readings.of([]), 30);
    ledger.update(readings.of(samplesOf('main', 100, [last])), 30, 4);
  }
  return ledger;
}

test('a profile states the number of pairs and short-lived samples behind the attribution, and its error', () => {
  const ledger = ledgerWithEvidence();
  ledger.attribute(31, true);
  const comments = commentsOf(ledger);
  expect(comments).toContain(
    'samples 400, never seen alive 198, evidence for those: 200 short-lived samples in 20 pairs, 2 more interrupted by a collection',
  );
  // One half by all or nothing in 20 pairs: 198 / 400 x 0.5 / sqrt(19).
  expect(comments).toContain(
    "alloc_space: 49.5 % is attributed by evidence; the standard error of a function's share of the whole is at most 5.7 points",
  );
});

test('states nothing of the kind if nothing was attributed', () => {
  expect(commentsOf(ledgerWithEvidence()).join('\n')).not.toContain('standard error');
  expect(commentsOf(newLedger()).join('\n')).not.toContain('standard error');
});
