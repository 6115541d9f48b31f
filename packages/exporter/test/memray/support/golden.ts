import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { MemrayFormat } from '../../../src/memray/index.js';

const FOLDER = fileURLToPath(new URL('../../../../../test/golden/memray', import.meta.url));

/** The results of the real memray for a capture. test/golden/memray/README.md explains the fields. */
export interface Expected {
  readonly header: Readonly<Record<string, string>>;
  readonly metadata: {
    readonly start_time: number;
    readonly total_allocations: number;
    readonly peak_memory: number;
  };
  readonly stats: ExpectedStats | { readonly error: string };
  readonly memory_snapshots: readonly (readonly [number, number, number])[];
  readonly events?: {
    readonly count: number;
    readonly high_water_mark_index: number;
    readonly high_water_mark_bytes: number;
    readonly final_bytes: number;
  };
  readonly high_water_mark: ExpectedRecords;
  readonly leaks: ExpectedRecords;
  readonly temporary_threshold_1: readonly ExpectedRecord[] | { readonly error: string };
  /** Missing for aggregated captures, as is the next. */
  readonly temporal_leaks?: readonly ExpectedTemporal[];
  readonly temporal_high_water_mark?: {
    readonly bytes_by_snapshot: readonly number[];
    readonly records: readonly ExpectedTemporal[];
  };
  readonly locations: readonly (readonly [string, string, number])[];
}

export interface ExpectedTemporal {
  readonly tid: number;
  readonly allocator: string;
  readonly stack: readonly number[];
  /** [from window, until window or null, count, bytes] */
  readonly intervals: readonly (readonly [number, number | null, number, number])[];
}

export interface ExpectedStats {
  readonly total_num_allocations: number;
  readonly total_bytes_allocated: number;
  readonly allocation_size_histogram: readonly { min_bytes: number; max_bytes: number; count: number }[];
  readonly allocator_type_distribution: Readonly<Record<string, number>>;
  readonly top_allocations_by_size: readonly { location: string; size: number }[];
  readonly top_allocations_by_count: readonly { location: string; count: number }[];
  readonly top_modules_by_allocation_size?: readonly ExpectedModule[];
  readonly top_modules_by_allocation_count?: readonly ExpectedModule[];
}

export interface ExpectedModule {
  readonly module: string;
  readonly num_allocations: number;
  readonly total_bytes: number;
}

export interface ExpectedRecord {
  readonly size: number;
  readonly n_allocations: number;
  readonly stack: readonly number[];
  readonly tid?: number;
  readonly thread?: string;
  readonly allocators?: readonly string[];
}

export interface ExpectedRecords {
  readonly by_thread: readonly ExpectedRecord[];
  readonly merged: readonly ExpectedRecord[];
}

/** Returns all captures, as names for {@link golden}. */
export function goldenNames(): readonly string[] {
  const names = fs.readdirSync(FOLDER, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.bin')).sort();
}

/** Returns the format in a capture's name. */
export function formatOf(name: string): MemrayFormat {
  return Number(/\.v(\d\d)/.exec(name)![1]) as MemrayFormat;
}

/** Returns a capture, memray's results for it, and the output of `memray parse`. */
export function golden(name: string): { bytes: Uint8Array; expected: Expected; parse: readonly string[] } {
  const base = path.join(FOLDER, name.slice(0, -'.bin'.length));
  const expected = JSON.parse(fs.readFileSync(`${base}.expected.json`, 'utf8')) as Expected;
  const parse = gunzipSync(fs.readFileSync(`${base}.parse.txt.gz`)).toString('utf8');
  return { bytes: fs.readFileSync(`${base}.bin`), expected, parse: parse.split('\n').slice(0, -1) };
}
