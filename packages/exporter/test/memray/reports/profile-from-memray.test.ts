// A capture as a profile: sums must equal memray's. Also tests labels, packages and native frames.
import { describe, expect, test } from 'vitest';
import {
  analyzeMemray,
  type MemrayHeader,
  MemrayProfiler,
  MemrayWriter,
  profileFromMemray,
} from '../../../src/memray/index.js';
import { totals } from '../../../src/profile/index.js';
import { checkProfile } from '../../profile/check-profile.js';
import { formatProfile } from '../../profile/format-profile.js';
import { captureOf, THREAD_1 } from '../support/craft.js';
import { type Expected, type ExpectedStats, golden, goldenNames } from '../support/golden.js';

describe.each(goldenNames())('%s', (name) => {
  const { bytes, expected } = golden(name);
  const profile = profileFromMemray([bytes]);

  test('has the sums of memray', () => {
    checkProfile(profile);
    const sums = totals(profile);
    const wanted = {
      ...sumsOf(expected, 'peak', expected.high_water_mark.by_thread),
      ...sumsOf(expected, 'inuse', expected.leaks.by_thread),
    };
    if ('error' in expected.stats) expect(sums).toEqual(wanted);
    else {
      const { total_num_allocations, total_bytes_allocated } = expected.stats as ExpectedStats;
      expect(sums).toEqual({
        alloc_objects: total_num_allocations,
        alloc_space: total_bytes_allocated,
        ...wanted,
      });
    }
  });

  test('is collected at the end of the capture, or at its last write', () => {
    const { startTimeMillis, endTimeMillis } = analyzeMemray([bytes]).header!;
    const lastMillis = expected.memory_snapshots.at(-1)?.[0] ?? 0;
    const end = endTimeMillis > startTimeMillis ? endTimeMillis : lastMillis;
    expect(profile.timeNanos).toBe(BigInt(end) * 1_000_000n);
    expect(profile.durationNanos).toBe(BigInt(end - startTimeMillis) * 1_000_000n);
  });

  test('has the labels of memray', () => {
    const threads = new Set<string>();
    const allocators = new Map<string, number>();
    const counts = profile.columns.findIndex(({ type }) => type === 'alloc_objects');
    for (let sample = 0; sample < profile.sampleCount; sample += 1) {
      const { allocator, tid, thread } = profile.labelsOf(sample) as Record<string, string>;
      threads.add(`${tid} ${thread}`);
      if (counts >= 0)
        allocators.set(allocator!, (allocators.get(allocator!) ?? 0) + profile.value(sample, counts));
    }
    for (const { tid, thread } of expected.leaks.by_thread) {
      expect(threads).toContain(`${tid} ${thread || `0x${tid!.toString(16)}`}`);
    }
    if ('error' in expected.stats) return;
    const { allocator_type_distribution: wanted } = expected.stats as ExpectedStats;
    expect(Object.fromEntries(allocators)).toEqual(wanted);
  });

  test('has the modules of memray 1.20 as packages', () => {
    const modules =
      'error' in expected.stats
        ? undefined
        : (expected.stats as ExpectedStats).top_modules_by_allocation_size;
    if (modules === undefined || /node/.test(name)) return;
    const sums = new Map<string, number>();
    const column = profile.columns.findIndex(({ type }) => type === 'alloc_space');
    for (let sample = 0; sample < profile.sampleCount; sample += 1) {
      const label = `${profile.labelsOf(sample).package}`;
      sums.set(label, (sums.get(label) ?? 0) + profile.value(sample, column));
    }
    expect(Object.fromEntries(sums)).toEqual(
      Object.fromEntries(modules.map(({ module, total_bytes }) => [module, total_bytes])),
    );
  });
});

function sumsOf(_: Expected, prefix: string, records: readonly { size: number; n_allocations: number }[]) {
  return {
    [`${prefix}_objects`]: records.reduce((sum, { n_allocations }) => sum + n_allocations, 0),
    [`${prefix}_space`]: records.reduce((sum, { size }) => sum + size, 0),
  };
}

test('omits invalid times', () => {
  const times = (header: Partial<MemrayHeader>) => {
    const { timeNanos, durationNanos } = profileFromMemray([captureOf(THREAD_1, header)]);
    return [timeNanos, durationNanos];
  };
  expect(times({ startTimeMillis: 2 ** 60, endTimeMillis: 7 })).toEqual([7_000_000n, 0n]);
  expect(times({ startTimeMillis: 7, endTimeMillis: 2 ** 60 })).toEqual([7_000_000n, 0n]);
  expect(times({ startTimeMillis: 7, endTimeMillis: 5 })).toEqual([7_000_000n, 0n]);
});

test('finds packages in the usual places for formats without folders', () => {
  const packages = (name: string) => {
    const profile = profileFromMemray([golden(name).bytes]);
    return new Set(Array.from({ length: profile.sampleCount }, (_, at) => profile.labelsOf(at).package));
  };
  expect([...packages('threads.v12.bin')].sort()).toEqual(['<root>', 'threads']);
  expect([...packages('threads.v11.bin')].sort()).toEqual(['<root>', 'threads']);
});

test('finds packages of a Node program: npm packages, the runtime, its own files, frames without a file', async () => {
  const writer = new MemrayWriter({ commandLine: 'node app.js', pid: 1, startTimeMillis: 1_700_000_000_000 });
  const own = writer.stack(undefined, writer.frame('main', '/app/src/app.js', 3));
  const under = (file: string) => writer.stack(own, writer.frame('f', file, 1));
  writer.threadName(1, 'main');
  writer.allocation(1, 16, 1, own);
  writer.allocation(1, 32, 2, under('/app/node_modules/express/lib/a.js'));
  writer.allocation(1, 48, 4, under('/app/node_modules/.pnpm/x@1/node_modules/@scope/x/i.js'));
  writer.allocation(1, 64, 8, under('node:fs'));
  writer.allocation(1, 80, 16, writer.stack(undefined, writer.frame('emit', 'node:events', 1)));
  writer.allocation(2, 96, 32, writer.stack(own, writer.frame('get [a]', '/app/[slug]/p.js', 1)));
  writer.allocation(1, 112, 64, under('(native)'));
  writer.allocation(1, 128, 128, writer.stack(undefined, writer.frame('(GC)', '(native)', 0)));
  const short = writer.frame('(short-lived, estimated)', '(heapray)', 0);
  writer.allocation(1, 144, 256, writer.stack(under('/app/node_modules/express/lib/a.js'), short));
  writer.finish(0, 1_700_000_000_010);
  await expect(formatProfile(profileFromMemray([writer.take()]))).toMatchFileSnapshot('profile-of-node.txt');
});

test('has native frames below the Python ones, as addresses in their files', () => {
  const { bytes } = golden('native.v13.bin');
  const profile = profileFromMemray([bytes]);
  const analyzer = analyzeMemray([bytes]);
  const record = analyzer.leaks().find(({ native, stack }) => native !== 0 && stack !== 0)!;
  const wanted = analyzer.nativeFrames(record).map(({ path, fileAddress }) => {
    return `0x${fileAddress!.toString(16)} ${path!.split('/').at(-1)}`;
  });
  const stacks = Array.from({ length: profile.sampleCount }, (_, at) =>
    [...profile.frames(profile.stackOf(at))].map((frame) =>
      frame.file === '' ? frame.functionName : frame.file,
    ),
  );
  const places = analyzer.locations(record).map(({ file }) => file);
  expect(stacks).toContainEqual([...wanted, ...places]);
});

test('has the data read so far', () => {
  const { bytes } = golden('uncompressed.v13.bin');
  const profiler = new MemrayProfiler();
  expect(() => profiler.profile()).toThrow('no header');
  profiler.push(bytes.subarray(0, 20_000));
  const half = totals(profiler.profile());
  profiler.push(bytes.subarray(20_000));
  profiler.end();
  expect(totals(profiler.profile()).alloc_objects).toBeGreaterThan(half.alloc_objects!);
});
