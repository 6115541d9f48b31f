import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, MalformedNumberError } from '../../src/wire/byte-reader.js';
import { ByteWriter } from '../../src/wire/byte-writer.js';
import { hex } from '../memray/support/hex.js';

function reader(bytes: Uint8Array): ByteReader {
  const made = new ByteReader();
  made.push(bytes);
  return made;
}

function leb128(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

function wideOf({ high, low }: ByteReader): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

const U64 = fc.oneof(
  fc.bigInt(0n, 2n ** 64n - 1n),
  fc.constantFrom(
    0n,
    2n ** 28n - 1n,
    2n ** 28n,
    2n ** 31n,
    2n ** 32n,
    2n ** 53n,
    2n ** 56n,
    2n ** 63n,
    2n ** 64n - 1n,
  ),
);

describe('numbers', () => {
  test('reads unsigned LEB128 of 64 bits', () => {
    fc.assert(
      fc.property(U64, (value) => {
        const bytes = reader(leb128(value));
        bytes.wide();
        expect(wideOf(bytes)).toBe(value);
        expect(bytes.available).toBe(0);
        expect(reader(leb128(value)).varint()).toBe(Number(value));
      }),
    );
  });

  test('reads zigzag LEB128 of 64 bits', () => {
    fc.assert(
      fc.property(U64, (bits) => {
        const value = BigInt.asIntN(64, bits);
        const bytes = reader(leb128(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))));
        bytes.swide();
        expect(wideOf(bytes)).toBe(bits);
        bytes.position = 0;
        expect(bytes.svarint()).toBe(Number(value));
      }),
    );
  });

  test('reads the output of ByteWriter', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const out = new ByteWriter();
        out.reserve(64);
        out.svarint(value);
        out.varint(Math.abs(value));
        out.u64(value);
        out.u32(7);
        const bytes = reader(out.take());
        expect(bytes.svarint()).toBe(value);
        expect(bytes.varint()).toBe(Math.abs(value));
        expect(bytes.i64()).toBe(value);
        expect(bytes.u32()).toBe(7);
        expect(bytes.overrun).toBe(false);
      }),
    );
  });

  test('rejects numbers of more than 64 bits', () => {
    for (const bytes of [
      'ff ff ff ff ff ff ff ff ff 02',
      '80 80 80 80 80 80 80 80 80 80 01',
      'ff '.repeat(12),
    ]) {
      expect(() => reader(hex(bytes)).wide()).toThrow(MalformedNumberError);
    }
    expect(() => reader(hex('ff ff ff ff ff ff ff ff ff 01')).wide()).not.toThrow();
  });

  test('truncated numbers overrun and are not malformed', () => {
    for (let length = 0; length < 10; length += 1) {
      const bytes = reader(hex('ff '.repeat(length)));
      bytes.wide();
      expect(bytes.overrun).toBe(true);
    }
  });
});

describe('the stream', () => {
  test('continues over pushes, and a record that overran can be read again', () => {
    const bytes = hex('81 01 61 62 63 00 05');
    const pieces = new ByteReader();
    const seen: unknown[] = [];
    for (const byte of bytes) {
      pieces.push(Uint8Array.of(byte));
      const start = pieces.position;
      const record = seen.length === 0 ? pieces.varint() : seen.length === 1 ? pieces.text() : pieces.u8();
      if (pieces.overrun) pieces.position = start;
      else seen.push(record);
    }
    expect(seen).toEqual([129, 'abc', 5]);
    expect(pieces.offset).toBe(7);
    expect(pieces.available).toBe(0);
  });

  test('text is UTF-8; invalid UTF-8 becomes U+FFFD; a byte order mark is kept', () => {
    expect(reader(Buffer.from('é日😀\0')).text()).toBe('é日😀');
    expect(reader(Buffer.from(`${'long '.repeat(20)}é\0`)).text()).toBe(`${'long '.repeat(20)}é`);
    expect(reader(hex('61 ff 62 00')).text()).toBe('a\ufffdb');
    expect(reader(hex('ef bb bf 61 00')).text()).toBe('\ufeffa');
    expect(reader(hex('00')).text()).toBe('');
  });

  test('incomplete text and runs overrun', () => {
    for (const read of [
      (r: ByteReader) => r.text(),
      (r: ByteReader) => r.run(4),
      (r: ByteReader) => r.run(2 ** 60),
    ]) {
      const bytes = reader(hex('61 62 63'));
      read(bytes);
      expect(bytes.overrun).toBe(true);
    }
    expect([...reader(hex('61 62 63')).run(3)]).toEqual([0x61, 0x62, 0x63]);
  });
});
