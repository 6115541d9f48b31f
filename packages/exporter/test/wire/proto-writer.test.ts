import protobuf from 'protobufjs/minimal.js';
import { describe, expect, test } from 'vitest';
import { writeChain } from '../../src/wire/packed-chains.js';
import { assertInt64, ProtoWriter, varintSize } from '../../src/wire/proto-writer.js';

/** Numbers at which the size or the way of writing changes. */
const NUMBERS = [7, 14, 21, 28, 31, 32, 35, 42, 49, 52, 53, 62]
  .flatMap((bits) => [2 ** bits - 1, 2 ** bits, -(2 ** bits)])
  .concat(0, 1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, -(2 ** 63), 1e18);

describe('an integer', () => {
  test.each(NUMBERS)('%d is written as protobufjs writes it', (number) => {
    const writer = new ProtoWriter(0);
    writer.number(1, number);
    const bytes = writer.take();
    const halves = {
      low: Number(BigInt.asIntN(32, BigInt(number))),
      high: Number(BigInt(number) >> 32n),
      unsigned: false,
    };
    expect(bytes).toEqual(
      Uint8Array.from(
        protobuf.Writer.create()
          .uint32(8)
          .int64(halves as never)
          .finish(),
      ),
    );
    expect(varintSize(number)).toBe(bytes.length - 1);
    writer.bigInteger(1, BigInt(number));
    expect(writer.take()).toEqual(number === 0 ? new Uint8Array() : bytes);
  });

  test.each([2 ** 63, -(2 ** 63) * 1.001])('%d is refused', (number) => {
    expect(() => assertInt64(number)).toThrow(new RangeError(`value ${number} does not fit into 64 bits`));
  });
});

test.each([0, 1, 63, 64, 65, 127, 128, 129, 5_000, 16_383, 16_384, 70_000])(
  'texts of %d characters are read',
  (length) => {
    for (const unit of ['a', 'ä', '€', '\u{1f600}']) {
      // The last character decides whether the text is ASCII.
      const texts = [unit.repeat(length), `${unit.repeat(length)}ä`];
      const writer = new ProtoWriter(0);
      for (const text of texts) writer.element(1, text);
      const reader = protobuf.Reader.create(writer.take());
      for (const text of texts) {
        expect(reader.uint32()).toBe(10);
        // Do not print long texts.
        expect(reader.string() === text).toBe(true);
      }
      expect(reader.pos).toBe(reader.len);
    }
  },
);

test.each([0, 127, 128, 16_384])('messages of %d bytes are closed with their length', (length) => {
  const writer = new ProtoWriter(0);
  const outer = writer.open(1);
  const inner = writer.open(2);
  writer.raw(new Uint8Array(length).fill(7));
  writer.close(inner);
  writer.close(outer);
  const reader = protobuf.Reader.create(writer.take());
  expect(reader.uint32()).toBe(10);
  const content = protobuf.Reader.create(reader.bytes());
  expect([content.uint32(), content.bytes().length]).toEqual([18, length]);
  expect([reader.pos, content.pos]).toEqual([reader.len, content.len]);
});

test('chains are written from their node to the root', () => {
  const chains = {
    parents: Int32Array.of(-1, 0, 1, 0),
    numbers: Int32Array.of(0, 299, 2 ** 31 - 2, 126),
    offset: 1,
  };
  const writer = new ProtoWriter(0);
  const lengths = [2, 3, -1].map((node) => writeChain(writer, 1, chains, node));
  expect(lengths).toEqual([3, 2, 0]);
  const reader = protobuf.Reader.create(writer.take());
  for (const numbers of [
    [2 ** 31 - 1, 300, 1],
    [127, 1],
  ]) {
    expect(reader.uint32()).toBe(10);
    const list = protobuf.Reader.create(reader.bytes());
    expect(numbers.map(() => list.uint32())).toEqual(numbers);
    expect(list.pos).toBe(list.len);
  }
  expect(reader.pos).toBe(reader.len);
});
