import fs from 'node:fs';
import path from 'node:path';
import { CaptureCompression, type KnownCapture } from '@heapray/exporter/sinks';
import { describe, expect, test, vi } from 'vitest';
import { isLz4 } from '../../../../../test/support/lz4-file.js';
import { pollUntil } from '../../../../../test/support/poll.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { Compressions } from '../../../src/profiler-thread/captures/compressions.js';
import { ProfilerStats } from '../../../src/profiler-thread/stats/profiler-stats.js';

function setUp() {
  const folder = tempFolder();
  const stats = new ProfilerStats();
  const said: string[] = [];
  const compressions = new Compressions({
    stats,
    log: (level, text) => said.push(`${level}: ${text.replaceAll(folder, 'HOME')}`),
  });
  const capture = (name: string, bytes: number) => {
    const file = path.join(folder, `${name}_memory.bin`);
    fs.writeFileSync(file, Buffer.alloc(bytes, 'capture'));
    return knownAt(file);
  };
  return { folder, stats, said, compressions, capture };
}

function knownAt(file: string): KnownCapture {
  const { ino, dev, size } = fs.statSync(file);
  return { path: file, ino, dev, size };
}

const isCompressed = (file: KnownCapture) => isLz4(file.path);

test('compresses one capture after another in the background', async () => {
  const { folder, compressions, capture, said } = setUp();
  const files = [capture('a', 3 * 2 ** 20), capture('b', 100)];
  for (const file of files) compressions.add(() => CaptureCompression.of(file));
  expect(files.some(isCompressed)).toBe(false);
  // The second capture is small: compressed in parallel, it would finish first.
  let overtaken = false;
  const isDone = () => {
    overtaken ||= isCompressed(files[1]!) && !isCompressed(files[0]!);
    return !compressions.busy;
  };
  await pollUntil(isDone, { what: 'the end of the compressions' });
  expect(overtaken).toBe(false);
  expect(files.every(isCompressed)).toBe(true);
  expect(fs.readdirSync(folder)).toHaveLength(2);
  expect(said).toEqual([]);
});

describe('at the end', () => {
  test('compresses at once what fits into the time', () => {
    const { compressions, capture, stats } = setUp();
    const files = [capture('a', 3 * 2 ** 20), capture('b', 100)];
    for (const file of files) compressions.add(() => CaptureCompression.of(file));
    compressions.finish(60_000);
    expect(files.every(isCompressed)).toBe(true);
    expect(stats.drops).toEqual({});
  });

  test('leaves what does not fit uncompressed, with a message and a count', () => {
    const { folder, compressions, capture, stats, said } = setUp();
    const file = capture('a', 3 * 2 ** 20);
    compressions.add(() => CaptureCompression.of(file));
    compressions.finish(0);
    expect(isCompressed(file)).toBe(false);
    expect(fs.readdirSync(folder)).toEqual(['a_memory.bin']);
    expect(stats.drops).toEqual({ compression: 1 });
    expect(said).toEqual(['warn: no time left to compress HOME/a_memory.bin: it stays as it is']);
    expect(compressions.busy).toBe(false);
  });
});

test('counts a failure and compresses the next capture', () => {
  const { folder, compressions, capture, stats, said } = setUp();
  compressions.add(() =>
    CaptureCompression.of({ path: path.join(folder, 'none_memory.bin'), ino: 1, dev: 1, size: 100 }),
  );
  const broken = capture('a', 100);
  const full = { ...fs, writeSync: () => 0 };
  compressions.add(() => CaptureCompression.of(broken, full as unknown as typeof fs));
  const file = capture('b', 100);
  compressions.add(() => CaptureCompression.of(file));
  compressions.finish(60_000);
  expect([broken, file].map(isCompressed)).toEqual([false, true]);
  expect(fs.readdirSync(folder).sort()).toEqual(['a_memory.bin', 'b_memory.bin']);
  expect(stats.drops).toEqual({ compression: 2 });
  expect(said).toEqual([
    expect.stringMatching(
      /^error: cannot compress capture HOME\/none_memory.bin: .*; the capture stays as it is$/,
    ),
    expect.stringMatching(
      /^error: cannot compress capture HOME\/a_memory.bin: .*; the capture stays as it is$/,
    ),
  ]);
});

describe.each(['EMFILE', 'ENOSPC'])('after a temporary failure (%s)', (code) => {
  const failing = () => Object.assign(new Error(`${code}: not now, open`), { code });

  test.each(['openSync', 'writeSync'] as const)(
    'of %s, retries with growing pauses until it works',
    async (call) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      try {
        const { folder, compressions, capture, stats, said } = setUp();
        const file = capture('a', 100);
        let tries = 0;
        let works = false;
        const busyFs = {
          ...fs,
          [call]: (...args: unknown[]) => {
            if (works) return (fs[call] as (...all: unknown[]) => unknown)(...args);
            tries++;
            throw failing();
          },
        } as unknown as typeof fs;
        compressions.add(() => CaptureCompression.of(file, busyFs));
        await vi.advanceTimersByTimeAsync(600_000);
        // Tries after 1, 2, 4, 8, 16 and 32 s, then every minute.
        expect(tries).toBeGreaterThanOrEqual(15);
        expect(tries).toBeLessThanOrEqual(17);
        expect(said).toEqual([
          expect.stringMatching(
            `^warn: cannot compress capture HOME/a_memory.bin: not now \\(${code}\\); trying again$`,
          ),
        ]);
        expect(stats.drops).toEqual({});
        const other = capture('b', 100);
        compressions.add(() => CaptureCompression.of(other));
        await vi.advanceTimersByTimeAsync(100);
        expect(isCompressed(other)).toBe(true);
        works = true;
        await vi.advanceTimersByTimeAsync(60_000);
        expect(isCompressed(file)).toBe(true);
        expect(compressions.busy).toBe(false);
        expect(fs.readdirSync(folder)).toHaveLength(2);
        expect(said).toHaveLength(1);
      } finally {
        vi.useRealTimers();
      }
    },
  );

  test('tries a last time at the end, and then leaves the capture uncompressed', () => {
    const { compressions, capture, stats, said } = setUp();
    const file = capture('a', 100);
    const broken = {
      ...fs,
      openSync: () => {
        throw failing();
      },
    };
    compressions.add(() => CaptureCompression.of(file, broken as unknown as typeof fs));
    compressions.finish(60_000);
    expect(stats.drops).toEqual({ compression: 1 });
    expect(said.map((line) => line.replace(/^(\w+).*; /, '$1: '))).toEqual([
      'warn: trying again',
      'error: the capture stays as it is',
    ]);
  });
});
