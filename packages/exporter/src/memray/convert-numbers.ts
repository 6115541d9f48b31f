import { type ByteWriter, MAX_NUMBER_BYTES } from '../wire/byte-writer.js';
import { MAX_POP } from './records.js';

/** More than any record takes beside its strings and byte runs. */
export const RESERVE: number = 8 + 10 * MAX_NUMBER_BYTES;

const TWO_32 = 2 ** 32;

/** A 64-bit number as two unsigned halves, changed in place by {@link delta}. */
export interface Wide {
  high: number;
  low: number;
}

/** LEB128 of a 64-bit number. */
export function wideVarint(out: ByteWriter, high: number, low: number): void {
  let rest = low >>> 0;
  let top = high >>> 0;
  while (top !== 0 || rest > 0x7f) {
    out.u8((rest & 0x7f) | 0x80);
    rest = ((rest >>> 7) | (top << 25)) >>> 0;
    top >>>= 7;
  }
  out.u8(rest);
}

/** Zigzag LEB128 of how far a 64-bit number is from the last one, wrapping around; it becomes the last one. */
export function delta(out: ByteWriter, last: Wide, high: number, low: number): void {
  const borrow = low < last.low ? 1 : 0;
  const differenceLow = (low - last.low) | 0;
  const differenceHigh = (high - last.high - borrow) | 0;
  last.high = high;
  last.low = low;
  const sign = differenceHigh >> 31;
  wideVarint(out, ((differenceHigh << 1) | (differenceLow >>> 31)) ^ sign, (differenceLow << 1) ^ sign);
}

/** A 64-bit word from its halves. */
export function wideWord(out: ByteWriter, high: number, low: number): void {
  out.u32(low);
  out.u32(high);
}

/** LEB128 of an integer; a negative one wraps around, and beyond 2^53 it is the nearest. */
export function varint(out: ByteWriter, value: number): void {
  if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) out.varint(value);
  else wideVarint(out, Math.floor(value / TWO_32) >>> 0, value >>> 0);
}

/** How many frames each of the records takes that pop `count` frames. */
export function* popRuns(count: number): Generator<number> {
  for (let left = count; left > 0; left -= MAX_POP) yield Math.min(left, MAX_POP);
}
