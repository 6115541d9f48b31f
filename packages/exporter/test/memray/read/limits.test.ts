import { expect, test } from 'vitest';
import { analyzeMemray, type MemrayLimits } from '../../../src/memray/index.js';
import { captureBy, captureOf, headerBytes, THREAD_1 } from '../support/craft.js';
import { hex } from '../support/hex.js';

function refusal(bytes: Uint8Array, limits: Partial<MemrayLimits>): string {
  try {
    analyzeMemray([bytes], { limits });
  } catch (error) {
    return String(error);
  }
  return 'none';
}

const frames = captureBy((records) => {
  records.contextSwitch(1);
  for (let id = 0; id < 20; id += 1) records.frame(id, `f${id}`, '/a.js', id);
  for (let id = 0; id < 20; id += 1) records.push(id);
  records.allocation(64, 1, 6);
  records.trailer();
});

test('maxBytes limits the capture', () => {
  expect(refusal(frames, { maxBytes: 100 })).toBe(
    'FormatError: memray: more than 100 bytes (maxBytes) at byte 100',
  );
  expect(refusal(frames, { maxBytes: frames.length })).toBe('none');
});

test('maxBytes limits the decompressed size: a bomb is not decompressed to its end', () => {
  const header = headerBytes();
  const stored = `${hexWord(header.length + 2 ** 31)} ${Buffer.from(header).toString('hex')}`;
  // Three literals (a memory record), and a match that repeats them up to nearly 64 KiB.
  const block = `3f 02 01 01 03 00 ${'ff '.repeat(256)} 02 00`;
  const blocks = `${hexWord(hex(block).length)} ${block}`.repeat(40);
  const bomb = hex(`04 22 4d 18 60 40 82 ${stored} ${blocks} 00 00 00 00`);
  expect(analyzeMemray([bomb]).snapshots().length).toBeGreaterThan(1000);
  expect(refusal(bomb, { maxBytes: 1_000_000 })).toContain('more than 1000000 bytes (maxBytes)');
});

test('maxFrames limits tables', () => {
  expect(refusal(frames, { maxFrames: 10 })).toBe('FormatError: memray: more than 10 functions (maxFrames)');
  expect(refusal(frames, { maxFrames: 20 })).toBe('none');
  const threads = captureBy((records) => {
    for (let id = 1; id < 20; id += 1) records.contextSwitch(id);
  });
  expect(refusal(threads, { maxFrames: 5 })).toBe('FormatError: memray: more than 5 threads (maxFrames)');
  const deep = captureBy((records) => {
    records.contextSwitch(1);
    for (let at = 0; at < 20; at += 1) records.push(0);
  });
  expect(refusal(deep, { maxFrames: 5 })).toBe('FormatError: memray: more than 5 stacks (maxFrames)');
  const sites = captureBy((records) => {
    records.contextSwitch(1);
    for (let allocator = 6; allocator < 14; allocator += 1) records.allocation(64, 1, allocator);
  });
  expect(refusal(sites, { maxFrames: 5 })).toBe(
    'FormatError: memray: more than 5 allocation sites (maxFrames)',
  );
  const native = captureOf('05 02 00 05 02 00 05 02 00 01', { nativeTraces: true });
  expect(refusal(native, { maxFrames: 2 })).toBe(
    'FormatError: memray: more than 2 native frames (maxFrames)',
  );
  expect(refusal(captureOf('06 06 06 01'), { maxFrames: 2 })).toBe(
    'FormatError: memray: more than 2 entries of memory maps (maxFrames)',
  );
});

test('maxFrames limits the frames of an aggregated capture, also of one function', () => {
  const frame = (id: number) => `04 ${id.toString(16).padStart(2, '0')} 01 00 00`;
  const records = Array.from({ length: 20 }, (_, at) => frame(at + 1)).join(' ');
  const bytes = captureOf(`${records} 0f`, { fileFormat: 'AGGREGATED_ALLOCATIONS' });
  expect(refusal(bytes, { maxFrames: 10 })).toBe('FormatError: memray: more than 10 frames (maxFrames)');
  expect(refusal(bytes, { maxFrames: 20 })).toBe('none');
});

test('maxTextBytes limits names', () => {
  expect(refusal(frames, { maxTextBytes: 500 })).toBe(
    'FormatError: memray: more than 500 bytes of names and line tables (maxTextBytes)',
  );
  const names = captureOf(`${THREAD_1} 0a ${'61 '.repeat(50)} 00 01`);
  expect(refusal(names, { maxTextBytes: 40 })).toBe(
    'FormatError: memray: more than 40 bytes of thread names (maxTextBytes)',
  );
});

test('only the last name of a thread counts when it is named repeatedly', () => {
  const names = captureOf(`${THREAD_1} ${`0a ${'61 '.repeat(30)} 00 `.repeat(100)} 01`);
  expect(refusal(names, { maxTextBytes: 40 })).toBe('none');
});

test('maxLive limits live allocations', () => {
  const live = captureBy((records) => {
    records.contextSwitch(1);
    for (let at = 1; at < 20; at += 1) records.allocation(at * 8, 1, 6);
  });
  expect(refusal(live, { maxLive: 10 })).toBe(
    'FormatError: memray: more than 10 allocations alive at once (maxLive)',
  );
  expect(refusal(live, { maxLive: 19 })).toBe('none');
});

/** Returns a little-endian 32-bit word. */
function hexWord(value: number): string {
  const word = Buffer.alloc(4);
  word.writeUInt32LE(value);
  return word.toString('hex');
}
