import protobuf from 'protobufjs/minimal.js';
import { perftools } from '#generated/pprof.js';
import { FormatError } from '../wire/errors.js';
import { PprofRecords } from './pprof-records.js';

/** Largest single record: a longer one would turn into many times its size in objects before it is counted. */
const MAX_RECORD_BYTES = 2 ** 20;

/** Top-level fields that hold one number appear once; this one may repeat. */
const COMMENT_FIELD = 13;
const LAST_FIELD = 15;

const VARINT = 0;

/**
 * Reads field after field through the generated code, so that a bad byte is
 * named by the offset of its field and memory follows what is kept.
 * @throws FormatError
 */
export function readRecords(bytes: Uint8Array, maxEntries: number): PprofRecords {
  const reader = protobuf.Reader.create(bytes);
  const records = new PprofRecords(maxEntries);
  const seen = new Set<number>();
  while (reader.pos < reader.len) {
    const offset = reader.pos;
    try {
      const tag = reader.tag();
      assertNotRepeated(tag, seen);
      const length = fieldLength(reader, tag, offset);
      reader.pos = offset;
      records.add(perftools.profiles.Profile.decode(reader, length));
    } catch (cause) {
      throw new FormatError('pprof', reasonOf(cause), offset, { cause });
    }
  }
  return records;
}

/** Bytes of the field that begins at `offset` and whose tag has just been read. */
function fieldLength(reader: protobuf.Reader, tag: number, offset: number): number {
  reader.skipType(tag & 7, 0, tag >>> 3);
  const length = reader.pos - offset;
  if (length > MAX_RECORD_BYTES) {
    throw new Error(`a record of ${length} bytes is over the limit of ${MAX_RECORD_BYTES}`);
  }
  return length;
}

/** Protocol buffers may be joined end to end and still parse; two profiles in a row must not pass for one. */
function assertNotRepeated(tag: number, seen: Set<number>): void {
  const field = tag >>> 3;
  if ((tag & 7) !== VARINT || field === COMMENT_FIELD || field > LAST_FIELD) return;
  if (seen.has(field)) throw new Error('a second profile begins here; several profiles were concatenated');
  seen.add(field);
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  // The generated code only throws this one where a length leads past the end.
  if (cause instanceof RangeError) return 'cut off or damaged';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'a text is not UTF-8';
  // The generated code's own offset is that of the byte after the tag; ours follows.
  return message.replace(/ at offset \d+$/, '');
}
