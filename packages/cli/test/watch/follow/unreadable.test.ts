// Following one capture: files that are damaged, cut, or no captures.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { GrowingCapture } from '@heapray/exporter/memray';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import {
  AIRFLOW,
  captureIn,
  contents,
  contentsOf,
  follow,
  GrowingFixture,
  goldenFile,
  rawCapture,
  replaceBy,
  withoutZeros,
} from '../support/captures.js';

const SMALL = rawCapture(goldenFile('threads.v13.bin'));

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
