import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { LZ4_MAGIC } from '../../../../test/support/lz4-file.js';
import { describeWithPeer } from '../../../../test/support/peer-test.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { analyzeMemray, MEMRAY_FORMATS, MemrayWriter } from '../../src/memray/index.js';
import { CaptureCompression, CaptureError, CaptureFile, type CaptureFs } from '../../src/sinks/index.js';
import { MEMRAY_OF, runMemray } from '../memray/support/oracle.js';
import { Random } from '../memray/support/random.js';

/**
 * Returns a capture with this number of functions with long names, each of which allocates: half a KiB per function.
 */
function captureOf(format: 11 | 12 | 13, functions: number): Uint8Array {
  const random = new Random(3);
  const letters = () => random.next().toString(36).slice(2, 10);
  const writer = new MemrayWriter({ format, commandLine: 'x', pid: 1, startTimeMillis: 0 });
  writer.memoryRecord(1, 0);
  for (let at = 1; at <= functions; at += 1) {
    const name = Array.from({ length: 50 }, letters).join('');
    const stack = writer.stack(undefined, writer.frame(name, '/app/index.js', at));
    for (let n = 0; n < 10; n += 1) writer.allocation(1, 64 * random.below(5000), random.below(5000), stack);
  }
  writer.finish(1, 1);
  return writer.take();
}

/** Returns a finished capture; by default one of more than 2 MiB. */
function finishedCapture(format: 11 | 12 | 13 = 13, functions = 6000) {
  const folder = tempFolder();
  const file = CaptureFile.open({ folder, component: 'api' });
  const bytes = captureOf(format, functions);
  file.append(bytes);
  file.close();
  return { folder, capture: file.path, known: file.known, bytes };
}

function run(compression: CaptureCompression): number {
  let steps = 1;
  while (!compression.step()) steps += 1;
  return steps;
}

const magic = (file: string) => fs.readFileSync(file).readUInt32LE(0);
const TEMPORARY = new RegExp(`^api_memory\\.bin\\.${process.pid}-\\d+\\.tmp$`);

test('replaces the capture, step by step, with the same content and permissions', () => {
  const { folder, capture, known, bytes } = finishedCapture();
  expect(bytes.length).toBeGreaterThan(2 ** 21);
  const compression = CaptureCompression.of(known);
  expect(fs.readdirSync(folder)).toEqual(['api_memory.bin']);
  expect(compression.step()).toBe(false);
  expect(compression.bytesLeft).toBe(bytes.length - 2 ** 20);
  expect(fs.readFileSync(capture).equals(bytes)).toBe(true);
  expect(fs.readdirSync(folder)).toEqual(['api_memory.bin', expect.stringMatching(TEMPORARY)]);
  expect(run(compression)).toBeGreaterThan(1);
  expect(fs.readdirSync(folder)).toEqual(['api_memory.bin']);
  expect(magic(capture)).toBe(LZ4_MAGIC);
  expect(fs.statSync(capture).size).toBeLessThan(bytes.length);
  expect(fs.statSync(capture).mode & 0o777).toBe(0o600);
  expect(analyzeMemray([fs.readFileSync(capture)]).events).toBe(analyzeMemray([bytes]).events);
  expect(compression.step()).toBe(true);
});

test('leaves the capture unchanged when abandoned', () => {
  const { folder, capture, known, bytes } = finishedCapture();
  const compression = CaptureCompression.of(known);
  compression.step();
  compression.abandon();
  compression.abandon();
  expect(fs.readdirSync(folder)).toEqual(['api_memory.bin']);
  expect(fs.readFileSync(capture).equals(bytes)).toBe(true);
});

test('compresses a capture at its new path when the next one has moved it', () => {
  const { folder, capture, known, bytes } = finishedCapture();
  const compression = CaptureCompression.of(known);
  compression.step();
  const next = CaptureFile.open({ folder, component: 'api' });
  next.append(Buffer.from('the next'));
  run(compression);
  expect(fs.readFileSync(capture, 'utf8')).toBe('the next');
  const [rotated = ''] = fs.readdirSync(folder).filter((name) => name !== 'api_memory.bin');
  expect(magic(path.join(folder, rotated))).toBe(LZ4_MAGIC);
  expect(analyzeMemray([fs.readFileSync(path.join(folder, rotated))]).events).toBe(
    analyzeMemray([bytes]).events,
  );
});

test('does not restore a capture that was deleted meanwhile', () => {
  const { folder, capture, known } = finishedCapture();
  const compression = CaptureCompression.of(known);
  compression.step();
  fs.unlinkSync(capture);
  run(compression);
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('compresses a capture that was moved before, and leaves the running capture at its path alone', () => {
  const { folder, capture, known } = finishedCapture(13, 10);
  const next = CaptureFile.open({ folder, component: 'api' });
  next.append(Buffer.from('the next'));
  const compression = CaptureCompression.of(known);
  expect(compression.path).not.toBe(capture);
  run(compression);
  next.append(Buffer.from(', going on'));
  expect(fs.readFileSync(capture, 'utf8')).toBe('the next, going on');
  expect(magic(compression.path)).toBe(LZ4_MAGIC);
});

test('throws when the capture was deleted before, even if another file has its inode', () => {
  const { folder, capture, known } = finishedCapture(13, 10);
  fs.unlinkSync(capture);
  expect(() => CaptureCompression.of(known)).toThrow(`cannot compress capture ${capture}: it was deleted`);
  fs.writeFileSync(capture, 'of another');
  const { ino, dev } = fs.statSync(capture);
  expect(() => CaptureCompression.of({ ...known, ino, dev })).toThrow(CaptureError);
  expect(fs.readdirSync(folder)).toEqual(['api_memory.bin']);
});

test('two processes that compress the same capture do not damage it', () => {
  const { folder, capture, known, bytes } = finishedCapture();
  const compressions = [CaptureCompression.of(known), CaptureCompression.of(known)];
  while (!compressions.map((compression) => compression.step()).every(Boolean));
  expect(fs.readdirSync(folder)).toEqual(['api_memory.bin']);
  expect(analyzeMemray([fs.readFileSync(capture)]).events).toBe(analyzeMemray([bytes]).events);
});

describe('when the file system refuses', () => {
  const fails = (code: string) => (): never => {
    throw Object.assign(new Error(`${code}: no`), { code });
  };
  const cases: readonly (readonly [string, (working: CaptureFs) => CaptureFs])[] = [
    ['to write', (working) => ({ ...working, writeSync: fails('ENOSPC') as CaptureFs['writeSync'] })],
    ['to read', (working) => ({ ...working, readSync: fails('EIO') as CaptureFs['readSync'] })],
    ['to rename', (working) => ({ ...working, renameSync: fails('EACCES') })],
    [
      'to close',
      (working) => {
        let calls = 0;
        const closeSync = (fd: number) => {
          working.closeSync(fd);
          calls += 1;
          if (calls === 1) fails('ENOSPC')();
        };
        return { ...working, closeSync };
      },
    ],
  ];

  test('to close: no descriptor is closed twice, because another file may have it by then', () => {
    const { known } = finishedCapture(13, 10);
    const closed: number[] = [];
    const closeSync = (fd: number) => {
      closed.push(fd);
      fs.closeSync(fd);
      fails('EIO')();
    };
    expect(() => run(CaptureCompression.of(known, { ...fs, closeSync }))).toThrow(CaptureError);
    expect(new Set(closed).size).toBe(2);
    expect(closed).toHaveLength(2);
  });

  test.each(cases)('%s: one error, an unchanged capture, no other file left', (_, broken) => {
    const { folder, capture, known, bytes } = finishedCapture(13, 3000);
    const compression = CaptureCompression.of(known, broken(fs));
    expect(() => run(compression)).toThrow(CaptureError);
    expect(fs.readdirSync(folder)).toEqual(['api_memory.bin']);
    expect(fs.readFileSync(capture).equals(bytes)).toBe(true);
  });

  test('to open: throws a CaptureError', () => {
    const none = { path: path.join(tempFolder(), 'gone', 'none_memory.bin'), ino: 1, dev: 1, size: 1 };
    expect(() => CaptureCompression.of(none)).toThrow(/^cannot compress capture .*ENOENT/);
  });
});

describe.each(MEMRAY_FORMATS)('format %d', (format) => {
  describeWithPeer('for memray', `memray-${MEMRAY_OF[format]}`, () => {
    test('reads the same from the compressed capture', async () => {
      const { capture, known } = finishedCapture(format, 3000);
      const before = await runMemray(format, ['stats', capture]);
      run(CaptureCompression.of(known));
      expect(magic(capture)).toBe(LZ4_MAGIC);
      expect(await runMemray(format, ['stats', capture])).toBe(before);
    });
  });
});
