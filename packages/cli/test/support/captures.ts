// Captures written by the real memray, as files.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { MemrayVersion } from '../../../../test/support/peers.js';
import type { CommandResult } from '../../../../test/support/run-command.js';
import { runMemray as runVersion } from '../../../../test/support/run-memray.js';

const FOLDER = fileURLToPath(new URL('../../../../test/golden/memray', import.meta.url));

/** Version of memray that reads each format. Each version reads only one. */
export const MEMRAY_OF: Readonly<Record<number, MemrayVersion>> = {
  13: '1.20.0',
  12: '1.19.3',
  11: '1.18.0',
};

/** Returns all golden captures, as names for {@link captureFile}. */
export function captureNames(): readonly string[] {
  const names = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.bin')).sort();
}

/** Returns the path of a golden capture. */
export function captureFile(name: string): string {
  return path.join(FOLDER, name);
}

/** Returns the format in a golden capture's name. */
export function formatOf(name: string): 11 | 12 | 13 {
  return Number(/\.v(\d\d)/.exec(name)![1]) as 11 | 12 | 13;
}

/** Returns whether a golden capture is aggregated. */
export function isAggregated(name: string): boolean {
  return /agg/.test(name);
}

/** Returns memray's results for a golden capture. */
export function expectedOf(name: string): Expected {
  const file = captureFile(name).replace(/\.bin$/, '.expected.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Expected;
}

/** Returns the output of `memray parse` for a golden capture, without the name of a cut record. */
export function parsedLines(name: string): readonly string[] {
  const file = captureFile(name).replace(/\.bin$/, '.parse.txt.gz');
  const lines = gunzipSync(readFileSync(file)).toString('utf8').split('\n').slice(0, -1);
  return lines.at(-1)?.endsWith(' ') ? lines.slice(0, -1) : lines;
}

/** Runs the memray that reads this format. */
export function runMemray(format: number, args: readonly string[]): Promise<CommandResult> {
  return runVersion(MEMRAY_OF[format]!, args);
}

export interface Expected {
  readonly metadata: { readonly peak_memory: number };
  readonly stats: object;
  readonly high_water_mark: { readonly by_thread: readonly ExpectedRecord[] };
  readonly leaks: { readonly by_thread: readonly ExpectedRecord[] };
  readonly temporary_threshold_1: readonly ExpectedRecord[];
}

export interface ExpectedRecord {
  readonly size: number;
  readonly n_allocations: number;
}

/** Returns the total bytes and number of allocations of records. */
export function sumOf(records: readonly ExpectedRecord[]): { bytes: number; count: number } {
  const bytes = records.reduce((sum, { size }) => sum + size, 0);
  const count = records.reduce((sum, { n_allocations }) => sum + n_allocations, 0);
  return { bytes, count };
}
