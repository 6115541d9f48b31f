import fs from 'node:fs';
import path from 'node:path';
import { CaptureError } from '@heapray/exporter/sinks';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { newLedger } from '../../support/ledger-sums.js';
import { Readings, samplesOf } from '../../support/readings.js';
import { analyzeCapture, beginCapture, byStack, START, totalBytes } from './captures.js';

const LIMIT = 4096;
const CURRENT = 'scheduler_memory.bin';

/** Runs a program for a number of polls; it allocates one sample per poll and keeps each hundredth. */
function run(readingCount: number, format: 11 | 12 | 13 = 13, presentCommandLine?: () => string) {
  const ledger = newLedger();
  const readings = new Readings();
  const boot = samplesOf('boot', 5000, [1]);
  ledger.update(readings.of(boot), 0);
  const compressed: string[] = [];
  const begun = beginCapture(ledger, {
    format,
    maxCaptureBytes: LIMIT,
    aggregateOverflow: true,
    presentCommandLine,
    onFinished: (compression) => {
      const { path: file } = compression();
      compressed.push(path.basename(file));
    },
  });
  const kept = [...boot];
  for (let ordinal = 2; ordinal < readingCount + 2; ordinal++) {
    const [sample] = samplesOf(`main > f${ordinal % 7}`, 64, [ordinal]);
    if (ordinal % 100 === 0) kept.push(sample!);
    ledger.update(readings.of(ordinal % 100 === 0 ? kept : [...kept, sample!]), ordinal);
    begun.wait(10);
    begun.capture.flush();
  }
  return { ...begun, ledger, readings, kept, compressed, alive: kept.length - 1 };
}

describe.each([13, 12, 11] as const)('a capture that continues aggregated (format %d)', (format) => {
  test('has the leaks and the peak of the whole run, and the detailed part beside it', () => {
    const { capture, files, read, alive, kept, ledger, readings, home } = run(5000, format);
    // Put the peak into the aggregated part: a burst that is gone at the end.
    const burst = samplesOf(
      'main > burst',
      640,
      Array.from({ length: 50 }, (_, at) => 6000 + at),
    );
    ledger.update(readings.of([...kept, ...burst]), 6000);
    capture.flush();
    ledger.update(readings.of(kept), 6001);
    capture.flush();
    capture.finish();
    expect(files()).toHaveLength(2);
    const detailed = analyzeCapture(path.join(home, files()[0]!));
    expect(detailed.header).toMatchObject({ format, fileFormat: 'ALL_ALLOCATIONS' });
    expect(detailed.complete).toBe(true);
    expect(detailed.damage).toBeUndefined();
    const sum = read(CURRENT);
    expect(sum.header).toMatchObject({
      format,
      fileFormat: 'AGGREGATED_ALLOCATIONS',
      commandLine: 'node scheduler.js --fast',
      startTimeMillis: detailed.header!.startTimeMillis,
    });
    expect(sum.complete).toBe(true);
    expect(totalBytes(sum.leaks())).toBe(alive * 64);
    expect(sum.peakBytes).toBe(alive * 64 + 50 * 640);
    expect(byStack(sum, sum.highWaterMark())['main > burst']).toEqual([50 * 640, 50]);
    expect(Object.keys(byStack(sum, sum.leaks()))).not.toContain('boot');
    expect(sum.header!.endTimeMillis).toBe(START + 5000 * 10);
  });

  test('is readable from the moment that it is aggregated, as after a kill', () => {
    const { capture, files, read } = run(2000, format);
    expect(files()).toEqual([expect.stringMatching(/^scheduler_memory\.\d{8}T\d{6}Z\.bin$/), CURRENT]);
    const sum = read(CURRENT);
    expect(sum.complete).toBe(true);
    expect(totalBytes(sum.highWaterMark())).toBeGreaterThan(0);
    capture.abandon();
  });
});

test('the file does not grow with time, except for its memory records', () => {
  const sizeAfter = (count: number) => {
    const { capture, home, read } = run(count);
    capture.finish();
    const snapshots = read(CURRENT).snapshots().length;
    return fs.statSync(path.join(home, CURRENT)).size - 25 * snapshots;
  };
  // Stacks and sites are the same; longer numbers do not make any record longer.
  expect(sizeAfter(8000)).toBe(sizeAfter(4000));
});

test('each of the two files is handed over when it is finished', () => {
  const { capture, compressed } = run(2000);
  expect(compressed).toEqual([CURRENT]);
  capture.finish();
  expect(compressed).toEqual([CURRENT, CURRENT]);
});

test('a capture that is aggregated from its beginning has leaks and peak, is one file, and can be read after a kill', () => {
  const ledger = newLedger();
  const readings = new Readings();
  const before = samplesOf('boot', 5000, [1]);
  ledger.update(readings.of(before), 0);
  const { capture, files, read } = beginCapture(ledger, { isAggregated: true });
  const kept = [...before, ...samplesOf('main > keep', 640, [2, 3])];
  ledger.update(readings.of([...kept, ...samplesOf('main > drop', 64, [4, 5, 6])]), 10);
  capture.flush();
  ledger.update(readings.of(kept), 20);
  capture.flush();
  expect(read(CURRENT)).toMatchObject({ complete: true, header: { fileFormat: 'AGGREGATED_ALLOCATIONS' } });
  capture.finish();
  expect(files()).toEqual([CURRENT]);
  const sum = read(CURRENT);
  expect(byStack(sum, sum.highWaterMark())).toEqual({
    'main > keep': [1280, 2],
    'main > drop': [192, 3],
  });
  expect(byStack(sum, sum.leaks())).toEqual({ 'main > keep': [1280, 2] });
});

test('a capture that stays small is an ordinary one', () => {
  const { capture, files, read } = run(20);
  capture.finish();
  expect(files()).toEqual([CURRENT]);
  expect(read(CURRENT).header).toMatchObject({ fileFormat: 'ALL_ALLOCATIONS' });
});

test("a file moved by another process is still written there, and that process's file is not overwritten", () => {
  const { capture, home, files } = run(2000);
  const moved = path.join(home, 'scheduler_memory.20301231T235959Z.bin');
  fs.renameSync(path.join(home, CURRENT), moved);
  fs.writeFileSync(path.join(home, CURRENT), 'of another process');
  capture.finish();
  expect(fs.readFileSync(path.join(home, CURRENT), 'utf8')).toBe('of another process');
  expect(analyzeCapture(moved).complete).toBe(true);
  expect(files()).toHaveLength(3);
});

test('a deleted file stays deleted', () => {
  const { capture, home, files } = run(2000);
  for (const name of files()) fs.unlinkSync(path.join(home, name));
  capture.finish();
  expect(files()).toEqual([]);
});

test('a failed write is an error, and the previous version remains', () => {
  const { capture, home, files } = run(2000);
  const before = fs.readFileSync(path.join(home, CURRENT));
  const elsewhere = path.join(tempFolder(), 'home');
  fs.renameSync(home, elsewhere);
  fs.writeFileSync(home, 'a file where the folder was');
  expect(() => capture.finish()).toThrow(CaptureError);
  fs.unlinkSync(home);
  fs.renameSync(elsewhere, home);
  expect(fs.readFileSync(path.join(home, CURRENT)).equals(before)).toBe(true);
  expect(files()).toHaveLength(2);
});

test('has the command line as it is at the end', () => {
  let commandLine = 'node scheduler.js --fast';
  const { capture, read } = run(2000, 13, () => commandLine);
  commandLine = 'node scheduler.js --slow';
  capture.finish();
  expect(read(CURRENT).header).toMatchObject({ fileFormat: 'AGGREGATED_ALLOCATIONS', commandLine });
});
