import type { ByteReader } from '../wire/byte-reader.js';
import { RecordDamage, type RecordHandler } from './record-handler.js';

// What records of all formats share. Each function reads one behind its first byte, and hands nothing on if the
// reader overran.

/**
 * Reads one record after another with `record`, which is given the first byte, until `finished` or there is
 * none that is all there. The reader is left where the next record begins, also when `record` throws.
 */
export function readEach(reader: ByteReader, record: (token: number) => void, finished: () => boolean): void {
  let start = reader.position;
  try {
    while (start < reader.end && !finished()) {
      reader.position = start + 1;
      record(reader.bytes[start]!);
      if (reader.position > reader.end) return;
      start = reader.position;
    }
  } finally {
    reader.position = start;
  }
}

/** `u64 thread` */
export function readContextSwitch(reader: ByteReader, handler: RecordHandler): void {
  reader.u64();
  if (!reader.overrun) handler.contextSwitch(reader.high, reader.low);
}

/** `name, 00` */
export function readThreadName(reader: ByteReader, handler: RecordHandler): void {
  const name = reader.text();
  if (!reader.overrun) handler.threadName(name);
}

/** `varint resident bytes, varint milliseconds since the start`, which may be before it by wrapping around. */
export function readMemoryRecord(reader: ByteReader, handler: RecordHandler): void {
  const resident = reader.varint();
  reader.wide();
  if (!reader.overrun) handler.memoryRecord(resident, (reader.high | 0) * 2 ** 32 + reader.low);
}

/**
 * `varint id, function, 00, file, 00, svarint first line, varint n, n bytes of line table`; returns the new last
 * first line.
 */
export function readCodeObject(reader: ByteReader, handler: RecordHandler, lastFirstLine: number): number {
  const id = reader.varint();
  const functionName = reader.text();
  const file = reader.text();
  const firstLine = (lastFirstLine + reader.svarint()) | 0;
  const lineTable = reader.run(reader.varint());
  if (reader.overrun) return lastFirstLine;
  handler.codeObject(id, functionName, file, firstLine, lineTable);
  return firstLine;
}

/** For a first byte that begins no record. */
export function unknownRecord(token: number): RecordDamage {
  return new RecordDamage(`unknown record type 0x${token.toString(16).padStart(2, '0')}`);
}
