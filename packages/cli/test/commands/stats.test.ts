// `heapray stats` compared with the real `memray stats` of each capture's format, and figures that only heapray has.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../test/support/peer-test.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import {
  captureFile,
  captureNames,
  expectedOf,
  formatOf,
  isAggregated,
  MEMRAY_OF,
  runMemray,
  sumOf,
} from '../support/captures.js';
import { heapray } from '../support/loaded-heapray.js';

type Stats = Record<string, unknown> & { readonly heapray: Readonly<Record<string, unknown>> };

/** Returns the JSON of a capture. Expects status 0. */
async function stats(file: string, ...args: readonly string[]): Promise<Stats> {
  const { status, stdout, stderr } = await heapray(['stats', '--json', file, ...args]);
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as Stats;
}

/** Sorts lists, because memray puts equal entries in any order. */
function sorted(value: object): object {
  const entries = Object.entries(value).map(([key, part]: [string, unknown]) => {
    const isTop = key.startsWith('top_') && Array.isArray(part);
    return [key, isTop ? part.map((row) => JSON.stringify(row)).sort() : part];
  });
  return Object.fromEntries(entries) as object;
}

const names = captureNames();

describe.each(names.filter((name) => !isAggregated(name)))('%s', (name) => {
  test("equals memray's stats", async () => {
    const { heapray: own, ...figures } = await stats(captureFile(name), '-n', '1000');
    const { metadata, ...wanted } = expectedOf(name).stats as { metadata: unknown };
    const { metadata: ours, ...rest } = figures;
    expect(Object.keys(figures)).toEqual([...Object.keys(wanted), 'metadata']);
    expect(sorted(rest)).toEqual(sorted(wanted));
    expect(Object.keys(ours as object)).toEqual(Object.keys(metadata as object));
    const { bytes, count } = sumOf(expectedOf(name).leaks.by_thread);
    expect(own).toMatchObject({
      peak_memory: expectedOf(name).metadata.peak_memory,
      leaked_bytes: bytes,
      leaked_allocations: count,
    });
  });
});

describe.each([11, 12, 13] as const)('format %d', (format) => {
  // The figures of all captures are compared above, with those that memray had when they were written.
  const ofFormat = names.filter((name) => formatOf(name) === format && /^(threads|native)\.v/.test(name));
  describeWithPeer('the real memray', `memray-${MEMRAY_OF[format]!}`, () => {
    test.each(ofFormat)('%s', async (name) => {
      const output = path.join(tempFolder(), 'stats.json');
      const real = await runMemray(format, [
        'stats',
        '--json',
        '-n',
        '1000',
        '-o',
        output,
        captureFile(name),
      ]);
      expect(real.status, real.stderr).toBe(0);
      const wanted = JSON.parse(readFileSync(output, 'utf8')) as object;
      const { heapray: _, ...ours } = await stats(captureFile(name), '-n', '1000');
      expect(sorted(ours)).toEqual(sorted(wanted));
    });
  });
});

describe.each(names.filter(isAggregated))('%s', (name) => {
  test('has the known figures, and null for the rest', async () => {
    const { heapray: own, metadata, ...figures } = await stats(captureFile(name));
    expect(new Set(Object.values(figures))).toEqual(new Set([null]));
    expect('top_modules_by_allocation_size' in figures).toBe(formatOf(name) === 13);
    const { leaks, metadata: known } = expectedOf(name);
    expect(metadata).toMatchObject({ peak_memory: known.peak_memory, file_format: 1 });
    expect(own).toEqual({
      peak_memory: known.peak_memory,
      leaked_bytes: sumOf(leaks.by_thread).bytes,
      leaked_allocations: sumOf(leaks.by_thread).count,
      complete: true,
    });
  });
});

test('-n limits the rows', async () => {
  const { top_allocations_by_size: places } = await stats(captureFile('threads.v13.bin'), '-n', '2');
  expect(places).toHaveLength(2);
});

test('reports damage with its position, and fails with --strict', async () => {
  const file = captureFile('synthetic/node-cut.v13.bin');
  const { stdout, stderr, status } = await heapray(['stats', '--json', file]);
  const { damage, complete } = (JSON.parse(stdout) as Stats).heapray;
  const reason = 'the file ends inside a record (allocation), after 2 bytes of it';
  expect({ status, complete, damage }).toEqual({
    status: 0,
    complete: false,
    damage: { offset: expect.any(Number) as number, compressed: false, reason },
  });
  const { offset } = damage as { offset: number };
  const line = `damaged at byte ${offset} of the capture: ${reason}; what comes before it is used`;
  expect(stderr).toBe(`heapray: ${file}: ${line}\n`);
  expect(await heapray(['stats', '--json', '--strict', file])).toMatchObject({ status: 1, stdout, stderr });
});

test('reports a capture without an end, and fails with --strict', async () => {
  const file = captureFile('killed.v13.bin');
  const line = 'the capture has no end: its program still runs, or was killed, or the file is cut off';
  const { status, stdout, stderr } = await heapray(['stats', file]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: `heapray: ${file}: ${line}\n` });
  expect(await heapray(['stats', '--strict', file])).toMatchObject({ status: 1, stdout });
});

describe('text', () => {
  test.each(['threads.v13', 'aggregate.v13', 'threads.v11'])('%s', async (name) => {
    const { status, stdout, stderr } = await heapray(['stats', captureFile(`${name}.bin`), '-n', '3']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    await expect(stdout).toMatchFileSnapshot(`../golden/stats-${name}.txt`);
  });
});
