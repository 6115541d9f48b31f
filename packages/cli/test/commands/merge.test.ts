// Several files of one kind are summed exactly, and distinguished by the label `process`.
import { copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { decodePprof } from '@heapray/exporter/pprof';
import { totals } from '@heapray/exporter/profile';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { captureFile, expectedOf, sumOf } from '../support/captures.js';
import { heapray } from '../support/loaded-heapray.js';
import { SHOP_HEAPPROFILE, shopPprof } from '../support/sample-files.js';

/** Captures of a parent and its two forked children, from memray's `--follow-fork`, and their process IDs. */
const FORKED = ['fork.v13.bin', 'fork.v13-child1.bin', 'fork.v13-child2.bin'];
const FILES = FORKED.map(captureFile);
const PIDS = ['1942', '1944', '1946'];

const PEAKS = FORKED.map((name) => expectedOf(name).metadata.peak_memory);
const LEAKS = FORKED.map((name) => sumOf(expectedOf(name).leaks.by_thread));
const add = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0);

type Json = Record<string, unknown>;

async function json(...args: readonly string[]): Promise<Json> {
  const { status, stdout, stderr } = await heapray([...args, '--json']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Json;
}

describe('stats', () => {
  test("sums memray's figures for each capture", async () => {
    const { metadata, heapray: own, ...figures } = await json('stats', ...FILES, '-n', '1000');
    const each = FORKED.map((name) => expectedOf(name).stats as Json);
    const sum = (key: string) => add(each.map((stats) => stats[key] as number));
    expect(figures).toMatchObject({
      total_num_allocations: sum('total_num_allocations'),
      total_bytes_allocated: sum('total_bytes_allocated'),
    });
    expect(byKey(figures.top_allocations_by_size, 'location', 'size')).toEqual(
      added(each.map((stats) => byKey(stats.top_allocations_by_size, 'location', 'size'))),
    );
    expect(byKey(figures.top_modules_by_allocation_count, 'module', 'num_allocations')).toEqual(
      added(each.map((stats) => byKey(stats.top_modules_by_allocation_count, 'module', 'num_allocations'))),
    );
    expect(new Map(Object.entries(figures.allocator_type_distribution as object))).toEqual(
      added(each.map((stats) => new Map(Object.entries(stats.allocator_type_distribution as object)))),
    );
    const sizes = figures.allocation_size_histogram as { count: number }[];
    expect(add(sizes.map(({ count }) => count))).toBe(figures.total_num_allocations);
    expect(metadata).toMatchObject({ peak_memory: add(PEAKS), pid: null });
    expect(own).toMatchObject({
      peak_memory: add(PEAKS),
      peak_memory_is: 'sum of the peaks of 3 processes',
      leaked_bytes: add(LEAKS.map(({ bytes }) => bytes)),
      leaked_allocations: add(LEAKS.map(({ count }) => count)),
      complete: true,
      processes: FILES.map((file, at) => ({ file, process: PIDS[at], peak_memory: PEAKS[at] })),
    });
  });

  test('has a text form', async () => {
    const { status, stdout, stderr } = await heapray(['stats', ...FORKED, '-n', '2'], {
      cwd: path.dirname(FILES[0]!),
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    await expect(stdout).toMatchFileSnapshot('../golden/stats-forked.txt');
  });
});

describe('top', () => {
  test('has the sums of each process', async () => {
    const top = await json('top', ...FILES, '--group', 'process', '--by', 'peak');
    expect(top).toMatchObject({ file: null, files: FILES, total: add(PEAKS) });
    expect(top.total_is).toBe('the sum of the peaks of 3 processes');
    const rows = new Map(
      (top.rows as { name: string; flat: number }[]).map(({ name, flat }) => [name, flat]),
    );
    expect(rows).toEqual(new Map(PIDS.map((pid, at) => [pid, PEAKS[at]])));
  });

  test('supports a single capture', async () => {
    const { rows } = await json('top', FILES[1]!, '--group', 'process', '--by', 'peak');
    expect(rows).toMatchObject([{ name: '1944', flat: PEAKS[1] }]);
  });

  test('distinguishes processes with the same ID by their files', async () => {
    const folder = tempFolder();
    const copies = ['a.bin', 'b.bin'].map((name) => path.join(folder, name));
    for (const copy of copies) copyFileSync(FILES[1]!, copy);
    const { status, stdout, stderr } = await heapray(['top', ...copies, '--group', 'process', '--json']);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `heapray: ${copies[1]}: the same run as ${copies[0]} (process 1944); both are counted\n`,
    });
    const { rows, total } = JSON.parse(stdout) as { rows: { name: string }[]; total: number };
    expect(rows.map(({ name }) => name).sort()).toEqual(['1944 a.bin', '1944 b.bin']);
    expect(total).toBe(2 * LEAKS[1]!.bytes);
  });
});

describe('convert', () => {
  test('to pprof: has the label, and explains the peak', async () => {
    const output = path.join(tempFolder(), 'all.pb.gz');
    expect(await heapray(['convert', ...FILES, '-o', output])).toMatchObject({ status: 0, stderr: '' });
    const profile = decodePprof(readFileSync(output));
    expect(totals(profile)).toMatchObject({
      peak_space: add(PEAKS),
      inuse_space: add(LEAKS.map(({ bytes }) => bytes)),
    });
    expect(profile.comments).toContain('heapray: peaks are the sum of the peaks of 3 processes');
    const labels = Array.from({ length: profile.sampleCount }, (_, at) => profile.labelsOf(at).process);
    expect(new Set(labels)).toEqual(new Set(PIDS));
  });

  test('to folded: has the sums of all lines', async () => {
    const folded = async (files: readonly string[]) => {
      const { stdout } = await heapray(['convert', ...files, '-o', '-', '--to', 'folded', '--by', 'peak']);
      return new Map(
        stdout
          .trim()
          .split('\n')
          .map((line): [string, number] => {
            const end = line.lastIndexOf(' ');
            return [line.slice(0, end), Number(line.slice(end))];
          }),
      );
    };
    const each = await Promise.all(FILES.map((file) => folded([file])));
    expect(await folded(FILES)).toEqual(added(each));
  });

  test('V8 heap profiles and pprofs, each with its own kind', async () => {
    for (const file of [SHOP_HEAPPROFILE, shopPprof()]) {
      const { total } = await json('top', file);
      const { total: doubled, rows } = await json('top', file, file, '--group', 'process');
      expect(doubled).toBe(2 * (total as number));
      expect(rows).toMatchObject([{ name: file }]);
    }
  });
});

test('diff accepts several files per side', async () => {
  const [parent = '', ...children] = FILES;
  const { totals: sums, totals_are: meaning } = await json(
    'diff',
    '--by',
    'peak',
    '--old',
    parent,
    '--new',
    ...FILES,
  );
  expect(sums).toMatchObject({ old: { peak_space: PEAKS[0] }, new: { peak_space: add(PEAKS) } });
  expect(meaning).toEqual({ old: null, new: 'the sum of the peaks of 3 processes' });
  const { rows } = await json('diff', '--old', ...children, '--new', ...children.toReversed());
  expect(rows).toEqual([]);
});

describe('rejects in one line what cannot be merged', () => {
  const lz4 = captureFile('threads.v13.bin');
  const aggregated = captureFile('aggregate.v13.bin');

  test.each<[string[], number, string]>([
    [
      ['top', lz4, SHOP_HEAPPROFILE],
      1,
      `${SHOP_HEAPPROFILE}: cannot be merged with ${lz4}: it is a V8 heap profile of`,
    ],
    [
      ['top', lz4, aggregated],
      1,
      `${aggregated}: cannot be merged with ${lz4}: it is a memray capture, aggregated, and`,
    ],
    [
      ['stats', aggregated, lz4],
      1,
      `${lz4}: cannot be merged with ${aggregated}: that is aggregated, and it is not`,
    ],
    [['stats', lz4, SHOP_HEAPPROFILE], 1, `${SHOP_HEAPPROFILE}: not a memray capture`],
    [['stats', '-', '/dev/stdin'], 2, '/dev/stdin: standard input can be read once only'],
    [['diff', '-', '-'], 2, '-: standard input can be read once only'],
    [
      ['convert', lz4, lz4, '-o', 'a.bin'],
      2,
      'a memray capture is of one process: convert each by itself, or all',
    ],
    [['parse', lz4, lz4], 2, "too many arguments for 'parse'"],
    [['diff', lz4], 2, 'diff takes two files, OLD NEW, or --old FILE... --new FILE...'],
    [['diff', lz4, lz4, lz4], 2, 'diff takes two files, OLD NEW, or --old FILE... --new FILE...'],
    [['diff', lz4, lz4, '--old', lz4], 2, 'diff takes two files, OLD NEW, or --old FILE... --new FILE...'],
  ])('%j', async (args, status, line) => {
    const result = await heapray(args, { cwd: tempFolder() });
    expect(result).toMatchObject({ status, stdout: '' });
    expect(result.stderr).toMatch(/^[^\n]*\n$/);
    expect(result.stderr.startsWith(`heapray: ${line}`), result.stderr).toBe(true);
  });
});

function byKey(rows: unknown, key: string, value: string): Map<string, number> {
  return added((rows as Json[]).map((row) => new Map([[row[key] as string, row[value] as number]])));
}

function added(maps: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const map of maps) for (const [key, value] of map) sums.set(key, (sums.get(key) ?? 0) + value);
  return sums;
}
