// `heapray convert --aggregate`, checked with the reports of memray.
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../test/support/peer-test.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { captureFile, MEMRAY_OF, runMemray } from '../support/captures.js';
import { heapray } from '../support/loaded-heapray.js';
import { fileWith } from '../support/sample-files.js';

/**
 * Returns the bytes in memray's reports. Counts are not compared: memray miscounts when it merges rows of an aggregated
 * file.
 */
async function reports(format: number, file: string): Promise<unknown> {
  const folder = tempFolder();
  const write = async (name: string, ...args: readonly string[]) => {
    const output = path.join(folder, name);
    const { status, stderr } = await runMemray(format, [...args, '-o', output, file]);
    expect(status, stderr).toBe(0);
    return readFileSync(output, 'utf8');
  };
  const summary = await runMemray(format, ['summary', file]);
  expect(summary.status, summary.stderr).toBe(0);
  return {
    table: bytesByStack(packed(await write('table.html', 'table'))),
    leaks: bytesByStack(packed(await write('leaks.html', 'table', '--leaks'))),
    flamegraph: bytesByFrame(packed(await write('flame.html', 'flamegraph'))),
    leakyFlamegraph: bytesByFrame(packed(await write('flame-leaks.html', 'flamegraph', '--leaks'))),
    csv: bytesOfCsv(await write('peak.csv', 'transform', 'csv')),
    csvLeaks: bytesOfCsv(await write('leaks.csv', 'transform', 'csv', '--leaks')),
    // The last two columns count allocations. The report covers 95 % of the bytes, and before 1.20 their order is
    // arbitrary.
    summary: format === 13 && summary.stdout.split('\n').map((line) => line.split('│').slice(0, 6).join('│')),
  };
}

function packed(html: string): unknown {
  return JSON.parse(/const packed_data = (.*);\s/.exec(html)![1]!);
}

function bytesByStack(rows: unknown): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { size, stack_trace: stack } of rows as { size: number; stack_trace: string }[]) {
    sums[stack] = (sums[stack] ?? 0) + size;
  }
  return sums;
}

/** Sums by name, because the thread that a merged stack is drawn for is arbitrary. */
function bytesByFrame(data: unknown): Record<string, number> {
  const { nodes, strings } = data as { nodes: { name: number[]; value: number[] }; strings: string[] };
  const sums: Record<string, number> = {};
  for (const [at, name] of nodes.name.entries()) {
    sums[strings[name]!] = (sums[strings[name]!] ?? 0) + nodes.value[at]!;
  }
  return sums;
}

/** Returns sizes and stacks. Allocator and thread are those of an arbitrary merged allocation. */
function bytesOfCsv(text: string): readonly string[] {
  const rows = text.trim().split(/\r?\n/).slice(1);
  return rows.map((row) => /^\w+,\d+,(\d+),\d+,[^,]*,(.*)$/.exec(row)!.slice(1).join(' ')).sort();
}

describe.each([
  ['threads.v13.bin', 13],
  ['native.v13.bin', 13],
  ['threads.v12.bin', 12],
  ['threads.v11.bin', 11],
  ['threads.v11.bin', 13],
  ['threads.v13.bin', 11],
] as const)('%s as %d', (name, to) => {
  describeWithPeer('aggregated', [`memray-${MEMRAY_OF[to]!}`], () => {
    test('has the same bytes in all reports', async () => {
      const folder = tempFolder();
      const whole = path.join(folder, 'whole.bin');
      const summed = path.join(folder, 'summed.bin');
      const convert = async (output: string, ...args: readonly string[]) => {
        const command = ['convert', captureFile(name), '-o', output, '--memray-format', `${to}`, ...args];
        expect(await heapray(command)).toMatchObject({ status: 0, stdout: '', stderr: '' });
      };
      await convert(whole);
      await convert(summed, '--aggregate');
      expect(await reports(to, summed)).toEqual(await reports(to, whole));
    });
  });
});

test('makes a small capture of a large one', async () => {
  const output = path.join(tempFolder(), 'small.bin');
  await heapray(['convert', captureFile('killed.v13.bin'), '-o', output, '--aggregate']);
  const whole = path.join(tempFolder(), 'whole.bin');
  await heapray(['convert', captureFile('killed.v13.bin'), '-o', whole]);
  expect(statSync(output).size / statSync(whole).size).toBeLessThan(0.5);
});

test('supports standard output, and reports damage and wrong usage', async () => {
  const piped = await heapray([
    'convert',
    captureFile('threads.v13.bin'),
    '-o',
    '-',
    '--to',
    'memray',
    '--aggregate',
  ]);
  expect(piped.status).toBe(0);
  expect(piped.stdout.slice(0, 6)).toBe('memray');
  const output = path.join(tempFolder(), 'a.bin');
  const cut = await heapray([
    'convert',
    captureFile('synthetic/node-cut.v13.bin'),
    '-o',
    output,
    '--aggregate',
    '--strict',
  ]);
  expect(cut.status).toBe(1);
  expect(cut.stderr).toMatch(/: damaged at byte \d+ of the capture: .*; what comes before it is used\n$/);
  expect(statSync(output).size).toBeGreaterThan(100);
  const none = path.join(tempFolder(), 'none.bin');
  expect((await heapray(['convert', fileWith('nothing'), '-o', none, '--aggregate'])).status).toBe(1);
  expect(() => statSync(none)).toThrow(/ENOENT/);
  const wrong = await heapray(['convert', captureFile('threads.v13.bin'), '-o', 'a.pb', '--aggregate']);
  expect(wrong).toMatchObject({ status: 2, stderr: 'heapray: --aggregate is for memray, not for pprof\n' });
});
