import type { ByteReader } from '../../wire/byte-reader.js';
import { RecordDamage, type RecordHandler } from '../format/record-handler.js';

// Readers for records that all formats share. Each function reads one record after its first byte. If the reader
// overran, it does not call the handler.

/**
 * Reads records with `record`, which receives the first byte, until `finished` returns true or the next record is
 * incomplete. Leaves the reader at the start of the next record, even when `record` throws.
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

/** Reads `u64 thread`. */
export function readContextSwitch(reader: ByteReader, handler: RecordHandler): void {
  reader.u64();
  if (!reader.overrun) handler.contextSwitch(reader.high, reader.low);
}

/** Reads `name, 00`. */
export function readThreadName(reader: ByteReader, handler: RecordHandler): void {
  const name = reader.text();
  if (!reader.overrun) handler.threadName(name);
}

/**
 * Reads `varint resident bytes, varint milliseconds since the start`. The time wraps around if it is before the start.
 */
export function readMemoryRecord(reader: ByteReader, handler: RecordHandler): void {
  const resident = reader.varint();
  reader.wide();
  if (!reader.overrun) handler.memoryRecord(resident, (reader.high | 0) * 2 ** 32 + reader.low);
}

/**
 * Reads `varint id, function, 00, file, 00, svarint first line, varint n, n bytes of line table`. Returns the first
 * line, to be the base of the next one.
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

/** Returns the damage for a first byte that starts no record. */
export function unknownRecord(token: number): RecordDamage {
  return new RecordDamage(`unknown record type 0x${token.toString(16).padStart(2, '0')}`);
}
