// `--from`, `--until` and `--at-peak`. The sums of other captures and parts are compared with memray's in packages/exporter.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { captureFile, parsedLines } from '../support/captures.js';
import { heapray } from '../support/loaded-heapray.js';
import { shopPprof } from '../support/sample-files.js';

/** Has memory records at 0, 0.5, 1, 2 and 2.5 s. */
const NAME = 'synthetic/node-demo.v13.bin';
const DEMO = captureFile(NAME);
const AGGREGATED = captureFile('aggregate.v13.bin');
/** From the second memory record to the fourth, as memray's temporal records have it. */
const PART = { leaked: 919_794, peak: 4_198_400 };

async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await heapray([...args, '--json']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('a part of the time', () => {
  test.each([
    ['in seconds', '0.5', '2'],
    ['with units', '500ms', '2s'],
    ['between memory records', '0.4', '1.5'],
    ['in UTC', '2023-11-14T22:13:20.500Z', '2023-11-14T22:13:22Z'],
    ['with an offset', '2023-11-15T00:13:20.5+02:00', '2023-11-14T20:13:22-02:00'],
  ])('%s', async (_, from, until) => {
    const time = ['--from', from, '--until', until];
    expect(await json('top', DEMO, ...time)).toMatchObject({ total: PART.leaked });
    expect(await json('top', DEMO, ...time, '--at-peak')).toMatchObject({
      column: 'peak_space',
      total: PART.peak,
    });
  });

  test('is that of stats', async () => {
    expect(await json('stats', DEMO, '--from', '0.5', '--until', '2')).toMatchObject({
      metadata: { peak_memory: PART.peak },
      heapray: {
        leaked_bytes: PART.leaked,
        time: ['0.5 s to 2 s after the start of the capture'],
      },
    });
    const { stdout } = await heapray(['stats', DEMO, '--from', '0.5', '--until', '2']);
    expect(stdout).toMatch(/^Time +0\.5 s to 2 s after the start of the capture$/m);
    expect(stdout).toMatch(/^Alive at its end +898\.2 KiB/m);
  });

  test('is that of convert, flamegraph and diff', async () => {
    const folded = path.join(tempFolder(), 'out.folded');
    const page = path.join(tempFolder(), 'out.html');
    expect(await heapray(['convert', DEMO, '-o', folded, '--from', '0.5', '--until', '2'])).toMatchObject({
      status: 0,
    });
    const lines = readFileSync(folded, 'utf8').trim().split('\n');
    const sum = lines.reduce((all, line) => all + Number(line.slice(line.lastIndexOf(' '))), 0);
    expect(sum).toBe(PART.leaked);
    expect(await heapray(['flamegraph', DEMO, '-o', page, '--until', '1', '--at-peak'])).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(readFileSync(page, 'utf8')).toContain('0 s to 1 s after the start of the capture');
    expect(await json('diff', DEMO, DEMO, '--from', '0.5', '--until', '2', '--at-peak')).toMatchObject({
      column: 'peak_space',
      totals: { new: { inuse_space: PART.leaked, peak_space: PART.peak } },
    });
  });

  test('is that of parse', async () => {
    const { status, stdout } = await heapray(['parse', DEMO, '--from', '0.5', '--until', '1']);
    expect(status).toBe(0);
    const all = parsedLines(NAME);
    const records = all.flatMap((line, at) => (line.startsWith('MEMORY_RECORD') ? at : []));
    expect(stdout.split('\n').slice(0, -1)).toEqual([all[0], ...all.slice(records[1], records[2]! + 1)]);
  });

  test('ends with the capture, which is said on stderr', async () => {
    const { status, stderr } = await heapray(['top', DEMO, '--from', '2', '--until', '1m']);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `heapray: ${DEMO}: ends before --until; shown: 2 s to 2.5 s after the start of the capture\n`,
    });
  });

  test('of a damaged capture ends before the damage', async () => {
    const file = captureFile('synthetic/node-cut.v13.bin');
    const { status, stdout, stderr } = await heapray(['top', file, '--from', '0.5', '--json', '--strict']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^heapray: \S+: damaged at byte \d+ of the capture: [^\n]*\n$/);
    expect(JSON.parse(stdout)).toHaveProperty('total');
  });
});

describe('refused with status 1 and one line', () => {
  const reads = [['top'], ['stats'], ['parse'], ['lifetimes']];

  test.each(reads)('%s: a time that the capture does not have', async (command) => {
    for (const [from, until, message] of [
      ['2', '1', 'the time begins at 2 s, which is not before its end at 1 s'],
      ['99', '100', 'the time begins at 99 s, but the capture ends at 2.5 s'],
      ['0', '2020-01-01T00:00Z', 'before the capture has started'],
    ] as const) {
      const { status, stderr } = await heapray([command!, DEMO, '--from', from, '--until', until]);
      expect(status).toBe(1);
      expect(stderr.startsWith(`heapray: ${DEMO}: the time `), stderr).toBe(true);
      expect(stderr.endsWith(`${message}\n`), stderr).toBe(true);
      expect(stderr.split('\n')).toHaveLength(2);
    }
  });

  test.each(reads)('%s: an aggregated capture', async (command) => {
    const { status, stderr } = await heapray([command!, AGGREGATED, '--from', '1']);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `heapray: ${AGGREGATED}: an aggregated capture holds sums only, so it has no ${
        command === 'lifetimes' ? 'lifetimes' : 'part of its time'
      }\n`,
    });
  });

  test('a file that is no capture', async () => {
    const file = shopPprof();
    expect(await heapray(['top', file, '--until', '1'])).toEqual({
      status: 1,
      signal: null,
      stdout: '',
      stderr: `heapray: ${file}: no memray capture; --from and --until need its times\n`,
    });
  });
});

describe('refused with status 2 and one line', () => {
  const invalid = (option: string, value: string) =>
    `option '${option} <time>' argument '${value}' is invalid. ` +
    'Must be a time such as 12.5, 90s, 2m or 2026-11-28T10:00:00Z.';

  test.each<[string[], string]>([
    [['top', DEMO, '--from', 'tomorrow'], invalid('--from', 'tomorrow')],
    [['stats', DEMO, '--until=-1'], invalid('--until', '-1')],
    [['parse', DEMO, '--until', '1e9'], invalid('--until', '1e9')],
    [['lifetimes', DEMO, '--from', '2026-11-28T10:00:00'], invalid('--from', '2026-11-28T10:00:00')],
    [['lifetimes', DEMO, '--from', '2026-13-40T10:00:00Z'], invalid('--from', '2026-13-40T10:00:00Z')],
    [
      ['top', DEMO, '--at-peak', '--by', 'alloc'],
      "option '--at-peak' cannot be used with option '--by <column>'",
    ],
    [
      ['convert', DEMO, '-o', 'out.bin', '--from', '1'],
      '--from and --until are for profiles; a memray capture is converted as a whole',
    ],
    [
      ['convert', DEMO, '-o', 'out.json', '--at-peak'],
      '--at-peak is for formats that hold one column; json holds them all',
    ],
  ])('%j', async (args, line) => {
    expect(await heapray(args)).toEqual({
      status: 2,
      signal: null,
      stdout: '',
      stderr: `heapray: ${line}\n`,
    });
    expect(existsSync('out.bin')).toBe(false);
  });
});
