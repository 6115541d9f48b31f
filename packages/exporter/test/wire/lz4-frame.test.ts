import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/wire/errors.js';
import { Lz4FrameDecoder } from '../../src/wire/lz4-frame.js';
import { XxHash32 } from '../../src/wire/xxhash32.js';
import { hex } from '../memray/support/hex.js';
import { lz4Content } from './lz4-content.js';

const content = Buffer.from(lz4Content());

function file(name: string): Uint8Array {
  // Copy to a Uint8Array, because `slice` of a Buffer does not copy.
  return new Uint8Array(fs.readFileSync(new URL(`../../../../test/golden/lz4/${name}.lz4`, import.meta.url)));
}

/** Returns the decoded pieces, and the error that ended them. */
function decode(pieces: Iterable<Uint8Array>): { data: Buffer; error: FormatError | undefined } {
  const out: Uint8Array[] = [];
  const decoder = new Lz4FrameDecoder((bytes) => out.push(bytes.slice()));
  try {
    for (const piece of pieces) decoder.push(piece);
    decoder.end();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { data: Buffer.concat(out), error };
  }
  return { data: Buffer.concat(out), error: undefined };
}

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function patched(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[offset] = value;
  return copy;
}

describe.each(['linked-64k', 'independent-256k', 'linked-1m-block-checksums-size', 'hc-4m'])('%s', (name) => {
  test('is decoded in one piece and in pieces of any size', () => {
    const bytes = file(name);
    for (const size of [bytes.length, 65_536, 1000, 13, 1]) {
      const { data, error } = decode(cut(bytes, size));
      expect(error).toBeUndefined();
      expect(data.equals(content)).toBe(true);
    }
  });

  test('cut anywhere, it gives all available data and reports the cut', () => {
    const bytes = file(name);
    let last = 0;
    for (let length = 11; length < bytes.length; length += 97) {
      const { data, error } = decode([bytes.subarray(0, length)]);
      expect(error?.reason).toBe('the last LZ4 frame is cut');
      expect(error?.offset).toBe(length);
      expect(data.equals(content.subarray(0, data.length))).toBe(true);
      expect(data.length).toBeGreaterThanOrEqual(last);
      last = data.length;
    }
    expect(last).toBeGreaterThan(content.length * 0.9);
  });

  test('a changed byte causes at most an error', () => {
    const bytes = file(name);
    for (let offset = 0; offset < bytes.length; offset += 41) {
      const { data, error } = decode([patched(bytes, offset, bytes[offset]! ^ 0x5a)]);
      expect(error === undefined || error.format === 'lz4').toBe(true);
      expect(data.length).toBeLessThanOrEqual(content.length + 8 * 1024 * 1024);
    }
  });
});

test('the checksum of the frame detects a changed byte', () => {
  const bytes = file('hc-4m');
  const offset = bytes.length >> 1;
  expect(decode([patched(bytes, offset, bytes[offset]! ^ 1)]).error).toBeDefined();
  const end = decode([patched(bytes, bytes.length - 1, bytes.at(-1)! ^ 1)]);
  expect(end.error?.reason).toBe('an LZ4 frame does not match its checksum');
  expect(end.data.equals(content)).toBe(true);
});

test('decodes several frames, with skippable ones between them', () => {
  const bytes = file('two-frames-and-skippable');
  for (const size of [bytes.length, 999, 3]) {
    const { data, error } = decode(cut(bytes, size));
    expect(error).toBeUndefined();
    expect(data.equals(Buffer.concat([content, content]))).toBe(true);
  }
});

test('ignores data after the last frame', () => {
  const { data, error } = decode([file('linked-64k'), Buffer.from('something else, and long enough')]);
  expect(error).toBeUndefined();
  expect(data.equals(content)).toBe(true);
  expect(decode([file('linked-64k'), Buffer.from('abc')]).error).toBeUndefined();
});

const STORED = '04 22 4d 18 60 40 82';

test('decodes stored blocks', () => {
  const { data, error } = decode([hex(`${STORED} 03 00 00 80 61 62 63 02 00 00 80 64 65 00 00 00 00`)]);
  expect(error).toBeUndefined();
  expect(data.toString()).toBe('abcde');
});

test.each([
  ['no frame', '01 02 03 04 05 06 07 08', 'no LZ4 frame', 0],
  [
    'a header with a wrong checksum',
    '04 22 4d 18 60 40 83 00 00 00 00',
    'the header of an LZ4 frame does not match its checksum',
    4,
  ],
  ['an unknown version', '04 22 4d 18 a0 40 82 00 00 00 00', 'an LZ4 frame of an unknown kind', 4],
  ['an invalid block size', '04 22 4d 18 60 30 82 00 00 00 00', 'an LZ4 frame of an unknown kind', 4],
  ['a dictionary', '04 22 4d 18 61 40 01 02 03 04 82 00', 'an LZ4 frame that needs a dictionary', 4],
  ['a block that is too large', `${STORED} 01 00 01 80 00`, 'an LZ4 block that is too large', 7],
  [
    'a match before the start',
    `${STORED} 04 00 00 00 10 61 02 00`,
    'an LZ4 block is damaged (bad-match)',
    15,
  ],
  ['a match of distance 0', `${STORED} 04 00 00 00 10 61 00 00`, 'an LZ4 block is damaged (bad-match)', 15],
  ['missing literals', `${STORED} 02 00 00 00 f0 61`, 'an LZ4 block is damaged (cut)', 13],
])('%s', (_, bytes, reason, offset) => {
  expect(decode([hex(bytes)]).error).toMatchObject({ format: 'lz4', reason, offset });
});

test('stops a block that would exceed its maximum size', () => {
  const bomb = hex(`${STORED} ff 00 00 00 1f 61 01 00 ${'ff '.repeat(250)} 00`);
  const { data, error } = decode([bomb.subarray(0, 11 + 255)]);
  expect(data.length).toBeLessThanOrEqual(65_536);
  expect(error).toBeDefined();
  const many = hex(`${STORED} 10 02 00 00 1f 61 01 00 ${'ff '.repeat(0x20c)}`);
  expect(decode([many]).data.length).toBeLessThanOrEqual(65_536);
});

test('decompresses a bomb with one buffer of the size of a few blocks, however large it is', () => {
  // A literal, and a match that repeats it up to nearly 64 KiB.
  const block = hex(`1f 61 01 00 ${'ff '.repeat(255)} 00 00`);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, block.length, true);
  const buffers = new Set<ArrayBufferLike>();
  let unpacked = 0;
  const decoder = new Lz4FrameDecoder((bytes) => {
    buffers.add(bytes.buffer);
    unpacked += bytes.length;
  });
  decoder.push(hex(STORED));
  const blocks = Buffer.concat(new Array<Uint8Array>(100).fill(Buffer.concat([length, block])));
  // Also when given in one piece.
  for (let at = 0; at < 3; at += 1) decoder.push(blocks);
  expect(unpacked).toBeGreaterThan(19_000_000);
  expect(buffers.size).toBe(1);
  for (const { byteLength } of buffers) expect(byteLength).toBeLessThanOrEqual(3 * 65_536);
});

describe('xxHash32', () => {
  test.each([
    ['', 0x02cc5d05],
    ['a', 0x550d7456],
    ['abc', 0x32d153ff],
    ['Nobody inspects the spammish repetition', 0xe2293b2f],
  ])('of %j is correct', (text, hash) => {
    expect(XxHash32.of(Buffer.from(text))).toBe(hash);
  });

  test('does not depend on the pieces', () => {
    for (const size of [1, 3, 16, 17, 1000]) {
      const hash = new XxHash32();
      for (const piece of cut(content, size)) hash.update(piece);
      expect(hash.digest()).toBe(XxHash32.of(content));
    }
  });
});
