import { describe, expect, test } from 'vitest';
import { allocated, newLedger, sum } from '../../support/ledger-sums.js';
import { Random } from '../../support/random.js';
import { SimulatedHeap } from '../../support/simulated-heap.js';
import { beginCapture, byStack, totalBytes } from './captures.js';

const LEAF = ' > (short-lived, estimated)';

describe.each([13, 12, 11] as const)('the capture of a simulated program (format %d)', (format) => {
  /** Runs the program for 2 s before the capture and 3 s within it. */
  function run() {
    const random = new Random(format);
    const heap = new SimulatedHeap({
      seed: format,
      samplingInterval: 8192,
      scavengeBytes: 1_000_000,
      majorMillis: 700,
      sites: [
        { name: 'short', bytesPerMilli: 30_000, objectBytes: 88, lifetimeMillis: () => 0.01 },
        { name: 'mid', bytesPerMilli: 9_000, objectBytes: 9_000, lifetimeMillis: (r) => r.exponential(200) },
        {
          name: 'long',
          bytesPerMilli: 200,
          objectBytes: 512,
          lifetimeMillis: () => Number.POSITIVE_INFINITY,
        },
      ],
    });
    const ledger = newLedger({ samplingInterval: 8192 });
    let now = 0;
    const read = (pairMillis?: number) => {
      heap.runTo(now);
      ledger.update(heap.reading(), now, pairMillis);
      ledger.attribute(now, false);
    };
    const pairs = (until: number, after: () => void) => {
      while (now < until) {
        now += random.exponential(50);
        read();
        after();
        now += 5;
        read(5);
        after();
      }
    };
    pairs(2000, () => {});
    ledger.attribute(now, true);
    const before = allocated(ledger);
    const begin = now;
    const { capture, read: readFile } = beginCapture(ledger, { format });
    pairs(5000, () => capture.flush());
    ledger.attribute(now, true);
    const live: Record<string, number> = {};
    ledger.forEachLive((_id, node, bytes, firstSeen) => {
      const name = ledger.tree.frame(node)!.functionName;
      if (firstSeen > begin) live[name] = (live[name] ?? 0) + bytes;
    });
    capture.finish();
    const after = allocated(ledger);
    const grown = Object.fromEntries(
      Object.entries(after).map(([stack, bytes]) => [stack, bytes - (before[stack] ?? 0)]),
    );
    return { analyzer: readFile(), grown, live };
  }

  const { analyzer, grown, live } = run();
  const captured = byStack(analyzer, analyzer.allocated());
  const bytesOf = (stack: string) => (captured[stack]?.[0] ?? 0) + (captured[stack + LEAF]?.[0] ?? 0);

  test("has the ledger's allocated bytes, to the byte", () => {
    expect(Math.abs(totalBytes(analyzer.allocated()) - sum(grown))).toBeLessThanOrEqual(1);
  });

  test('has them by function, except for rounding', () => {
    expect(Object.keys(grown).sort()).toEqual(['long', 'mid', 'short']);
    for (const [stack, bytes] of Object.entries(grown)) {
      expect(Math.abs(bytesOf(stack) / bytes - 1)).toBeLessThan(0.001);
    }
  });

  test('has what is still alive of them', () => {
    for (const [stack, [bytes]] of Object.entries(byStack(analyzer, analyzer.leaks()))) {
      expect(Math.abs(bytes / live[stack]! - 1)).toBeLessThan(0.01);
    }
    expect(Math.abs(totalBytes(analyzer.leaks()) - sum(live))).toBeLessThan(200);
  });

  test('consists mostly of estimates', () => {
    expect(captured[`short${LEAF}`]![0]).toBeGreaterThan(grown.short! / 2);
    expect(captured[`long${LEAF}`]).toBeUndefined();
  });
});
