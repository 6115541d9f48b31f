import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { newLedger } from '../../support/ledger-sums.js';
import { Readings, samplesOf } from '../../support/readings.js';
import { analyzeCapture, beginCapture, byStack, totalBytes } from './captures.js';

const LIMIT = 4096;

/** Runs a program until there are this many files; it allocates one sample per poll and keeps each tenth. */
function fillFiles(count: number, maxCaptures = 50) {
  const ledger = newLedger();
  const readings = new Readings();
  // Allocated before the capture, so it must not appear in it.
  const boot = samplesOf('boot', 5000, [1]);
  ledger.update(readings.of(boot), 0);
  const { capture, home, files } = beginCapture(ledger, { maxCaptureBytes: LIMIT, maxCaptures });
  const kept = [...boot];
  let written = 0;
  for (let ordinal = 2; files().length < count && ordinal < 20_000; ordinal++) {
    const [sample] = samplesOf(`main > f${ordinal % 7}`, 64, [ordinal]);
    if (ordinal % 10 === 0) kept.push(sample!);
    ledger.update(readings.of(ordinal % 10 === 0 ? kept : [...kept, sample!]), ordinal);
    capture.flush();
    written++;
  }
  return { capture, home, files, ledger, readings, alive: ledger.counts.liveSamples - 1, written };
}

describe('a capture that has reached its size', () => {
  test('is closed properly, and the next one begins with what is alive', () => {
    const { capture, home, files, alive, written } = fillFiles(4);
    capture.finish();
    const analyzers = files().map((name) => analyzeCapture(path.join(home, name)));
    for (const analyzer of analyzers) expect(analyzer.complete).toBe(true);
    // The running file is last by name: a point sorts before an underscore, and the others are sorted by
    // time.
    const last = analyzers.at(-1)!;
    expect(totalBytes(last.leaks())).toBe(alive * 64);
    for (const analyzer of analyzers) {
      expect(Object.keys(byStack(analyzer, analyzer.allocated()))).not.toContain('boot');
      expect(Object.keys(byStack(analyzer, analyzer.leaks()))[0]).toMatch(/^main > f\d$/);
    }
    // Each file begins with what the previous one has left, so that nothing is missing or duplicated.
    let carried = 0;
    let allocated = 0;
    for (const analyzer of analyzers) {
      allocated += totalBytes(analyzer.allocated()) - carried;
      carried = totalBytes(analyzer.leaks());
    }
    expect(allocated).toBe(written * 64);
  });

  test('is never larger than its limit, its end included, and not much smaller', () => {
    const { capture, home, files } = fillFiles(4);
    capture.finish();
    for (const name of files()) {
      const { size } = fs.statSync(path.join(home, name));
      expect(size).toBeLessThanOrEqual(LIMIT);
    }
    const rotated = files().slice(0, -1);
    for (const name of rotated) expect(fs.statSync(path.join(home, name)).size).toBeGreaterThan(LIMIT - 300);
  });

  test('is deleted when there are more than maxCaptures', () => {
    const { capture, files, ledger, readings } = fillFiles(3, 3);
    for (let ordinal = ledger.counts.samples + 1; ordinal < 3000; ordinal++) {
      ledger.update(readings.of(samplesOf('main > late', 64, [ordinal])), ordinal);
      capture.flush();
      expect(files().length).toBeLessThanOrEqual(3);
    }
    capture.finish();
  });

  test('can free in the new file what was carried over', () => {
    const { capture, home, files, ledger, readings } = fillFiles(3);
    ledger.update(readings.of([]), 1e6);
    capture.finish();
    const last = analyzeCapture(path.join(home, files().at(-1)!));
    expect(last.leaks()).toEqual([]);
    expect(totalBytes(last.allocated())).toBeGreaterThan(0);
  });
});
