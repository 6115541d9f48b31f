// Following one capture: growth in pieces of any size, and all that can happen to a file.
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { GrowingCapture } from '@heapray/exporter/memray';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import {
  AIRFLOW,
  Clock,
  contents,
  contentsOf,
  follow,
  GrowingFixture,
  goldenFile,
  rawCapture,
  withoutZeros,
  withStart,
  writer,
} from './captures.js';

const AIRFLOW_RAW = rawCapture(AIRFLOW);
const SMALL = rawCapture(goldenFile('threads.v13.bin'));

function captureIn(folder: string, name = 'scheduler'): string {
  return path.join(folder, `${name}_memory.bin`);
}

describe('growth', () => {
  test.each([
    'threads.v13.bin',
    'threads.v12.bin',
    'threads.v11.bin',
    'native.v13.bin',
    'pymalloc.v13.bin',
    'killed.v13.bin',
  ])('%s gives the same result, in pieces of any size, torn in any way', async (name) => {
    const bytes = withoutZeros(rawCapture(goldenFile(name)));
    const expected = contentsOf(bytes);
    const length = fc.oneof(
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 60 }) },
      { weight: 4, arbitrary: fc.integer({ min: 500, max: 6000 }) },
    );
    const piece = fc.record({ length, torn: fc.boolean(), polls: fc.integer({ min: 0, max: 3 }) });
    const property = fc.asyncProperty(fc.array(piece, { minLength: 4, maxLength: 40 }), async (pieces) => {
      const file = new GrowingFixture(captureIn(tempFolder()));
      const follower = follow(file.path);
      const poll = () => follower.poll();
      let at = 0;
      for (let turn = 0; at < bytes.length; turn += 1) {
        const { length, torn, polls } = pieces[turn % pieces.length]!;
        const next = bytes.subarray(at, at + length);
        // A copy is torn for less than the time between two polls, and shorter than the bytes held back.
        if (torn && length < 4000) await file.appendTorn(next, poll);
        else file.append(next);
        at += next.length;
        for (let i = 0; i < polls; i += 1) await poll();
      }
      await poll();
      await poll();
      expect(contents(follower.run?.capture)).toBe(expected);
      await follower.close();
    });
    await fc.assert(property, { numRuns: 8, seed: 5 });
  });

  test('shows all data written so far, except the newest few bytes', async () => {
    const file = new GrowingFixture(captureIn(tempFolder()));
    const follower = follow(file.path);
    for (let at = 0; at < AIRFLOW_RAW.length; at += 200_000) {
      file.append(AIRFLOW_RAW.subarray(at, at + 200_000));
      const written = withoutZeros(AIRFLOW_RAW.subarray(0, at + 200_000));
      await follower.poll();
      expect(follower.run!.capture.offset).toBeGreaterThan(written.length - 8 * 1024);
      await follower.poll();
      expect(contents(follower.run!.capture)).toBe(contentsOf(written));
    }
    expect(follower.state).toBe('finished');
  });

  test('reads each byte once, except some kilobytes at each poll', async () => {
    const file = new GrowingFixture(captureIn(tempFolder()));
    const follower = follow(file.path);
    let polls = 0;
    const poll = async () => {
      await follower.poll();
      polls += 1;
    };
    for (let at = 0; at < AIRFLOW_RAW.length; at += 10_000) {
      file.append(AIRFLOW_RAW.subarray(at, at + 10_000));
      await poll();
    }
    await poll();
    expect(follower.state).toBe('finished');
    const extra = (follower.bytesRead - AIRFLOW_RAW.length) / polls;
    expect(extra).toBeLessThan(32 * 1024);
    // While the file does not change, the follower reads nothing.
    const before = follower.bytesRead;
    for (let i = 0; i < 10; i += 1) await poll();
    expect(follower.bytesRead).toBe(before);
  });

  test('reads a few kilobytes per poll for a capture that does not change, however large it is', async () => {
    const file = new GrowingFixture(captureIn(tempFolder()));
    const follower = follow(file.path);
    file.append(AIRFLOW_RAW.subarray(0, 1_500_000));
    file.reserve(1_000_000);
    await follower.poll();
    await follower.poll();
    const before = follower.bytesRead;
    for (let i = 0; i < 10; i += 1) await follower.poll();
    expect((follower.bytesRead - before) / 10).toBeLessThan(10 * 1024);
    expect(before).toBeLessThan(1_500_000 + 1024 * 1024);
  });
});

describe('catching up', () => {
  test('determines call sites as it reads, and not all of them with the first metrics', async () => {
    const file = new GrowingFixture(captureIn(tempFolder()));
    file.append(AIRFLOW_RAW.subarray(0, 1_500_000));
    const follower = follow(file.path);
    while (follower.run === undefined) await follower.poll();
    const { capture, series } = follower.run;
    const callSite = vi.spyOn(capture, 'callSite');
    expect(series.view(capture).rows.length).toBeGreaterThan(20);
    expect(capture.siteCount).toBeGreaterThan(1000);
    expect(callSite).not.toHaveBeenCalled();
  });

  test('is reading, without figures of the middle of a run, until all existing data is read', async () => {
    const file = new GrowingFixture(captureIn(tempFolder()));
    file.append(AIRFLOW_RAW.subarray(0, 1_500_000));
    const follower = follow(file.path, { pollBytes: 300_000, exists: true });
    const states: string[] = [follower.state];
    for (let turn = 0; turn < 20 && follower.state === 'reading'; turn += 1) {
      expect(follower.run).toBe(undefined);
      await follower.poll();
      states.push(follower.state);
    }
    expect(states.filter((state) => state === 'reading').length).toBeGreaterThan(1);
    expect(new Set(states)).toEqual(new Set(['reading', 'following']));
    const written = withoutZeros(AIRFLOW_RAW.subarray(0, 1_500_000));
    await follower.poll();
    expect(contents(follower.run?.capture)).toBe(contentsOf(written));
  });

  test('has no figures of a compressed capture before all of it is read', async () => {
    const file = captureIn(tempFolder());
    copyFileSync(AIRFLOW, file);
    const follower = follow(file, { pollBytes: 100_000 });
    let turns = 0;
    do {
      await follower.poll();
      turns += 1;
      expect(follower.run === undefined).toBe(follower.state === 'reading');
    } while (follower.state === 'reading');
    expect(turns).toBeGreaterThan(2);
    expect(follower.state).toBe('finished');
  });

  test('keeps the known figures while the compressed form is read', async () => {
    const file = captureIn(tempFolder());
    writeFileSync(file, AIRFLOW_RAW.subarray(0, 900_000));
    const follower = follow(file, { pollBytes: 100_000 });
    while (follower.run === undefined) await follower.poll();
    replaceBy(file, readFileSync(AIRFLOW));
    while (follower.state !== 'finished') {
      await follower.poll();
      expect(follower.run).toBeDefined();
    }
    expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(AIRFLOW_RAW)));
  });
});

describe('the end', () => {
  test('the compressed form replaces a capture that was read to its end', async () => {
    const file = captureIn(tempFolder());
    writeFileSync(file, AIRFLOW_RAW.subarray(0, 900_000));
    const follower = follow(file, { writer: writer(() => true) });
    await follower.poll();
    expect(follower.state).toBe('following');
    writeFileSync(file, AIRFLOW_RAW);
    await follower.poll();
    await follower.poll();
    const read = follower.bytesRead;
    expect(follower.state).toBe('finished');
    replaceBy(file, readFileSync(AIRFLOW));
    await follower.poll();
    expect(follower.state).toBe('finished');
    expect(follower.runs.count).toBe(1);
    expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(AIRFLOW_RAW)));
    expect(follower.bytesRead - read).toBeLessThan(200_000);
  });

  test('the compressed form replaces a capture before its end was read', async () => {
    const file = captureIn(tempFolder());
    writeFileSync(file, AIRFLOW_RAW.subarray(0, 900_000));
    const follower = follow(file);
    await follower.poll();
    replaceBy(file, readFileSync(AIRFLOW));
    await follower.poll();
    expect([follower.state, follower.runs.count]).toEqual(['finished', 1]);
    expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(AIRFLOW_RAW)));
    const read = follower.bytesRead;
    await follower.poll();
    expect(follower.bytesRead).toBe(read);
  });

  test('finds a finished capture', async () => {
    const follower = follow(AIRFLOW);
    await follower.poll();
    expect(follower.state).toBe('finished');
    expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(AIRFLOW_RAW)));
  });

  test('is stopped when the program was killed', async () => {
    const clock = new Clock();
    const file = new GrowingFixture(captureIn(tempFolder()));
    file.append(SMALL.subarray(0, 20_000));
    const follower = follow(file.path, { clock: () => clock.now });
    clock.now = Date.now() + 1;
    await follower.poll();
    file.append(SMALL.subarray(20_000, 25_000));
    await follower.poll();
    await follower.poll();
    expect(follower.state).toBe('following');
    clock.now += 9_000;
    await follower.poll();
    expect(follower.state).toBe('stopped');
  });

  test('is idle when a live process does not write', async () => {
    const clock = new Clock();
    const file = captureIn(tempFolder());
    writeFileSync(file, SMALL.subarray(0, 20_000));
    const follower = follow(file, { clock: () => clock.now, writer: writer(() => true) });
    await follower.poll();
    clock.now += 60_000;
    await follower.poll();
    expect(follower.state).toBe('idle');
  });
});

describe('other files', () => {
  test('a new run with the same name starts its counters at zero', async () => {
    const folder = tempFolder();
    const file = captureIn(folder);
    writeFileSync(file, AIRFLOW_RAW.subarray(0, 900_000));
    const follower = follow(file);
    await follower.poll();
    const second = withStart(SMALL, 1_800_000_000_000n);
    renameSync(file, path.join(folder, 'old.bin'));
    writeFileSync(file, second.subarray(0, 20_000));
    await follower.poll();
    await follower.poll();
    expect(follower.runs.count).toBe(2);
    expect(follower.header?.startTimeMillis).toBe(1_800_000_000_000);
    expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(second.subarray(0, 20_000))));
  });

  test('a new run in the same file is detected', async () => {
    const file = captureIn(tempFolder());
    writeFileSync(file, SMALL.subarray(0, 20_000));
    const follower = follow(file);
    await follower.poll();
    writeFileSync(file, withStart(SMALL, 1_800_000_000_000n));
    await follower.poll();
    await follower.poll();
    expect([follower.state, follower.runs.count]).toEqual(['finished', 2]);
    expect(follower.header?.startTimeMillis).toBe(1_800_000_000_000);
  });

  test('the file is truncated while it is read', async () => {
    const file = captureIn(tempFolder());
    writeFileSync(file, SMALL.subarray(0, 20_000));
    const follower = follow(file);
    await follower.poll();
    await follower.poll();
    writeFileSync(file, SMALL.subarray(0, 9_000));
    await follower.poll();
    await follower.poll();
    expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(SMALL.subarray(0, 9_000))));
  });

  test('the file is removed, and created again', async () => {
    const file = captureIn(tempFolder());
    writeFileSync(file, SMALL);
    const follower = follow(file);
    await follower.poll();
    await follower.poll();
    expect(follower.state).toBe('finished');
    rmSync(file);
    await follower.poll();
    expect([follower.state, follower.run]).toEqual(['gone', undefined]);
    writeFileSync(file, SMALL);
    await follower.poll();
    await follower.poll();
    expect(follower.state).toBe('finished');
  });

  test('the file is removed while its program runs', async () => {
    const file = captureIn(tempFolder());
    writeFileSync(file, SMALL.subarray(0, 20_000));
    const follower = follow(file, { writer: writer(() => true) });
    await follower.poll();
    rmSync(file);
    await follower.poll();
    expect(follower.state).toBe('gone');
  });

  test('the file is moved away while its program continues to write', async () => {
    const folder = tempFolder();
    const file = new GrowingFixture(captureIn(folder));
    file.append(SMALL.subarray(0, 10_000));
    const clock = new Clock();
    let alive = true;
    const follower = follow(file.path, { writer: writer(() => alive), clock: () => clock.now });
    await follower.poll();
    renameSync(file.path, path.join(folder, 'moved.bin'));
    file.append(SMALL.subarray(10_000, 20_000));
    await follower.poll();
    await follower.poll();
    expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(SMALL.subarray(0, 20_000))));
    alive = false;
    clock.now += 60_000;
    await follower.poll();
    expect(follower.state).toBe('gone');
  });
});

describe('unreadable files', () => {
  test.each<[string, Buffer, string]>([
    ['another file', Buffer.alloc(100, 'x'), 'not a memray capture'],
    ['an older format', formatOf(SMALL, 10), 'capture format 10 is not supported'],
    ['a newer format', formatOf(SMALL, 14), 'capture format 14 is not supported'],
  ])('%s: reports the reason, and reads the file that replaces it', async (_, bytes, reason) => {
    const file = captureIn(tempFolder());
    writeFileSync(file, bytes);
    const follower = follow(file);
    await follower.poll();
    await follower.poll();
    expect(follower.state).toBe('unreadable');
    expect(follower.reason).toContain(reason);
    replaceBy(file, SMALL);
    await follower.poll();
    await follower.poll();
    expect([follower.state, follower.reason]).toEqual(['finished', '']);
  });

  test('waits for data in an empty file and for the rest of a cut header', async () => {
    const file = new GrowingFixture(captureIn(tempFolder()));
    const follower = follow(file.path);
    await follower.poll();
    expect(follower.state).toBe('waiting');
    for (let at = 0; at < 60; at += 1) {
      file.append(SMALL.subarray(at, at + 1));
      await follower.poll();
      expect([follower.state, follower.run]).toEqual(['waiting', undefined]);
    }
    file.append(SMALL.subarray(60));
    await follower.poll();
    await follower.poll();
    expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(SMALL)));
  });

  test('reports a folder', async () => {
    const file = captureIn(tempFolder());
    mkdirSync(file);
    const follower = follow(file);
    await follower.poll();
    expect([follower.state, follower.reason]).toEqual(['unreadable', 'is a directory']);
  });

  test('reports damage when it persists, and uses the data before', async () => {
    const file = captureIn(tempFolder());
    const damaged = Buffer.from(SMALL);
    const at = recordBefore(SMALL, 12_000);
    damaged.fill(0x03, at, at + 100);
    writeFileSync(file, damaged);
    const follower = follow(file);
    await follower.poll();
    expect(follower.state).not.toBe('damaged');
    for (let i = 0; i < 4; i += 1) await follower.poll();
    expect(follower.state).toBe('damaged');
    expect(follower.reason).toBe(`at byte ${at}: unknown record type 0x03`);
    expect(follower.run!.capture.events).toBeGreaterThan(0);
    const read = follower.bytesRead;
    await follower.poll();
    expect(follower.bytesRead).toBe(read);
  });

  test('ignores bytes that are only invalid while they are written', async () => {
    const file = new GrowingFixture(captureIn(tempFolder()));
    const at = recordBefore(SMALL, 12_000);
    file.append(SMALL.subarray(0, at));
    const follower = follow(file.path);
    await follower.poll();
    await follower.poll();
    file.append(Buffer.alloc(5000, 0x03));
    await follower.poll();
    file.reserve(SMALL.length - at);
    file.writeAt(at, SMALL.subarray(at));
    await follower.poll();
    await follower.poll();
    expect(contents(follower.run?.capture)).toBe(contentsOf(withoutZeros(SMALL)));
  });

  test('flipped bytes anywhere give a result up to the damage, or one line', async () => {
    const file = captureIn(tempFolder());
    const mutation = fc.array(fc.tuple(fc.nat(SMALL.length - 1), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 8,
    });
    const property = fc.asyncProperty(mutation, async (flips) => {
      const bytes = Buffer.from(SMALL);
      for (const [at, byte] of flips) bytes[at] = byte;
      writeFileSync(file, bytes);
      const follower = follow(file);
      await follower.poll({ final: true });
      contents(follower.run?.capture);
      expect(follower.state === 'damaged' || follower.state === 'unreadable').toBe(follower.reason !== '');
      await follower.close();
    });
    await fc.assert(property, { numRuns: Number(process.env.HEAPRAY_FUZZ ?? 300), seed: 7 });
  });

  test('stops and reports it when more allocations are alive than allowed', async () => {
    const file = captureIn(tempFolder());
    copyFileSync(AIRFLOW, file);
    const follower = follow(file, { limits: { maxLive: 1000 } });
    await follower.poll();
    expect(follower.state).toBe('limited');
    expect(follower.reason).toMatch(/more than 1000 allocations alive at once/);
    expect(follower.run!.capture.events).toBeGreaterThan(1000);
  });
});

function formatOf(bytes: Buffer, format: number): Buffer {
  const other = Buffer.from(bytes);
  other.writeInt32LE(format, 7);
  return other;
}

/** Returns the start of the record that contains the byte at `limit`. */
function recordBefore(bytes: Buffer, limit: number): number {
  const capture = new GrowingCapture();
  capture.push(bytes.subarray(0, limit));
  return capture.offset;
}

/** Replaces the file as memray does on exit. */
function replaceBy(file: string, bytes: Uint8Array): void {
  writeFileSync(`${file}.lz4.tmp`, bytes);
  renameSync(`${file}.lz4.tmp`, file);
}
