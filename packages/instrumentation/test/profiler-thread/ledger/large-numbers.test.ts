// Ordinals count every sample since the start: a busy service reaches 2^31 of them in months.
import { describe, expect, test } from 'vitest';
import { INTERVAL, newLedger } from '../../support/ledger-sums.js';
import { Readings, samplesOf } from '../../support/readings.js';

describe.each([2 ** 31, 2 ** 32, 2 ** 40])('ordinals around %d', (limit) => {
  test('are counted like smaller ones', () => {
    const ledger = newLedger();
    const readings = new Readings();
    const around = [limit - 2, limit - 1, limit, limit + 1, limit + 2];
    ledger.update(readings.of(samplesOf('main', 64, [limit - 3])), 0);
    const unseenBefore = ledger.counts.unseenSamples;
    expect(unseenBefore).toBe(limit - 4);
    expect(ledger.update(readings.of(samplesOf('main', 64, [limit - 3, ...around])), 1)).toMatchObject({
      status: 'ok',
      fresh: 5,
      freed: 0,
      unseen: 0,
      live: 6,
      isComplete: true,
    });
    expect(ledger.update(readings.of(samplesOf('main', 64, [limit + 1, limit + 9])), 2)).toMatchObject({
      status: 'ok',
      fresh: 1,
      freed: 5,
      unseen: 6,
      live: 2,
      isComplete: false,
    });
    expect(ledger.counts).toMatchObject({
      samples: limit + 9,
      unseenSamples: unseenBefore + 6,
      liveSamples: 2,
    });
  });

  test('show another sampler when they restart', () => {
    const ledger = newLedger();
    const readings = new Readings();
    ledger.update(readings.of(samplesOf('main', 64, [limit, limit + 1])), 0);
    expect(ledger.update(new Readings().of(samplesOf('main', 64, [1, 2])), 1).status).toBe('restarted');
  });
});

test('a thread that was starved for hours still knows how much was allocated meanwhile', () => {
  const ledger = newLedger();
  const readings = new Readings();
  ledger.update(readings.of(samplesOf('main', 64, [1])), 0);
  const change = ledger.update(readings.of(samplesOf('main', 64, [1, 10_000_000])), 8 * 3_600_000);
  expect(change).toMatchObject({ status: 'ok', fresh: 1, freed: 0, unseen: 9_999_998 });
  ledger.attribute(8 * 3_600_000, true);
  // It is unknown who allocated, so no stack is charged.
  expect(ledger.allocatedBytes(ledger.unobservedNode)).toBe(9_999_998 * INTERVAL);
  expect(ledger.counts).toMatchObject({ samples: 10_000_000, unseenSamples: 9_999_998 });
});
