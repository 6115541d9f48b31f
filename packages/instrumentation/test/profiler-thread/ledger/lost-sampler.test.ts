import { describe, expect, test } from 'vitest';
import type { SampleSnapshot } from '../../../src/profiler-thread/ledger/index.js';
import { allocated, inUse, newLedger } from '../../support/ledger-sums.js';
import { Readings, range, samplesOf } from '../../support/readings.js';
import { SimulatedHeap } from '../../support/simulated-heap.js';

/** Makes a ledger that has seen ordinals 1 to 10, of which 3 and 7 are alive. */
function sampled() {
  const ledger = newLedger();
  const readings = new Readings();
  ledger.update(readings.of(samplesOf('main > parse', 64, range(1, 10))), 0);
  ledger.update(readings.of(samplesOf('main > parse', 64, [3, 7])), 1);
  return { ledger, readings };
}

describe('recognises another sampler', () => {
  const cases: Record<string, (readings: Readings) => SampleSnapshot> = {
    'by an ordinal of a sample that was dead': (readings) =>
      readings.of(samplesOf('main > parse', 64, [3, 5, 7])),
    'by an ordinal that was never shown': () => new Readings().of(samplesOf('main', 64, [1])),
    'by a live ordinal of another size': (readings) =>
      readings.of([...samplesOf('main > parse', 64, [7]), ...samplesOf('main > parse', 72, [3])]),
    'by a live ordinal of another stack': (readings) =>
      readings.of([...samplesOf('main > parse', 64, [7]), ...samplesOf('main > render', 64, [3])]),
    'by a node id that names another function, even when all ordinals are new': () =>
      new Readings().of(samplesOf('start > boot', 64, [11, 12])),
  };
  test.each(Object.entries(cases))('%s', (_name, read) => {
    const { ledger, readings } = sampled();
    const before = { allocated: allocated(ledger), inUse: inUse(ledger), counts: ledger.counts };
    const reading = read(readings);
    expect(ledger.update(reading, 2)).toMatchObject({ status: 'restarted' });
    expect({ allocated: allocated(ledger), inUse: inUse(ledger), counts: ledger.counts }).toEqual(before);
    expect(ledger.update(reading, 3)).toMatchObject({ status: 'restarted' });
  });

  test.each(range(1, 30))('in a simulated heap that restarts its sampler (seed %d)', (seed) => {
    const heap = new SimulatedHeap({
      seed,
      samplingInterval: 8192,
      scavengeBytes: 1_000_000,
      majorMillis: 500,
      sites: [
        { name: 'short', bytesPerMilli: 8_000, objectBytes: 96, lifetimeMillis: () => 0.01 },
        { name: 'long', bytesPerMilli: 800, objectBytes: 200, lifetimeMillis: (r) => r.exponential(900) },
      ],
    });
    const ledger = newLedger({ samplingInterval: 8192 });
    for (let at = 50; at <= 1000; at += 50) {
      heap.runTo(at);
      expect(ledger.update(heap.reading(), at).status).toBe('ok');
    }
    heap.restartSampler();
    heap.runTo(1300);
    expect(ledger.update(heap.reading(), 1300).status).toBe('restarted');
    ledger.samplerLost();
    expect(ledger.update(heap.reading(), 1300).status).toBe('ok');
    expect(ledger.counts.liveSamples).toBe(heap.live.length);
  });
});

test('recognises another sampler by the id of a node that is gone, even when all ordinals are new', () => {
  const { ledger, readings } = sampled();
  ledger.update(readings.of(samplesOf('render', 64, [11])), 2);
  ledger.update(readings.of([]), 3);
  const late = readings.of(samplesOf('start', 64, [12]));
  expect(late.head.children[0]?.id).toBe(5);
  const head = { ...late.head, children: [{ ...late.head.children[0]!, id: 4 }] };
  const samples = [{ ...late.samples[0]!, nodeId: 4 }];
  expect(ledger.update({ head, samples }, 4).status).toBe('restarted');
  expect(ledger.update(late, 4).status).toBe('ok');
});

test('the same sampler is not taken for another one when its newest samples die', () => {
  const { ledger, readings } = sampled();
  expect(ledger.update(readings.of(samplesOf('main > parse', 64, [3])), 2).status).toBe('ok');
  expect(ledger.update(readings.of([]), 3).status).toBe('ok');
  expect(ledger.update(readings.of(samplesOf('main > render', 8, [12])), 4)).toMatchObject({ unseen: 1 });
});

describe('after the sampler was lost', () => {
  test('nothing is in use, allocation totals stay, and the lost samples are counted', () => {
    const { ledger } = sampled();
    const freed: number[] = [];
    ledger.addListener({ allocated: () => {}, freed: (id) => freed.push(id), estimated: () => {} });
    const before = allocated(ledger);
    ledger.samplerLost();
    expect(inUse(ledger)).toEqual({});
    expect(allocated(ledger)).toEqual(before);
    expect(ledger.counts).toMatchObject({ samples: 10, liveSamples: 0, lostSamples: 2 });
    expect(freed).toEqual([3, 7]);
  });

  test('ordinals and node ids restart and counts continue', () => {
    const { ledger } = sampled();
    ledger.samplerLost();
    const readings = new Readings();
    expect(ledger.update(readings.of(samplesOf('start > boot', 100, [2])), 5)).toMatchObject({
      status: 'ok',
      fresh: 1,
      freed: 0,
      unseen: 1,
      live: 1,
      isComplete: false,
    });
    expect(inUse(ledger)).toEqual({ 'start > boot': 100 });
    expect(allocated(ledger)).toEqual({ 'main > parse': 640, 'start > boot': 100 });
    expect(ledger.counts).toMatchObject({ samples: 12, unseenSamples: 1, lostSamples: 2 });
  });

  test('the completePair of the last pair is not used', () => {
    const ledger = newLedger();
    ledger.update(new Readings().of(samplesOf('main', 64, range(1, 5))), 0, 5);
    ledger.samplerLost();
    ledger.update(new Readings().of([]), 1);
    expect(ledger.counts.shortLivedSamples).toBe(0);
  });

  test('ids of samples are not reused', () => {
    const { ledger } = sampled();
    ledger.samplerLost();
    const ids: number[] = [];
    ledger.addListener({ allocated: (id) => ids.push(id), freed: () => {}, estimated: () => {} });
    ledger.update(new Readings().of(samplesOf('main', 64, [1, 2])), 9);
    expect(ids).toEqual([11, 12]);
  });
});
