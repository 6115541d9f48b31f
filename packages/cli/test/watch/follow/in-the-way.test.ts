// A file without a run: empty, cut in its header, or not a capture. Figures of an earlier run must not be shown.
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import type { CaptureFollower } from '../../../src/watch/follow/capture-follower.js';
import { hintsFor } from '../../../src/watch/hints.js';
import { CaptureMetrics } from '../../../src/watch/metrics/capture-metrics.js';
import {
  AIRFLOW,
  Clock,
  contents,
  contentsOf,
  follow,
  goldenFile,
  rawCapture,
  withoutZeros,
  withStart,
} from '../support/captures.js';

const SMALL = rawCapture(goldenFile('threads.v13.bin'));
const LZ4_HEAD = Buffer.from('04224d184040c000000000', 'hex');

function scheduler(): string {
  return path.join(tempFolder(), 'scheduler_memory.bin');
}

/** Returns the names of the metrics of call sites and of the heap, which only a run has. */
async function heapMetrics(follower: CaptureFollower): Promise<string[]> {
  const names = (await metricsOf(follower)).map(({ descriptor }) => descriptor.name);
  return names.filter((name) => /memory|events|start_time|damaged/.test(name));
}

async function metricOf(follower: CaptureFollower, name: string): Promise<unknown> {
  const metric = (await metricsOf(follower)).find(({ descriptor }) => descriptor.name === name);
  return metric?.dataPoints[0]?.value;
}

async function metricsOf(follower: CaptureFollower): Promise<readonly MetricData[]> {
  const producer = new CaptureMetrics({ captures: [{ component: 'scheduler', follower }], hints: [] });
  const { resourceMetrics } = await producer.collect();
  return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
}

async function hintNames(follower: CaptureFollower): Promise<string[]> {
  const hints = await hintsFor([{ component: 'scheduler', follower }], undefined);
  return hints.map(({ hint }) => hint).filter((hint) => hint !== 'disk_space');
}

/** Runs whose end was read, or not. */
const RUNS: readonly [string, Buffer][] = [
  ['a raw run that is going on', SMALL.subarray(0, 20_000)],
  ['a raw run that is finished', SMALL],
  ['a compressed run', readFileSync(goldenFile('threads.v13.bin'))],
];

const REPLACEMENTS: readonly [string, (file: string) => void, string][] = [
  ['is emptied in place', (file) => truncateSync(file, 0), 'waiting'],
  ['is replaced by an empty file', (file) => replaceBy(file, Buffer.alloc(0)), 'waiting'],
  ['is replaced by zeros', (file) => replaceBy(file, Buffer.alloc(8192)), 'waiting'],
  ['is overwritten with zeros', (file) => writeFileSync(file, Buffer.alloc(50_000)), 'waiting'],
  ['is replaced by the start of a header', (file) => replaceBy(file, SMALL.subarray(0, 30)), 'waiting'],
  ['is replaced by a cut header', (file) => replaceBy(file, SMALL.subarray(0, 70)), 'waiting'],
  ['is replaced by the start of a compressed file', (file) => replaceBy(file, LZ4_HEAD), 'waiting'],
  ['is replaced by text', (file) => replaceBy(file, Buffer.from('no capture')), 'unreadable'],
  ['is replaced by much text', (file) => replaceBy(file, Buffer.alloc(10_000, 'x')), 'unreadable'],
  ['is replaced by a folder', folderAt, 'unreadable'],
  ['is replaced by a broken compressed file', (file) => replaceBy(file, brokenLz4()), 'unreadable'],
];

describe.each(RUNS)('%s', (_, bytes) => {
  test.each(REPLACEMENTS)('%s: has no figures of the old run', async (_title, replace, state) => {
    const file = scheduler();
    writeFileSync(file, bytes);
    const clock = new Clock();
    const follower = follow(file, { clock: () => clock.now });
    await follower.poll();
    await follower.poll();
    expect(await heapMetrics(follower)).toContain('heapray.memory.retained');
    replace(file);
    clock.now = Date.now();
    await follower.poll();
    await follower.poll();
    await follower.poll();
    expect(follower.state).toBe(state);
    expect(await heapMetrics(follower)).toEqual([]);
    expect(await metricOf(follower, 'heapray.capture.data')).toBe(follower.sizes.data);
    expect(follower.reason).not.toBe('');
    clock.now += 11_000;
    await follower.poll();
    expect(follower.state).toBe(state === 'waiting' ? 'stopped' : state);
    expect(await heapMetrics(follower)).toEqual([]);
    expect(await hintNames(follower)).toEqual(['old_capture']);
    rmSync(file, { recursive: true });
    writeFileSync(file, withStart(SMALL, 1_800_000_000_000n));
    await follower.poll();
    await follower.poll();
    expect([follower.state, follower.runs.count]).toEqual(['finished', 2]);
    expect(follower.header?.startTimeMillis).toBe(1_800_000_000_000);
  });
});

test('reports size 0 for an emptied file', async () => {
  const file = scheduler();
  writeFileSync(file, SMALL);
  const follower = follow(file);
  await follower.poll();
  truncateSync(file, 0);
  await follower.poll();
  expect(await metricOf(follower, 'heapray.capture.size')).toBe(0);
  expect(await metricOf(follower, 'heapray.capture.data')).toBe(0);
});

describe('has the same state when followed and when read once', () => {
  const raw = withoutZeros(rawCapture(AIRFLOW));
  const compressed = readFileSync(goldenFile('threads.v13.bin'));
  test.each<[string, Buffer, string, string]>([
    ['an empty file', Buffer.alloc(0), 'stopped', 'the file is empty'],
    ['only zeros', Buffer.alloc(4096), 'stopped', 'the file holds only zeros'],
    ['a few zeros', Buffer.alloc(5), 'stopped', 'the file holds only zeros'],
    ['one byte', SMALL.subarray(0, 1), 'stopped', 'the header is cut'],
    ['a cut header', SMALL.subarray(0, 60), 'stopped', 'the header is cut'],
    ['the head of a compressed file', LZ4_HEAD, 'stopped', 'the header is cut'],
    [
      'a compressed file without its first bytes of data',
      compressed.subarray(0, 40),
      'stopped',
      'the header is cut',
    ],
    [
      'a compressed file that is cut',
      compressed.subarray(0, 15_000),
      'damaged',
      'at byte 15000 of the compressed file',
    ],
    ['a raw file that is cut', raw.subarray(0, 900_001), 'stopped', ''],
    ['text', Buffer.from('hello'), 'unreadable', 'not a memray capture'],
    ['nearly the magic word', Buffer.from('memrax'), 'unreadable', 'not a memray capture'],
  ])('%s', async (_, bytes, state, reason) => {
    const file = scheduler();
    writeFileSync(file, bytes);
    utimesSync(file, 1_700_000_000, 1_700_000_000);
    const clock = new Clock();
    const followed = follow(file, { clock: () => clock.now });
    for (let i = 0; i < 4; i += 1) {
      await followed.poll();
      clock.now += 1000;
    }
    const once = follow(file);
    await once.poll({ final: true });
    for (const follower of [followed, once]) {
      expect(follower.state).toBe(state);
      expect(follower.reason).toMatch(reason === '' ? /^$/ : reason);
      expect(await hintNames(follower)).toEqual(['old_capture']);
    }
    expect(contents(followed.run?.capture)).toBe(contents(once.run?.capture));
  });
});

test('reads a compressed file again when more data arrives after a pause', async () => {
  const file = scheduler();
  const compressed = readFileSync(goldenFile('threads.v13.bin'));
  writeFileSync(file, compressed.subarray(0, 15_000));
  const clock = new Clock();
  const follower = follow(file, { clock: () => clock.now });
  await follower.poll();
  expect([follower.state, follower.run]).toEqual(['waiting', undefined]);
  clock.now += 11_000;
  await follower.poll();
  expect(follower.state).toBe('damaged');
  appendFileSync(file, compressed.subarray(15_000));
  await follower.poll();
  expect([follower.state, follower.reason, follower.runs.count]).toEqual(['finished', '', 1]);
  expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(SMALL)));
});

test('does not count the same run again when it is read again', async () => {
  const file = scheduler();
  writeFileSync(file, SMALL);
  const follower = follow(file);
  await follower.poll();
  utimesSync(file, 1_700_000_000, 1_700_000_000);
  await follower.poll();
  const away = `${file}.old`;
  renameSync(file, away);
  await follower.poll();
  renameSync(away, file);
  await follower.poll();
  copyFileSync(file, away);
  renameSync(away, file);
  await follower.poll();
  await follower.poll();
  expect([follower.state, follower.runs.count]).toEqual(['finished', 1]);
});

test('keeps no data of a removed file, whatever it was', async () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('no capture'), SMALL]) {
    const file = scheduler();
    writeFileSync(file, bytes);
    const follower = follow(file);
    await follower.poll();
    await follower.poll();
    rmSync(file);
    await follower.poll();
    expect([follower.state, follower.run]).toEqual(['gone', undefined]);
  }
});

function replaceBy(file: string, bytes: Uint8Array): void {
  writeFileSync(`${file}.new`, bytes);
  renameSync(`${file}.new`, file);
}

function folderAt(file: string): void {
  rmSync(file);
  mkdirSync(file);
}

/** Returns a frame whose first block is not valid LZ4. */
function brokenLz4(): Buffer {
  const block = Buffer.alloc(64, 0xff);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length);
  return Buffer.concat([LZ4_HEAD.subarray(0, 7), size, block, Buffer.alloc(4)]);
}
