import type { ByteReader } from './byte-reader.js';

export const VARINT = 0;
export const LENGTH_DELIMITED = 2;
const FIXED_64 = 1;
const FIXED_32 = 5;
const TWO_32 = 2 ** 32;
/** From this value on, the high half does not fit into an exact number. */
const EXACT_HIGH = 2 ** 21;

/** Reads an unsigned 64-bit number, exact: a number where it fits. */
export function readId(reader: ByteReader): number | bigint {
  reader.wide();
  const { high, low } = reader;
  return high < EXACT_HIGH ? high * TWO_32 + low : (BigInt(high) << 32n) | BigInt(low);
}

/** Reads an int64: exact up to 2^53, the nearest number beyond. */
export function readInt64(reader: ByteReader): number {
  reader.wide();
  return (reader.high | 0) * TWO_32 + reader.low;
}

/** Reads an int64, exact. */
export function readBigInt64(reader: ByteReader): bigint {
  reader.wide();
  return (BigInt(reader.high | 0) << 32n) | BigInt(reader.low);
}

/**
 * Reads the length of a length-delimited value. Returns the position at which the value ends.
 *
 * @throws Error when it ends after the message that contains it
 */
export function readEnd(reader: ByteReader, messageEnd: number): number {
  const length = reader.varint();
  const end = reader.position + length;
  if (end > messageEnd) throw new Error('cut off or damaged');
  return end;
}

/** Skips the value of an unknown field. */
export function skipValue(reader: ByteReader, tag: number, messageEnd: number): void {
  const wireType = tag & 7;
  if (wireType === VARINT) reader.wide();
  else if (wireType === LENGTH_DELIMITED) reader.position = readEnd(reader, messageEnd);
  else if (wireType === FIXED_64) reader.position += 8;
  else if (wireType === FIXED_32) reader.position += 4;
  else throw new Error(`invalid wire type ${wireType}`);
}

/**
 * Checks that the message ends where its length says.
 *
 * @throws Error when it does not
 */
export function assertEnd(reader: ByteReader, messageEnd: number): void {
  if (reader.position !== messageEnd) throw new Error('cut off or damaged');
}

/** Returns the field number of a tag. */
export function fieldOf(tag: number): number {
  return Math.floor(tag / 8);
}

/**
 * Reads a message. Calls `visitNumber` before each number and `visitPart` before the length of each text or message. A
 * visitor either reads the value and returns true, or reads nothing and returns false.
 */
export function readMessage(
  reader: ByteReader,
  end: number,
  visitNumber: (field: number) => boolean,
  visitPart: (field: number) => boolean = () => false,
): void {
  while (reader.position < end) {
    const tag = reader.varint();
    const wireType = tag & 7;
    if (wireType === VARINT && visitNumber(fieldOf(tag))) continue;
    if (wireType === LENGTH_DELIMITED && visitPart(fieldOf(tag))) continue;
    skipValue(reader, tag, end);
  }
  assertEnd(reader, end);
}
