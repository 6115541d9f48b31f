// A Python program under the real `memray run`, with all kinds of options: heapray must read the same as memray.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../test/support/peer-test.js';
import { memray } from '../../../test/support/peers.js';
import { runCommand } from '../../../test/support/run-command.js';
import { runMemrayScript } from '../../../test/support/run-memray.js';
import { tempFolder } from '../../../test/support/temp-folder.js';
import { MEMRAY_OF, runMemray } from './support/captures.js';
import { heapray } from './support/loaded-heapray.js';

const PROGRAM = `
import mmap, os, threading

kept = []

def remember(rounds):
    for i in range(rounds):
        kept.append({"order": str(i), "lines": [bytes(300) for _ in range(4)]})

def churn(rounds):
    for i in range(rounds):
        bytearray(2000 + i)

def in_thread():
    remember(200)
    churn(400)

room = mmap.mmap(-1, 1 << 20)
worker = threading.Thread(target=in_thread, name="shop")
worker.start()
remember(300)
churn(800)
worker.join()
child = os.fork()
if child == 0:
    remember(100)
    raise SystemExit
os.waitpid(child, 0)
room.close()
`;

/** Options of `memray run`, together and one by one. */
const COMBINED: readonly (readonly string[])[] = [
  [],
  ['--native', '--trace-python-allocators', '--follow-fork'],
  ['--aggregate', '--native', '--trace-python-allocators'],
  ['--aggregate', '--follow-fork'],
];
const SINGLE: readonly (readonly string[])[] = [
  ['--no-compress'],
  ['--native'],
  ['--trace-python-allocators'],
  ['--follow-fork'],
  ['--aggregate'],
];

/** Prints bytes and allocations at the high-water mark and at the end, from memray's own reader. */
const SUMS = `
import json, sys
from memray import FileReader
reader = FileReader(sys.argv[1], report_progress=False)
leaks = list(reader.get_leaked_allocation_records(merge_threads=False))
print(json.dumps([reader.metadata.peak_memory, sum(r.size for r in leaks), sum(r.n_allocations for r in leaks)]))
`;

/** Runs the program. Returns its captures, including those of its children. */
async function record(
  format: number,
  ways: readonly string[],
  program: string = PROGRAM,
): Promise<readonly string[]> {
  const folder = tempFolder();
  writeFileSync(path.join(folder, 'shop.py'), program);
  const args = ['run', '--quiet', '-o', 'shop.bin', ...ways, 'shop.py'];
  const { status, stderr } = await runCommand(memray(MEMRAY_OF[format]!), args, {
    cwd: folder,
  });
  expect(status, stderr).toBe(0);
  const files = readdirSync(folder).filter((name) => name.startsWith('shop.bin'));
  return files.sort().map((name) => path.join(folder, name));
}

async function statsOf(file: string): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await heapray(['stats', '--json', '-n', '1000', file]);
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Sorts lists, because memray puts equal entries in any order. */
function sorted(value: Record<string, unknown>): Record<string, unknown> {
  const inOrder = (part: unknown) =>
    Array.isArray(part) ? part.map((row) => JSON.stringify(row)).sort() : part;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, inOrder(part)]));
}

async function expectSums(format: number, file: string): Promise<void> {
  const { status, stdout, stderr } = await runMemrayScript(MEMRAY_OF[format]!, ['-c', SUMS, file]);
  expect(status, stderr).toBe(0);
  const [peak, bytes, allocations] = JSON.parse(stdout) as [number, number, number];
  const { heapray: own } = await statsOf(file);
  expect(own).toMatchObject({ peak_memory: peak, leaked_bytes: bytes, leaked_allocations: allocations });
  // A child may allocate from memory that its parent had left.
  expect(peak).toBeGreaterThan(file.endsWith('.bin') ? 100_000 : 0);
}

async function expectStats(format: number, file: string): Promise<void> {
  const output = path.join(tempFolder(), 'stats.json');
  const { status, stderr } = await runMemray(format, ['stats', '--json', '-n', '1000', '-o', output, file]);
  expect(status, stderr).toBe(0);
  const { heapray: _, ...ours } = await statsOf(file);
  expect(sorted(ours)).toEqual(sorted(JSON.parse(readFileSync(output, 'utf8')) as Record<string, unknown>));
}

/** Two methods of the same name, and two lambdas. In each pair, one keeps 1 MiB and one 2 MiB. */
const NAMESAKES = `
class Order:
    def __init__(self):
        self.page = bytearray(1 << 20)

class Cart:
    def __init__(self):
        size = 2 << 20
        self.page = bytearray(size)

first = lambda: bytearray(1 << 20)
second = lambda: bytearray(2 << 20)
kept = [Order(), Cart(), first(), second()]
`;

/** Lines where these functions start, and lines that allocate: format 11 has only the latter. */
const LINES = { starts: [3, 7, 11, 12], allocates: [4, 9, 11, 12] };

describe.each([13, 12, 11])('format %d', (format) => {
  const wanted = format === 11 ? LINES.allocates : LINES.starts;

  describeWithPeer('functions of one name in one file', `memray-${MEMRAY_OF[format]!}`, () => {
    test.each([
      ['plain', []],
      ['aggregated', ['--aggregate']],
    ])('have separate rows, %s', async (_, ways) => {
      const [file] = await record(format, ways, NAMESAKES);
      const { stdout } = await heapray(['top', file!, '--json', '--by', 'peak', '-n', '100']);
      const { rows } = JSON.parse(stdout) as {
        rows: { name: string; file: string; line: number; flat: number }[];
      };
      const own = rows.filter(({ file, name }) => file.endsWith('shop.py') && name !== '<module>');
      const bytes = own.map(({ name, line, flat }) => [name, line, Math.floor(flat / 2 ** 20)]);
      expect(bytes.sort((a, b) => Number(a[1]) - Number(b[1]))).toEqual([
        ['__init__', wanted[0], 1],
        ['__init__', wanted[1], 2],
        ['<lambda>', wanted[2], 1],
        ['<lambda>', wanted[3], 2],
      ]);
    });
  });

  describeWithPeer('memray run', `memray-${MEMRAY_OF[format]!}`, () => {
    const all = format === 13 ? [...COMBINED, ...SINGLE] : COMBINED;
    describe.each(all.map((ways) => [ways.join(' ') || 'plain', ways] as const))('%s', (_, ways) => {
      let files: readonly string[] = [];
      beforeAll(async () => {
        files = await record(format, ways);
      });

      test('writes a capture of each followed process', () => {
        expect(files).toHaveLength(ways.includes('--follow-fork') ? 2 : 1);
      });

      test('agrees with memray on peak and leaks', async () => {
        for (const file of files) await expectSums(format, file);
      });

      // memray has no stats for an aggregated capture.
      if (ways.includes('--aggregate')) return;
      test('agrees with memray on stats', async () => {
        for (const file of files) await expectStats(format, file);
      });
    });
  });
});
