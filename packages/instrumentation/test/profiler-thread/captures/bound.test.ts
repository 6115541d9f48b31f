// Files never exceed `maxCaptureBytes`, whatever one flush writes, and oversized content does not create many
// files.
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CaptureReport } from '../../../src/profiler-thread/captures/capture-options.js';
import { newLedger } from '../../support/ledger-sums.js';
import { Readings, range, type ShownSample, samplesOf } from '../../support/readings.js';
import { analyzeCapture, beginCapture, byStack, totalBytes } from './captures.js';

const LIMIT = 65_536;

function begin(options: { maxCaptureBytes?: number; aggregateOverflow?: boolean } = {}) {
  const ledger = newLedger();
  const readings = new Readings();
  const reports: CaptureReport[] = [];
  const begun = beginCapture(ledger, {
    maxCaptureBytes: LIMIT,
    maxCaptures: 1000,
    onReport: (report) => reports.push(report),
    ...options,
  });
  let millis = 0;
  const show = (samples: readonly ShownSample[]) => {
    ledger.update(readings.of(samples), ++millis);
    begun.capture.flush();
  };
  const sizes = () => begun.files().map((name) => fs.statSync(path.join(begun.home, name)).size);
  const analyzers = () => begun.files().map((name) => analyzeCapture(path.join(begun.home, name)));
  return { ...begun, ledger, show, sizes, analyzers, reports };
}

/** Samples with a separate stack each, whose names are so long that a few fill a file. */
function wideSamples(count: number, first = 1): ShownSample[] {
  return range(first, first + count - 1).map((ordinal) => {
    return { ordinal, size: 64, stack: `main > ${'f'.repeat(400)}${ordinal}` };
  });
}

describe('one flush', () => {
  test('fills several files within the limit, without losing or repeating anything', () => {
    const { capture, show, sizes, analyzers } = begin();
    // Each batch is gone at the next poll, so that files need not carry over all of them.
    for (let at = 0; at < 5; at++) show(wideSamples(60, 60 * at + 1));
    capture.finish();
    expect(sizes().length).toBeGreaterThan(2);
    for (const size of sizes()) expect(size).toBeLessThanOrEqual(LIMIT);
    let allocated = 0;
    let carried = 0;
    for (const analyzer of analyzers()) {
      expect(analyzer.complete).toBe(true);
      allocated += totalBytes(analyzer.allocated()) - carried;
      carried = totalBytes(analyzer.leaks());
    }
    expect(allocated).toBe(300 * 64);
    expect(carried).toBe(60 * 64);
  });

  test('fills several files with estimates too', () => {
    const { capture, ledger, show, sizes, analyzers } = begin();
    show(samplesOf('main', 64, [1]));
    // A hundred thousand samples are never seen.
    show(samplesOf('main', 64, [1, 100_002]));
    ledger.attribute(3, true);
    capture.flush();
    capture.finish();
    expect(sizes().length).toBeGreaterThan(2);
    for (const size of sizes()) expect(size).toBeLessThanOrEqual(LIMIT);
    const count = analyzers().reduce((sum, analyzer) => sum + analyzer.stats().allocations, 0);
    expect(count).toBeGreaterThanOrEqual(100_002);
    // The live sample is in each file.
    expect(count).toBeLessThan(100_002 + 2 * sizes().length + 2);
  });

  test('writes frees only to the file that contains their allocation', () => {
    const { capture, show, analyzers } = begin();
    const kept = wideSamples(20);
    for (let at = 0; at < 20; at++) show([...kept, ...wideSamples(50, 21 + 50 * at)]);
    show(kept);
    capture.finish();
    for (const analyzer of analyzers()) expect(analyzer.damage).toBeUndefined();
    expect(totalBytes(analyzers().at(-1)!.leaks())).toBe(20 * 64);
  });
});

describe('a heap that does not fit into a file', () => {
  test('continues aggregated, with one message and few files', () => {
    const { capture, show, sizes, files, home, reports } = begin();
    const kept = wideSamples(140);
    show(kept);
    const few = samplesOf('main > few', 16, range(1000, 20_000));
    const before = files().length;
    for (let at = 1; at <= 200; at++) show([...kept, ...few.slice(0, 95 * at)]);
    capture.finish();
    expect(files().length).toBeLessThanOrEqual(before + 2);
    for (const size of sizes()) expect(size).toBeLessThanOrEqual(LIMIT);
    expect(reports.filter(({ message }) => message !== undefined)).toEqual([
      {
        message: { level: 'warn', text: expect.stringMatching(/does not fit into 65536 bytes.*summed up/) },
        drop: undefined,
      },
    ]);
    const last = analyzeCapture(path.join(home, 'scheduler_memory.bin'));
    expect(last.header?.fileFormat).toBe('AGGREGATED_ALLOCATIONS');
    expect(totalBytes(last.leaks())).toBe(140 * 64 + 19_000 * 16);
    expect(byStack(last, last.leaks())['main > few']).toEqual([19_000 * 16, 19_000]);
  });

  test('only for a moment, because of garbage, waits for the next file and loses nothing', () => {
    const { capture, show, sizes, analyzers, reports } = begin();
    const kept = wideSamples(50);
    show(kept);
    for (let at = 0; at < 2; at++) show([...kept, ...samplesOf('main > garbage', 16, range(1000, 20_000))]);
    expect(sizes()).toHaveLength(1);
    show(kept);
    capture.finish();
    expect(reports).toEqual([]);
    for (const size of sizes()) expect(size).toBeLessThanOrEqual(LIMIT);
    let allocated = 0;
    for (const analyzer of analyzers()) {
      expect(analyzer.header?.fileFormat).toBe('ALL_ALLOCATIONS');
      allocated += totalBytes(analyzer.allocated());
    }
    expect(totalBytes(analyzers().at(-1)!.leaks())).toBe(50 * 64);
    // Each file but the first begins with the samples that stay alive.
    expect(allocated - (sizes().length - 1) * 50 * 64).toBe(50 * 64 + 19_001 * 16);
  });

  test('and not aggregated either omits its smallest stacks, with the same total', () => {
    const { show, sizes, capture, read, reports } = begin();
    const large = samplesOf('main > large', 1000, range(1, 200));
    show([...large, ...wideSamples(2000, 201)]);
    capture.finish();
    for (const size of sizes()) expect(size).toBeLessThanOrEqual(LIMIT);
    expect(totalBytes(read().leaks())).toBe(2000 * 64 + 200 * 1000);
    expect(byStack(read(), read().leaks())['main > large']).toEqual([200 * 1000, 200]);
    expect(read().leaks().length).toBeGreaterThan(50);
    expect(reports.filter(({ message }) => message !== undefined)).toHaveLength(1);
    expect(reports.filter(({ drop }) => drop === 'capture_stack')).not.toEqual([]);
  });
});

test('a stack that fits into no file is left out, but its bytes are written', () => {
  const { capture, show, sizes, analyzers, reports } = begin();
  const deep = Array.from({ length: 300 }, (_, at) => `${'g'.repeat(300)}${at}`).join(' > ');
  for (let at = 0; at < 20; at++) show(samplesOf(deep, 64, range(1, at + 1)));
  capture.finish();
  expect(sizes()).toHaveLength(1);
  expect(sizes()[0]).toBeLessThanOrEqual(LIMIT);
  expect(totalBytes(analyzers()[0]!.leaks())).toBe(20 * 64);
  expect(reports.filter(({ message }) => message !== undefined)).toHaveLength(1);
  expect(reports.filter(({ drop }) => drop === 'capture_stack')).toHaveLength(20);
});

test('the detailed part of an aggregated capture is within the limit too', () => {
  const { capture, show, sizes, analyzers } = begin({ aggregateOverflow: true });
  for (let at = 0; at < 10; at++) show(wideSamples(40, 40 * at + 1));
  capture.finish();
  expect(sizes()).toHaveLength(2);
  for (const size of sizes()) expect(size).toBeLessThanOrEqual(LIMIT);
  const sum = analyzers().at(-1)!;
  expect(sum.header?.fileFormat).toBe('AGGREGATED_ALLOCATIONS');
  expect(totalBytes(sum.leaks())).toBe(40 * 64);
});
