import type { ByteReader } from '../wire/byte-reader.js';
import { RecordDamage, type RecordHandler } from './record-handler.js';

/** The carried instruction pointer. */
export interface Pointer {
  high: number;
  low: number;
}

const MAX_NATIVE_ID = 2 ** 31 - 1;

/** Native stacks are numbered one by one: nothing else than such a number, or -1 for none, can be meant. */
export function checkNative(native: number): void {
  if (native > MAX_NATIVE_ID || native < -1) throw new RecordDamage(`impossible native frame ${native}`);
}

/** `svarint ip - last ip, svarint parent - last native`; returns the new last native id. */
export function readNativeFrame(
  reader: ByteReader,
  handler: RecordHandler,
  lastIp: Pointer,
  lastNative: number,
): number {
  reader.swide();
  const low = lastIp.low + reader.low;
  const high = (lastIp.high + reader.high + (low > 0xffff_ffff ? 1 : 0)) >>> 0;
  const parent = lastNative + reader.svarint();
  if (reader.overrun) return lastNative;
  checkNative(parent);
  lastIp.low = low >>> 0;
  lastIp.high = high;
  handler.nativeFrame(high, lastIp.low, parent);
  return parent;
}

/** `path, 00, varint segments, u64 load address`; returns how many segments must follow. */
export function readImage(reader: ByteReader, handler: RecordHandler): number {
  const path = reader.text();
  const segments = reader.varint();
  reader.u64();
  if (reader.overrun) return 0;
  handler.image(path, segments, reader.high, reader.low);
  return segments;
}

/** `u64 address, varint size`; false if it overran. */
export function readSegment(reader: ByteReader, handler: RecordHandler): boolean {
  reader.u64();
  const { high, low } = reader;
  const size = reader.varint();
  if (reader.overrun) return false;
  handler.segment(high, low, size);
  return true;
}
