import { type ByteWriter, MAX_NUMBER_BYTES } from '../../wire/byte-writer.js';
import { MAX_POP } from '../format/records.js';

/** Maximum size of a record, except its strings and byte runs. */
export const RESERVE: number = 8 + 10 * MAX_NUMBER_BYTES;

const TWO_32 = 2 ** 32;

/** A 64-bit number as two unsigned halves. {@link delta} changes it in place. */
export interface Wide {
  high: number;
  low: number;
}

/** Writes a 64-bit number as LEB128. */
function wideVarint(out: ByteWriter, high: number, low: number): void {
  let rest = low >>> 0;
  let top = high >>> 0;
  while (top !== 0 || rest > 0x7f) {
    out.u8((rest & 0x7f) | 0x80);
    rest = ((rest >>> 7) | (top << 25)) >>> 0;
    top >>>= 7;
  }
  out.u8(rest);
}

/**
 * Writes the difference of a 64-bit number to `last` as zigzag LEB128, wrapping around, and stores the number in
 * `last`.
 */
export function delta(out: ByteWriter, last: Wide, high: number, low: number): void {
  const borrow = low < last.low ? 1 : 0;
  const differenceLow = (low - last.low) | 0;
  const differenceHigh = (high - last.high - borrow) | 0;
  last.high = high;
  last.low = low;
  const sign = differenceHigh >> 31;
  wideVarint(out, ((differenceHigh << 1) | (differenceLow >>> 31)) ^ sign, (differenceLow << 1) ^ sign);
}

/** Writes a 64-bit word from its halves. */
export function wideWord(out: ByteWriter, high: number, low: number): void {
  out.u32(low);
  out.u32(high);
}

/** Writes an integer as LEB128. A negative one wraps around; one beyond 2^53 is the nearest double. */
export function varint(out: ByteWriter, value: number): void {
  if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) out.varint(value);
  else wideVarint(out, Math.floor(value / TWO_32) >>> 0, value >>> 0);
}

/** Splits a pop of `count` frames into the counts of single records. */
export function* popRuns(count: number): Generator<number> {
  for (let left = count; left > 0; left -= MAX_POP) yield Math.min(left, MAX_POP);
}
