import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../test/support/peer-test.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { analyzeMemray, MEMRAY_FORMATS } from '../../src/memray/index.js';
import { CaptureCompression, CaptureError, CaptureFile, type CaptureFs } from '../../src/sinks/index.js';
import { MEMRAY_OF, runMemray } from '../memray/oracle.js';
import { randomCapture } from '../memray/random-capture.js';

const made = new Map<string, Uint8Array>();

function captureOf(format: 11 | 12 | 13, events: number): Uint8Array {
  const key = `${format} ${events}`;
  const bytes = made.get(key) ?? randomCapture({ seed: 3, events, format }).bytes;
  made.set(key, bytes);
  return bytes;
}

/** A finished capture; by default one of more than two mebibytes. */
function finishedCapture(format: 11 | 12 | 13 = 13, events = 400_000) {
  const folder = tempFolder();
  const file = CaptureFile.open({ folder, component: 'api' });
  const bytes = captureOf(format, events);
  file.append(bytes);
  file.close();
  return { folder, capture: file.path, bytes };
}

function run(compression: CaptureCompression): number {
  let steps = 1;
  while (!compression.step()) steps += 1;
  return steps;
}

const magic = (file: string) => fs.readFileSync(file).readUInt32LE(0);
const LZ4 = 0x184d2204;

test('takes the place of the capture, step by step, with the same content and permissions', () => {
  const { folder, capture, bytes } = finishedCapture();
  const compression = CaptureCompression.of(capture);
  expect(fs.readdirSync(folder)).toEqual(['api_memory.bin']);
  expect(compression.step()).toBe(false);
  expect(compression.bytesLeft).toBe(bytes.length - 2 ** 20);
  expect(fs.readFileSync(capture).equals(bytes)).toBe(true);
  expect(fs.readdirSync(folder)).toEqual(['api_memory.bin', 'api_memory.bin.lz4.tmp']);
  expect(run(compression)).toBeGreaterThan(1);
  expect(fs.readdirSync(folder)).toEqual(['api_memory.bin']);
  expect(magic(capture)).toBe(LZ4);
  expect(fs.statSync(capture).size).toBeLessThan(bytes.length);
  expect(fs.statSync(capture).mode & 0o777).toBe(0o600);
  expect(analyzeMemray([fs.readFileSync(capture)]).events).toBe(analyzeMemray([bytes]).events);
  expect(compression.step()).toBe(true);
});

test('given up: the capture is as it was', () => {
  const { folder, capture, bytes } = finishedCapture();
  const compression = CaptureCompression.of(capture);
  compression.step();
  compression.abandon();
  compression.abandon();
  expect(fs.readdirSync(folder)).toEqual(['api_memory.bin']);
  expect(fs.readFileSync(capture).equals(bytes)).toBe(true);
});

test('a capture that the next one has moved away is compressed where it is', () => {
  const { folder, capture, bytes } = finishedCapture();
  const compression = CaptureCompression.of(capture);
  compression.step();
  const next = CaptureFile.open({ folder, component: 'api' });
  next.append(Buffer.from('the next'));
  run(compression);
  expect(fs.readFileSync(capture, 'utf8')).toBe('the next');
  const [rotated = ''] = fs.readdirSync(folder).filter((name) => name !== 'api_memory.bin');
  expect(magic(path.join(folder, rotated))).toBe(LZ4);
  expect(analyzeMemray([fs.readFileSync(path.join(folder, rotated))]).events).toBe(
    analyzeMemray([bytes]).events,
  );
});

test('one that was deleted meanwhile does not come back', () => {
  const { folder, capture } = finishedCapture();
  const compression = CaptureCompression.of(capture);
  compression.step();
  fs.unlinkSync(capture);
  run(compression);
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('what a killed process left behind is replaced', () => {
  const { folder, capture } = finishedCapture(13, 1000);
  const target = path.join(folder, 'elsewhere');
  fs.symlinkSync(target, `${capture}.lz4.tmp`);
  run(CaptureCompression.of(capture));
  expect(magic(capture)).toBe(LZ4);
  expect(fs.readdirSync(folder)).toEqual(['api_memory.bin']);
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

  test.each(cases)('%s: one error, the capture as it was, nothing left over', (_, broken) => {
    const { folder, capture, bytes } = finishedCapture(13, 200_000);
    const compression = CaptureCompression.of(capture, broken(fs));
    expect(() => run(compression)).toThrow(CaptureError);
    expect(fs.readdirSync(folder)).toEqual(['api_memory.bin']);
    expect(fs.readFileSync(capture).equals(bytes)).toBe(true);
  });

  test('to open: a CaptureError', () => {
    expect(() => CaptureCompression.of(path.join(tempFolder(), 'none_memory.bin'))).toThrow(
      /^cannot compress capture .*ENOENT/,
    );
  });
});

describe.each(MEMRAY_FORMATS)('format %d', (format) => {
  describeWithPeer('for memray', `memray-${MEMRAY_OF[format]}`, () => {
    test('reads the same of the compressed capture', async () => {
      const { capture } = finishedCapture(format, 100_000);
      const before = await runMemray(format, ['stats', capture]);
      run(CaptureCompression.of(capture));
      expect(magic(capture)).toBe(LZ4);
      expect(await runMemray(format, ['stats', capture])).toBe(before);
    });
  });
});
