import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../../src/wire/byte-writer.js';

function written(write: (out: ByteWriter) => void): number[] {
  const out = new ByteWriter();
  out.reserve(64);
  write(out);
  return [...out.take()];
}

/** Encodes LEB128 by its definition, with bigint. */
function leb128(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return bytes;
}

function zigzag(value: bigint): bigint {
  return BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
}

const EDGES = [
  0,
  1,
  63,
  64,
  65,
  127,
  128,
  2 ** 14 - 1,
  2 ** 28 - 1,
  2 ** 28,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 32 + 1,
  2 ** 49,
  2 ** 52 - 1,
  2 ** 52,
  2 ** 53 - 8,
  2 ** 53 - 1,
  2 ** 53,
];

describe('numbers', () => {
  test.each(EDGES)('varint %d', (value) => {
    expect(written((out) => out.varint(value))).toEqual(leb128(BigInt(value)));
  });

  test.each(EDGES.flatMap((value) => [value, -value]))('svarint %d', (value) => {
    expect(written((out) => out.svarint(value))).toEqual(leb128(zigzag(BigInt(value))));
  });

  test.each(EDGES.flatMap((value) => [value, -value]))('u64 %d', (value) => {
    const expected = new DataView(new ArrayBuffer(8));
    expected.setBigInt64(0, BigInt(value), true);
    expect(written((out) => out.u64(value))).toEqual([...new Uint8Array(expected.buffer)]);
  });

  test('any safe integer', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(written((out) => out.svarint(value))).toEqual(leb128(zigzag(BigInt(value))));
        expect(written((out) => out.varint(Math.abs(value)))).toEqual(leb128(BigInt(Math.abs(value))));
      }),
    );
  });
});

test('text is UTF-8; a lone surrogate becomes U+FFFD', () => {
  expect(written((out) => out.text('é日😀\ud800'))).toEqual([...Buffer.from('é日😀\ufffd')]);
});

test('take returns the written bytes and starts over, whatever their size', () => {
  const out = new ByteWriter();
  const big = new Uint8Array(3_000_000).fill(7);
  out.bytes(big);
  expect(out.length).toBe(3_000_000);
  const first = out.take();
  out.text('abc');
  expect(Buffer.from(out.take()).toString()).toBe('abc');
  expect(first.length).toBe(3_000_000);
  expect(first.every((byte) => byte === 7)).toBe(true);
  expect(out.length).toBe(0);
});

test('growing keeps the written bytes', () => {
  const out = new ByteWriter();
  for (let at = 0; at < 100_000; at += 1) {
    out.reserve(4);
    out.u32(at);
  }
  const view = new DataView(out.take().buffer);
  for (let at = 0; at < 100_000; at += 1) expect(view.getUint32(at * 4, true)).toBe(at);
});
