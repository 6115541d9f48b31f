// `heapray convert` for captures: to other formats, checked with memray, and to pprof, checked with go.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../test/support/peer-test.js';
import { goPprof } from '../../../../test/support/peers.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import {
  captureFile,
  expectedOf,
  formatOf,
  isAggregated,
  MEMRAY_OF,
  parsedLines,
  runMemray,
  sumOf,
} from '../support/captures.js';
import { heapray } from '../support/loaded-heapray.js';

/** Converts a file. Expects status 0. */
async function convert(input: string, output: string, ...args: readonly string[]): Promise<void> {
  expect(await heapray(['convert', input, '-o', output, ...args])).toMatchObject({ status: 0, stdout: '' });
}

/** Returns the contents of memray's reports, without numbers that formats assign themselves. */
async function reports(format: number, file: string, aggregated: boolean): Promise<unknown> {
  const folder = tempFolder();
  const output = (name: string) => path.join(folder, name);
  const run = async (...args: readonly string[]) => {
    const { status, stderr } = await runMemray(format, [...args, file]);
    expect(status, stderr).toBe(0);
  };
  await run('table', '-o', output('table.html'));
  await run('table', '--leaks', '-o', output('leaks.html'));
  await run('flamegraph', '-o', output('flamegraph.html'));
  const rows = (name: string) => {
    const data = /const packed_data = (.*);\s/.exec(readFileSync(output(name), 'utf8'))![1]!;
    const parsed = JSON.parse(data) as { size: number; n_allocations: number; stack_trace: string }[];
    // Unlike others, memray 1.20 merges threads in tables, and then counts wrong for aggregated captures.
    const sums: Record<string, { size: number; count: number }> = {};
    for (const { size, n_allocations: count, stack_trace: stack } of parsed) {
      sums[stack] ??= { size: 0, count: 0 };
      sums[stack].size += size;
      sums[stack].count += aggregated ? 0 : count;
    }
    return sums;
  };
  return { table: rows('table.html'), leaks: rows('leaks.html') };
}

async function stats(format: number, file: string): Promise<unknown> {
  const output = path.join(tempFolder(), 'stats.json');
  const { status, stderr } = await runMemray(format, ['stats', '--json', '-n', '1000', '-o', output, file]);
  expect(status, stderr).toBe(0);
  const figures = JSON.parse(readFileSync(output, 'utf8')) as Record<string, unknown>;
  const { total_frames: _, ...metadata } = figures.metadata as Record<string, unknown>;
  const { total_num_allocations, total_bytes_allocated, allocation_size_histogram } = figures;
  const { allocator_type_distribution: allocators } = figures;
  return { total_num_allocations, total_bytes_allocated, allocation_size_histogram, allocators, metadata };
}

describe.each([
  ['threads.v13.bin', 12],
  ['native.v13.bin', 11],
  ['aggregate.v13.bin', 12],
  ['aggregate.v13.bin', 11],
  ['native-aggregate.v13.bin', 11],
  ['threads.v12.bin', 13],
  ['aggregate.v12.bin', 13],
  ['threads.v11.bin', 13],
  ['aggregate.v11.bin', 12],
  ['synthetic/node-cut.v13.bin', 12],
] as const)('%s to %d', (name, to) => {
  const from = formatOf(name);
  const peers = [`memray-${MEMRAY_OF[from]!}`, `memray-${MEMRAY_OF[to]!}`] as const;
  describeWithPeer('the other memray reports the same', peers, () => {
    test('agrees in stats, table, flamegraph', async () => {
      const file = path.join(tempFolder(), 'other.bin');
      await convert(captureFile(name), file, '--memray-format', `${to}`);
      const aggregated = isAggregated(name);
      expect(await reports(to, file, aggregated)).toEqual(await reports(from, captureFile(name), aggregated));
      if (!aggregated) expect(await stats(to, file)).toEqual(await stats(from, captureFile(name)));
    });
  });
});

describeWithPeer('go tool pprof', 'go-pprof', () => {
  test.each([
    'threads.v13.bin',
    'native.v11.bin',
    'native.v13.bin',
    'native-aggregate.v13.bin',
    'aggregate.v12.bin',
    'synthetic/node-demo.v13.bin',
  ])('has the sums of memray for %s', async (name) => {
    const file = path.join(tempFolder(), 'capture.pb.gz');
    await convert(captureFile(name), file);
    const { status, stdout, stderr } = await goPprof(['-raw', file]);
    expect(status, stderr).toBe(0);
    const { high_water_mark: peak, leaks, stats: figures } = expectedOf(name);
    const { total_num_allocations: count, total_bytes_allocated: bytes } = figures as Record<string, number>;
    const all = isAggregated(name) ? [] : [{ bytes: bytes!, count: count! }];
    const wanted = [...all, sumOf(peak.by_thread), sumOf(leaks.by_thread)];
    expect(rawSums(stdout)).toEqual(wanted.flatMap((sum) => [sum.count, sum.bytes]));
    expect(stdout).toMatch(/allocator:\[MALLOC\]/);
  });
});

describeWithPeer('go tool pprof, native frames', 'go-pprof', () => {
  test.each(['native.v11.bin', 'native.v12.bin', 'native.v13.bin', 'native-aggregate.v13.bin'])(
    'of %s are in the files that memray reports as loaded there',
    async (name) => {
      const file = path.join(tempFolder(), 'capture.pb.gz');
      await convert(captureFile(name), file);
      const { status, stdout, stderr } = await goPprof(['-raw', file]);
      expect(status, stderr).toBe(0);
      const mappings = mappingsOf(stdout);
      const loaded = loadedSegments(parsedLines(name));
      expect(mappings.size).toBeGreaterThan(4);
      for (const { start, limit, image } of mappings.values()) {
        if (image !== 'python') expect(loaded).toContain(`${image} ${start} ${limit}`);
      }
      const native = [...stdout.matchAll(/^ +\d+: 0x([0-9a-f]+) M=(\d+) 0x[0-9a-f]+ (\S+)/gm)];
      expect(native.length).toBeGreaterThan(50);
      for (const [, digits, id, module] of native) {
        const address = BigInt(`0x${digits}`);
        const { start, limit, image } = mappings.get(id!)!;
        expect(address >= start && address < limit, `${address} in ${image}`).toBe(true);
        expect(path.basename(image)).toBe(module);
      }
    },
  );
});

/** Returns the segments in the output of `memray parse` as pages: file, start and end. */
function loadedSegments(lines: readonly string[]): string[] {
  let image = '';
  let load = 0n;
  return lines.flatMap((line) => {
    const header = /^SEGMENT_HEADER filename=(.*) num_segments=\d+ addr=(0x\w+)$/.exec(line);
    if (header) [image, load] = [header[1]!, BigInt(header[2]!)];
    const [, address, size] = /^SEGMENT (0x\w+) (\w+)$/.exec(line) ?? [];
    if (address === undefined || size === undefined) return [];
    const start = load + BigInt(address);
    return [`${image} ${start & ~0xfffn} ${(start + BigInt(`0x${size}`) + 0xfffn) & ~0xfffn}`];
  });
}

/** Parses the mappings by ID: `1: 0x55e0/0x55ff/0x0 /opt/python  [FN]`. */
function mappingsOf(raw: string): Map<string, { start: bigint; limit: bigint; image: string }> {
  const lines = raw.slice(raw.indexOf('\nMappings\n')).matchAll(/^(\d+): (0x\w+)\/(0x\w+)\/0x\w+ (\S+) /gm);
  return new Map(
    [...lines].map(([, id, start, limit, image]) => {
      return [id!, { start: BigInt(start!), limit: BigInt(limit!), image: image! }];
    }),
  );
}

/** Returns the sums of the columns that `go tool pprof -raw` prints. */
function rawSums(raw: string): number[] {
  const sums: number[] = [];
  for (const line of raw.split('\n')) {
    const values = /^\s*(\d+(?: +\d+)*):/.exec(line)?.[1];
    if (line.startsWith('Locations')) break;
    values
      ?.trim()
      .split(/ +/)
      .forEach((value, column) => {
        sums[column] = (sums[column] ?? 0) + Number(value);
      });
  }
  return sums;
}

test('supports standard output, and fails on damage with --strict', async () => {
  const file = captureFile('synthetic/node-cut.v13.bin');
  const output = path.join(tempFolder(), 'a.bin');
  const { status, stderr } = await heapray(['convert', file, '-o', output, '--strict']);
  expect(status).toBe(1);
  expect(stderr).toMatch(/: damaged at byte \d+ of the capture: .*; what comes before it is used\n$/);
  const piped = await heapray(['convert', file, '-o', '-', '--to', 'memray', '--memray-format', '11']);
  expect(piped.status).toBe(0);
  expect(piped.stdout.slice(0, 6)).toBe('memray');
});

test('top ranks by peak and leaked, by thread and allocator', async () => {
  const file = captureFile('threads.v13.bin');
  const top = async (...args: readonly string[]) => {
    const { status, stdout } = await heapray(['top', file, '--json', '-n', '50', ...args]);
    expect(status).toBe(0);
    return JSON.parse(stdout) as { column: string; total: number; format: string; rows: { name: string }[] };
  };
  const { high_water_mark: peak, leaks } = expectedOf('threads.v13.bin');
  expect(await top('--by', 'peak')).toMatchObject({
    format: 'memray',
    column: 'peak_space',
    total: sumOf(peak.by_thread).bytes,
  });
  expect(await top('--by', 'leaked')).toMatchObject({ total: sumOf(leaks.by_thread).bytes });
  expect((await top('--group', 'allocator')).rows.map(({ name }) => name)).toContain('MALLOC');
  expect((await top('--group', 'thread', '--by', 'alloc')).rows.length).toBeGreaterThan(3);
});
