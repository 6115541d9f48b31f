import { expect, test } from 'vitest';
import type { Ledger } from '../../../src/profiler-thread/ledger/index.js';
import { newLedger } from '../../support/ledger-sums.js';
import { Readings, range, type ShownSample, samplesOf } from '../../support/readings.js';

/** Size of all objects: what a sample stands for at interval 1, and at an interval of this size. */
const SIZE = 512;
const KEPT = samplesOf('kept', SIZE, range(1, 1000));

/** Runs a program at an interval, after another one had samples alive. */
function run(samplingInterval: number): Ledger {
  const ledger = newLedger({ samplingInterval: 4096 });
  let readings = new Readings();
  const majorAt = (millis: number) => {
    const times = { markMillis: millis, sweepMillis: millis, turnMillis: millis };
    ledger.noteCollections({ scavenges: 0, majors: [times] });
  };
  ledger.update(readings.of(samplesOf('kept', 4096, range(1, 50))), 0);
  ledger.attribute(0, true);
  ledger.intervalReplaced(samplingInterval);
  readings = new Readings();
  ledger.update(readings.of(KEPT), 10);
  // Complete pairs, whose samples are dead at the next poll, together with unseen ones.
  let newest: readonly ShownSample[] = [];
  for (let pair = 0; pair < 8; pair++) {
    const first = 1001 + 1000 * pair;
    const second = first + 100 + 10 * pair;
    const samples = [
      ...samplesOf('a', SIZE, range(first, second)),
      ...samplesOf('b', SIZE, range(second + 1, first + 199)),
    ];
    const at = 20 + 10 * pair;
    ledger.update(readings.of([...KEPT, ...newest, ...samples]), at, 4);
    majorAt(at + 1);
    newest = samplesOf('a', SIZE, [first + 999]);
    ledger.update(readings.of([...KEPT, ...newest]), at + 5);
  }
  // A collection frees most of what was kept.
  majorAt(195);
  ledger.update(readings.of([...KEPT.slice(0, 100), ...samplesOf('a', SIZE, [19_000])]), 200);
  ledger.attribute(200, true);
  return ledger;
}

test('at interval 1, estimates are those of an interval of the mean size', () => {
  const [exact, sampled] = [run(1), run(SIZE)];
  expect(exact.counts).toEqual(sampled.counts);
  expect(exact.counts.attributionErrorBytes).toBeGreaterThan(SIZE);
  const ages = (ledger: Ledger) => {
    const all: number[] = [];
    ledger.forEachReachable((sample) => void all.push(ledger.reachability.age(sample)));
    return all;
  };
  expect(ages(exact)).toEqual(ages(sampled));
  expect(exact.carriedOver.totalBytes).toBeLessThan(50 * 4096);
  expect(exact.carriedOver.totalBytes).toBeCloseTo(sampled.carriedOver.totalBytes, 6);
});
