import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allocated, inUse, newLedger, sum } from '../../support/ledger-sums.js';
import { frameOf, Readings, range, type ShownSample, samplesOf } from '../../support/readings.js';

const STACKS = ['main', 'main > parse', 'main > parse > slice', 'main > render', 'timer', 'timer > parse'];

const shown = fc
  .array(fc.record({ stack: fc.constantFrom(...STACKS), bytes: fc.integer({ min: 0, max: 1 << 24 }) }))
  .map((stacks) => Object.fromEntries(stacks.map(({ stack, bytes }) => [stack, bytes])));

test('bytes in use are those of the newest poll, stack by stack, over any sequence of polls', () => {
  fc.assert(
    fc.property(fc.array(shown, { minLength: 1, maxLength: 10 }), (sequence) => {
      const ledger = newLedger();
      const readings = new Readings();
      sequence.forEach((selfSizes, at) => {
        ledger.update(readings.of([], selfSizes), at);
        const shownStacks = Object.entries(selfSizes).filter(([, bytes]) => bytes > 0);
        expect(inUse(ledger)).toEqual(Object.fromEntries(shownStacks));
      });
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('bytes in use follow the unbiased size of a node, not the rounded sizes of its samples', () => {
  const ledger = newLedger();
  ledger.update(new Readings().of(samplesOf('main', 1000, [1, 2, 3]), { main: 2700 }), 0);
  expect(inUse(ledger)).toEqual({ main: 2700 });
  expect(allocated(ledger)).toEqual({ main: 2700 });
});

describe('a stack that V8 has pruned', () => {
  test('has nothing in use', () => {
    const ledger = newLedger();
    const readings = new Readings();
    ledger.update(readings.of(samplesOf('main > parse', 100, [1])), 0);
    ledger.update(readings.of(samplesOf('main > render', 50, [2])), 1);
    expect(inUse(ledger)).toEqual({ 'main > render': 50 });
  });

  test('is the same stack when it comes back with another id', () => {
    const ledger = newLedger();
    const readings = new Readings();
    const withParse = (ordinal: number) => readings.of(samplesOf('main > parse', 100, [ordinal]));
    const first = withParse(1);
    ledger.update(first, 0);
    ledger.update(readings.of([]), 1);
    const second = withParse(2);
    expect(second.samples[0]!.nodeId).not.toBe(first.samples[0]!.nodeId);
    const nodes = ledger.tree.size;
    ledger.update(second, 2);
    expect(ledger.tree.size).toBe(nodes);
    expect(inUse(ledger)).toEqual({ 'main > parse': 100 });
    expect(allocated(ledger)).toEqual({ 'main > parse': 200 });
  });
});

describe('a full tree', () => {
  const samples: ShownSample[] = [
    ...samplesOf('main', 100, [1]),
    ...samplesOf('main > parse', 10, [2]),
    ...samplesOf('main > render', 20, [3]),
    ...samplesOf('main > render > escape', 30, [4]),
    ...samplesOf('timer', 40, [5]),
  ];

  test('charges new stacks to their callers, without losing any', () => {
    // Room for the root, (unobserved), main, and one more.
    const ledger = newLedger({ maxNodes: 4 });
    const readings = new Readings();
    for (let at = 0; at < 3; at++) ledger.update(readings.of(samples), at);
    expect(sum(inUse(ledger))).toBe(200);
    expect(sum(allocated(ledger))).toBe(200);
    expect(ledger.tree.size).toBe(4);
    expect(inUse(ledger).main).toBeGreaterThanOrEqual(100 + 30);
  });

  test('counts each folded stack once while V8 keeps it', () => {
    const ledger = newLedger({ maxNodes: 3 });
    const readings = new Readings();
    for (let at = 0; at < 3; at++) ledger.update(readings.of(samples), at);
    expect(ledger.counts.foldedStacks).toBe(4);
    expect(inUse(ledger)).toEqual({ '': 40, main: 160 });
  });
});

test('a function with very many callees causes no stack overflow', () => {
  const ledger = newLedger();
  const callFrame = frameOf('parse');
  const children = range(2, 200_000).map((id) => ({ id, callFrame, selfSize: 8, children: [] }));
  const head = { id: 1, callFrame: frameOf('(root)'), selfSize: 0, children };
  ledger.update({ head, samples: [{ size: 8, nodeId: 2, ordinal: 1 }] }, 0);
  expect(inUse(ledger)).toEqual({ parse: 8 * children.length });
});
