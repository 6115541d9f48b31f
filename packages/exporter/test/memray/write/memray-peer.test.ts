// One file of over 400 lines: all tests compare captures with memray, by the helpers at its end.
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../../test/support/peer-test.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { cleanName } from '../../../src/memray/format/clean-text.js';
import {
  CaptureLifetimes,
  type MemrayFormat,
  MemrayWriter,
  type StackHandle,
} from '../../../src/memray/index.js';
import { atEnd, atPeak, type Group, type HeapEvent, type Stack } from '../support/heap-model.js';
import {
  askOracle,
  captureFile,
  MEMRAY_OF,
  type Oracle,
  type OracleGroup,
  runMemray,
  runPython,
  tryMemray,
} from '../support/oracle.js';
import { type RandomCapture, randomCapture, START } from '../support/random-capture.js';
import { expectTemporal } from '../support/temporal.js';

const FORMATS: readonly MemrayFormat[] = [13, 12, 11];

describe.each(FORMATS)('format %d', (format) => {
  describeWithPeer('is read by the real memray', `memray-${MEMRAY_OF[format]}`, () => {
    describe.each([1, 2])('random capture %d', (seed) => {
      const capture = randomCapture({ seed: seed * 100 + format, events: 3000, format });
      let oracle: Oracle;
      beforeAll(async () => {
        oracle = await askOracle(format, captureFile(capture.bytes));
      });

      test('has every event, with its stack', () => {
        const events = oracle.events.map(([tid, address, size, allocator, stack]) => {
          return [tid, address, size, allocator, resolve(oracle, stack)];
        });
        expect(events).toEqual(capture.events.map((e) => [e.tid, e.address, e.size, e.allocator, e.stack]));
        expect(oracle.total).toBe(capture.events.length);
      });

      test('has the high-water mark', () => {
        expect(oracle.peak).toBe(atEnd(capture.events).peak);
        const peak = atPeak(capture.events);
        expect(sorted(oracle.highWaterMark.byThread.map((g) => group(oracle, g)))).toEqual(
          sorted(peak.groups(false)),
        );
        expect(sorted(oracle.highWaterMark.merged.map((g) => group(oracle, g)))).toEqual(
          sorted(peak.groups(true)),
        );
      });

      test('has the leaks', () => {
        const end = atEnd(capture.events);
        expect(sorted(oracle.leaks.byThread.map((g) => group(oracle, g)))).toEqual(sorted(end.groups(false)));
        expect(sorted(oracle.leaks.merged.map((g) => group(oracle, g)))).toEqual(sorted(end.groups(true)));
      });

      test('has the temporary allocations', () => {
        for (const [threshold, { byThread }] of Object.entries(oracle.temporary)) {
          const lifetimes = new CaptureLifetimes({ temporaryThreshold: Number(threshold) });
          lifetimes.push(capture.bytes);
          lifetimes.end();
          expect(lifetimes.total().temporary).toEqual({
            bytes: sum(byThread.map(({ size }) => size)),
            count: sum(byThread.map(({ count }) => count)),
          });
        }
      });

      test('has memory records and thread names', () => {
        expect(oracle.snapshots.map(([time, rss]) => [time, rss])).toEqual(capture.memoryRecords);
        // The high-water mark is not compared: memray stops reading there, and so misses later names.
        for (const { tid, thread } of oracle.leaks.byThread) {
          expect(thread).toBe(capture.threadNames.get(tid!) ?? '');
        }
      });
    });

    // memray forgets an allocation that is replaced without a free, also in parts of the time before that.
    test('has the same allocations in every part of the time, if none is replaced', async () => {
      const { bytes } = randomCapture({ seed: format, events: 2000, format, isReplacing: false });
      const oracle = await askOracle(format, captureFile(bytes));
      const records = (list: Oracle['temporalLeaks']) =>
        list.map((record) => ({ ...record, stack: resolve(oracle, record.stack) }));
      const parts = expectTemporal(bytes, {
        startMillis: START,
        recordMillis: oracle.snapshots.map(([millis]) => millis),
        leaks: records(oracle.temporalLeaks),
        peaks: oracle.temporalHighWaterMark.peaks,
        highWaterMark: records(oracle.temporalHighWaterMark.records),
      });
      expect(parts).toBeGreaterThan(20);
    });

    describe('memray commands', () => {
      const capture = randomCapture({ seed: 42, events: 2000, format });
      let file: string;
      beforeAll(() => {
        file = captureFile(capture.bytes);
      });

      test('parse prints every record', async () => {
        const lines = (await runMemray(format, ['parse', file])).trim().split('\n');
        expect(lines.at(-1)).toBe('TRAILER');
        const kinds = lines.map((line) => line.split(' ', 1)[0]);
        expect(kinds.filter((kind) => kind === 'ALLOCATION')).toHaveLength(capture.events.length);
        expect(kinds.filter((kind) => kind === 'MEMORY_RECORD')).toHaveLength(capture.memoryRecords.length);
      });

      test('stats --json has the same figures', async () => {
        const out = path.join(tempFolder(), 'stats.json');
        await runMemray(format, ['stats', '--json', '-n', '100000', '-o', out, file]);
        const stats = JSON.parse(fs.readFileSync(out, 'utf8'));
        const allocations = capture.events.filter(({ allocator }) => !/FREE$|MUNMAP/.test(allocator));
        expect(stats.total_num_allocations).toBe(allocations.length);
        expect(stats.total_bytes_allocated).toBe(total(allocations));
        expect(stats.metadata.peak_memory).toBe(atEnd(capture.events).peak);
        expect(stats.metadata.total_allocations).toBe(capture.events.length);
        expect(stats.allocator_type_distribution).toEqual(tally(allocations, ({ allocator }) => allocator));
        const tops = stats.top_allocations_by_size as { location: string; size: number }[];
        expect(Object.fromEntries(tops.map(({ location, size }) => [location, size]))).toEqual(
          tally(allocations, innermost, ({ size }) => size),
        );
        const often = stats.top_allocations_by_count as { location: string; count: number }[];
        expect(Object.fromEntries(often.map(({ location, count }) => [location, count]))).toEqual(
          tally(allocations, innermost),
        );
      });

      test('summary has the same figures', async () => {
        const text = await runMemray(format, ['summary', file]);
        expect(text).toContain('Allocation Count');
        expect(text).toContain(' at /app/\\[slug]/page.js');
      });

      const splitting = [
        ['flamegraph', '--split-threads'],
        ...(format === 13 ? [['table', '--split-threads']] : []),
      ];
      test.each([['table'], ['table', '--leaks'], ['flamegraph'], ['flamegraph', '--leaks'], ...splitting])(
        '%s %s',
        async (command, flag = '') => {
          const page = await report(format, flag === '' ? [command!] : [command!, flag], file);
          const heap = flag === '--leaks' ? atEnd(capture.events) : atPeak(capture.events);
          const groups = heap.groups(flag !== '--split-threads');
          expect(totalOf(page)).toEqual({
            size: total(groups),
            count: sum(groups.map(({ count }) => count)),
          });
        },
      );

      test('flamegraph --temporal has the same figures', async () => {
        const page = await report(format, ['flamegraph', '--temporal'], file);
        const { high_water_mark_by_snapshot: peaks } = page as { high_water_mark_by_snapshot: number[] };
        expect(Math.max(...peaks)).toBe(atEnd(capture.events).peak);
        expect(peaks).toHaveLength(capture.memoryRecords.length + 1);
        await report(format, ['flamegraph', '--temporal', '--leaks'], file);
      });

      test('transform csv has the same rows', async () => {
        const out = path.join(tempFolder(), 'out.csv');
        await runMemray(format, ['transform', 'csv', '-o', out, file]);
        const rows = fs.readFileSync(out, 'utf8').trim().split('\n').slice(1);
        const merged = atPeak(capture.events).groups(true);
        expect(rows).toHaveLength(merged.length);
        const sizes = rows.map((row) => Number(row.split(',')[2]));
        expect(sizes.sort((a, b) => a - b)).toEqual(merged.map(({ size }) => size).sort((a, b) => a - b));
      });

      test('tree shows all names, and none crashes it', async () => {
        const shown = await treeTexts(format, file, 40);
        expect(shown.length).toBeGreaterThan(5);
        for (const { names, texts } of shown) {
          const [label, detail, thread] = texts.map(bare);
          for (const name of names.slice(0, 2)) {
            expect(label).toContain(bare(name));
            expect(detail).toContain(bare(name));
          }
          expect(thread).toContain(bare(names[2]!));
        }
      });
    });

    test('tree shows every odd name of functions, files and threads', async () => {
      const names = [
        '[eval]',
        '[/x]',
        "['/a=b",
        '[Foo]',
        '[ x]',
        '[$y]',
        '[@z]',
        '[#1]',
        'a[',
        '[[b]]',
        'end\\',
        '[c=(]',
      ];
      const w = new MemrayWriter({ format, commandLine: 'x', pid: 1, startTimeMillis: START });
      w.memoryRecord(1, START);
      names.forEach((name, at) => {
        w.threadName(at + 1, name);
        w.allocation(at + 1, 64 * (at + 1), 100, w.stack(undefined, w.frame(name, name, 1)));
      });
      w.finish(1, START);
      const shown = await treeTexts(format, captureFile(w.take()), names.length);
      const expected = names.map((name) => [cleanName(name), cleanName(name), cleanName(name)]);
      expect(shown.map(({ names }) => names).sort()).toEqual(expected.sort());
      for (const { names, texts } of shown) {
        for (const text of texts) expect(bare(text)).toContain(bare(names[0]!));
      }
    });

    describe('stacks deeper than any report shows', () => {
      let file: string;
      beforeAll(() => {
        file = captureFile(deepCapture(format));
      });

      test.each([['flamegraph'], ['flamegraph', '--temporal'], ['table'], ['flamegraph', '--leaks']])(
        '%s %s',
        async (...args) => {
          await report(format, args.filter(Boolean), file);
        },
      );

      test.each(['summary', 'stats'])('%s', async (command) => {
        await runMemray(format, [command, file]);
      });

      test('tree', async () => {
        expect(await treeTexts(format, file, 3)).toHaveLength(3);
      });
    });

    test('a small capture cut after any byte can still be opened', async () => {
      const { bytes, events } = randomCapture({ seed: 7, events: 60, format });
      const firstRecord = headerLength(bytes, format);
      const folder = tempFolder();
      const results = JSON.parse(
        await runPython(format, ['-c', CUT_SCRIPT, folder, captureFile(bytes)]),
      ) as number[];
      expect(results).toHaveLength(bytes.length + 1);
      for (let length = 0; length <= firstRecord; length += 1) expect(results[length]).toBe(-1);
      const opened = results.slice(firstRecord + 1);
      expect(opened.every((count) => count >= 0)).toBe(true);
      expect(opened.every((count, at) => at === 0 || count >= opened[at - 1]!)).toBe(true);
      expect(opened.at(-1)).toBe(events.length);
    });

    test('an empty capture can be opened', async () => {
      const w = new MemrayWriter({ format, commandLine: '', pid: 1, startTimeMillis: START });
      w.finish(1, START);
      const file = captureFile(w.take());
      await report(format, ['flamegraph'], file);
      await report(format, ['table'], file);
    });

    test('other versions reject it', async () => {
      const file = captureFile(randomCapture({ seed: 1, events: 10, format }).bytes);
      for (const other of FORMATS.filter((each) => each !== format)) {
        const { status, stderr } = await tryMemray(other, ['summary', file]);
        expect(status).toBe(1);
        expect(stderr).toContain('incompatible with this version of memray');
      }
    });
  });
});

/** Returns a capture with a stack of 3000 frames, and one without a stack. */
function deepCapture(format: MemrayFormat): Uint8Array {
  const w = new MemrayWriter({ format, commandLine: 'x', pid: 1, startTimeMillis: START });
  w.memoryRecord(1, START);
  let stack: StackHandle | undefined;
  for (let depth = 0; depth < 3000; depth += 1) stack = w.stack(stack, w.frame('f', '/a.js', depth));
  w.allocation(1, 64, 100, stack);
  w.allocation(1, 128, 10, undefined);
  w.finish(1, START + 1);
  return w.take();
}

/** Opens the file cut after 0, 1, 2 … bytes and counts the events in it; -1 = cannot be opened. */
const CUT_SCRIPT = `
import json, os, sys
from memray import FileReader
folder, path = sys.argv[1:]
whole = open(path, "rb").read()
counts = []
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
for length in range(len(whole) + 1):
    cut = os.path.join(folder, "cut.bin")
    with open(cut, "wb") as f:
        f.write(whole[:length])
    try:
        reader = FileReader(cut)
        reader.metadata
        counts.append(sum(1 for _ in reader.get_allocation_records()))
        list(reader.get_high_watermark_allocation_records())
        list(reader.get_leaked_allocation_records())
    except OSError:
        counts.append(-1)
print(json.dumps(counts))
`;

/** Walks down the tree and prints function, file, thread and the three displayed texts of each node. */
const TREE_SCRIPT = `
import asyncio, json, sys
from memray import FileReader
from memray.reporters.tree import FrameTree, TreeReporter
from textual.widgets import Label
path, count = sys.argv[1], int(sys.argv[2])
records = FileReader(path).get_high_watermark_allocation_records(merge_threads=False)
app = TreeReporter.from_snapshot(iter(records), native_traces=False).get_app()
async def main():
    out = []
    async with app.run_test(size=(300, 80)) as pilot:
        await pilot.pause()
        tree = app.screen.query_one(FrameTree)
        await pilot.press("home")
        for _ in range(count):
            await pilot.press("down")
            await pilot.pause()
            node = tree.cursor_node
            if node is None or node.data is None or node.data.location is None:
                break
            function, file, line = node.data.location
            label = str(node.label)
            detail = [str(app.screen.query_one("#" + i, Label).render()) for i in ("function", "location", "thread")]
            name = node.data.thread_id.partition(" (")[2][:-1]
            out.append([function, file, name, label, " ".join(detail[:2]), detail[2]])
    print(json.dumps(out))
asyncio.run(main())
`;

async function treeTexts(format: MemrayFormat, file: string, count: number) {
  const rows = JSON.parse(await runPython(format, ['-c', TREE_SCRIPT, file, String(count)])) as string[][];
  return rows.map((row) => ({ names: row.slice(0, 3), texts: row.slice(3) }));
}

/** Removes the backslashes of escapes, which are displayed or not depending on the place. */
function bare(text: string): string {
  return text.replaceAll('\\', '');
}

/** Makes an HTML report and returns its data. */
async function report(format: MemrayFormat, args: readonly string[], file: string): Promise<unknown> {
  const out = path.join(tempFolder(), 'report.html');
  await runMemray(format, [...args, '-o', out, file]);
  const line = fs.readFileSync(out, 'utf8').match(/const packed_data = (.*);$/m)?.[1];
  expect(line).toBeDefined();
  return JSON.parse(line!);
}

interface Row {
  size: number;
  n_allocations: number;
}

interface Nodes {
  nodes: { value: number[]; n_allocations: number[] };
}

/** Returns the bytes and allocations in a report: the sum of a table's rows, or the root of a flame graph. */
function totalOf(page: unknown): { size: number; count: number } {
  if (Array.isArray(page)) {
    const rows = page as Row[];
    return { size: sum(rows.map(({ size }) => size)), count: sum(rows.map((row) => row.n_allocations)) };
  }
  const { value, n_allocations: counts } = (page as Nodes).nodes;
  return { size: value[0]!, count: counts[0]! };
}

function resolve({ locations }: Oracle, stack: readonly number[]): Stack {
  return stack.map((at) => locations[at]!);
}

function group(oracle: Oracle, { tid = 0, size, count, stack }: OracleGroup): Group {
  return { tid, size, count, stack: resolve(oracle, stack) };
}

function sorted(groups: readonly Group[]): string[] {
  return groups.map(({ tid, size, count, stack }) => JSON.stringify([tid, size, count, stack])).sort();
}

function total(items: readonly Pick<HeapEvent, 'size'>[]): number {
  return sum(items.map(({ size }) => size));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

/** Returns the sum of `weight` by key; without `weight`, the number of events. */
function tally(
  events: readonly HeapEvent[],
  key: (event: HeapEvent) => string,
  weight: (event: HeapEvent) => number = () => 1,
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const event of events) sums[key(event)] = (sums[key(event)] ?? 0) + weight(event);
  return sums;
}

/** Returns the allocating location, as `memray stats` prints it. */
function innermost({ stack }: HeapEvent): string {
  return stack[0]?.join(':') ?? '<stack trace unavailable>';
}

/** Returns the offset of the first record: a memory record, whose first byte is known. */
function headerLength(bytes: Uint8Array, format: MemrayFormat): number {
  const capture: Pick<RandomCapture, 'bytes'> = { bytes };
  const w = new MemrayWriter({
    format,
    commandLine: 'node app.js [--x]',
    pid: 4242,
    startTimeMillis: START,
    libdest: 'node:internal',
    sitePackages: ['/app/node_modules'],
    sysPath: ['/app'],
  });
  const empty = w.bytesEncoded;
  expect(capture.bytes[empty]).toBe(format === 11 ? 0x0b : 0x02);
  return empty;
}
