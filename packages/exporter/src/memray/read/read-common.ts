import type { ByteReader } from '../../wire/byte-reader.js';
import { RecordDamage, type RecordHandler } from '../format/record-handler.js';
import { TOKEN } from '../format/records.js';
import { NativeRecords } from './read-native.js';

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
function readContextSwitch(reader: ByteReader, handler: RecordHandler): void {
  reader.u64();
  if (!reader.overrun) handler.contextSwitch(reader.high, reader.low);
}

/** Reads `name, 00`. */
function readThreadName(reader: ByteReader, handler: RecordHandler): void {
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

/** Reads the records whose kind has the same number, and the same contents, in all formats. */
export class CommonRecords {
  readonly natives: NativeRecords;
  readonly #reader: ByteReader;
  readonly #handler: RecordHandler;

  constructor(reader: ByteReader, handler: RecordHandler) {
    this.natives = new NativeRecords(reader, handler);
    this.#reader = reader;
    this.#handler = handler;
  }

  /**
   * Reads a record.
   *
   * @throws RecordDamage for another kind, naming the first byte
   */
  read(kind: number, token: number = kind): void {
    switch (kind) {
      case TOKEN.CONTEXT_SWITCH:
        return readContextSwitch(this.#reader, this.#handler);
      case TOKEN.THREAD_NAME:
        return readThreadName(this.#reader, this.#handler);
      case TOKEN.NATIVE_FRAME:
        return this.natives.frame();
      case TOKEN.MEMORY_MAP_START:
        return this.#handler.memoryMapStart();
      case TOKEN.SEGMENT_HEADER:
        return this.natives.image();
      case TOKEN.SEGMENT:
        return this.natives.segment();
      default:
        throw unknownRecord(token);
    }
  }
}

/** Names of the {@link CommonRecords} by kind. */
export const COMMON_NAMES: readonly (readonly [number, string])[] = [
  [TOKEN.NATIVE_FRAME, 'native frame'],
  [TOKEN.MEMORY_MAP_START, 'memory map start'],
  [TOKEN.SEGMENT_HEADER, 'segment header'],
  [TOKEN.SEGMENT, 'segment'],
  [TOKEN.THREAD_NAME, 'thread name'],
  [TOKEN.CONTEXT_SWITCH, 'context switch'],
];

/** Returns the damage for a first byte that starts no record. */
export function unknownRecord(token: number): RecordDamage {
  return new RecordDamage(`unknown record type 0x${token.toString(16).padStart(2, '0')}`);
}
