import { expect, test } from 'vitest';
import { allocated, INTERVAL, inUse, newLedger } from '../../support/ledger-sums.js';
import { Readings, range, samplesOf } from '../../support/readings.js';

test('a resumed ledger takes the first poll as in use, and counts only later allocations', () => {
  const ledger = newLedger();
  const readings = new Readings();
  ledger.resume();
  const kept = samplesOf('keep', INTERVAL, range(999_990, 1_000_000));
  ledger.update(readings.of(kept), 0);
  ledger.attribute(0, true);
  expect(inUse(ledger)).toEqual({ keep: 11 * INTERVAL });
  expect(allocated(ledger)).toEqual({});
  expect(ledger.counts).toMatchObject({ samples: 0, unseenSamples: 0, liveSamples: 11 });

  // Two samples are seen, one is born and dies unseen.
  ledger.update(readings.of([...kept, ...samplesOf('load', INTERVAL, [1_000_001, 1_000_003])]), 1_000);
  ledger.attribute(1_000, true);
  expect(ledger.counts).toMatchObject({ samples: 3, unseenSamples: 1, liveSamples: 13 });
  expect(allocated(ledger)).toEqual({ load: 2 * INTERVAL, '(unobserved)': INTERVAL });
});

test('a resumed ledger counts all samples of another sampler that has replaced the running one', () => {
  const ledger = newLedger();
  ledger.resume();
  ledger.intervalReplaced(INTERVAL / 2);
  ledger.update(new Readings().of(samplesOf('load', INTERVAL, [1, 2])), 0);
  expect(ledger.counts).toMatchObject({ samples: 2, liveSamples: 2 });
});
