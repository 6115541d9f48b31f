import fs from 'node:fs';
import path from 'node:path';
import { analyzeMemray, type HeapRecord, type MemrayAnalyzer } from '@heapray/exporter/memray';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import type { ComponentCaptureOptions } from '../../../src/profiler-thread/captures/capture-options.js';
import { ComponentCapture } from '../../../src/profiler-thread/captures/component-capture.js';
import type { Ledger } from '../../../src/profiler-thread/ledger/index.js';
import { MemorySources } from '../../../src/profiler-thread/sources/memory-sources.js';
import { onlySource } from '../../support/memory-sources.js';

export const START = Date.UTC(2026, 10, 23, 6, 0, 0);

export interface TestCapture {
  readonly capture: ComponentCapture;
  readonly home: string;
  /** Advances the clock. */
  wait(millis: number): void;
  /** Returns the names of the files in `home`, sorted. */
  files(): string[];
  /** Analyzes a file as memray does; without a name, the running capture. */
  read(name?: string): MemrayAnalyzer;
}

/** Begins a capture with its own folder and clock. */
export function beginCapture(
  ledger: Ledger | MemorySources,
  options: Partial<ComponentCaptureOptions> = {},
): TestCapture {
  const home = options.home ?? tempFolder();
  let now = START;
  const capture = new ComponentCapture(ledger instanceof MemorySources ? ledger : onlySource(ledger), {
    component: 'scheduler',
    home,
    format: 13,
    maxCaptureBytes: 2 ** 30,
    maxCaptures: 5,
    commandLine: 'node scheduler.js --fast',
    pid: 4711,
    nodeModules: ['/app/node_modules'],
    projectRoots: ['/app'],
    residentBytes: () => 100_000_000 + (now - START),
    now: () => now,
    ...options,
  });
  return {
    capture,
    home,
    wait: (millis) => {
      now += millis;
    },
    files: () => fs.readdirSync(home).sort(),
    read: (name = path.basename(capture.path)) => analyzeCapture(path.join(home, name)),
  };
}

export function analyzeCapture(file: string): MemrayAnalyzer {
  return analyzeMemray([fs.readFileSync(file)], { stats: true });
}

/** Sums records by stack (`outer > inner`): bytes and number of allocations. */
export function byStack(
  analyzer: MemrayAnalyzer,
  records: readonly HeapRecord[],
): Record<string, [bytes: number, count: number]> {
  const stackOf = (record: HeapRecord) =>
    analyzer
      .locations(record)
      .map(({ functionName }) => functionName)
      .reverse()
      .join(' > ');
  return Object.fromEntries(records.map((record) => [stackOf(record), [record.bytes, record.count]]));
}

export function totalBytes(records: readonly HeapRecord[]): number {
  return records.reduce((sum, { bytes }) => sum + bytes, 0);
}
