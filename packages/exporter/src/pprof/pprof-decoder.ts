import type { Profile } from '../profile/index.js';
import { ByteReader } from '../wire/byte-reader.js';
import { FormatError } from '../wire/errors.js';
import { fieldOf, LENGTH_DELIMITED, VARINT } from '../wire/proto-fields.js';
import { DEFAULT_MAX_BYTES, DEFAULT_MAX_ENTRIES, type PprofLimits } from './limits.js';
import { PprofRecords } from './pprof-records.js';
import { profileFromRecords } from './profile-from-records.js';
import { RecordReader } from './read-records.js';

/** Maximum size of a single record. It bounds the memory for an incomplete one. */
const MAX_RECORD_BYTES = 2 ** 24;

const FIXED_64 = 1;
const FIXED_32 = 5;
/** Field that may repeat. All other top-level fields that hold one number occur once. */
const COMMENT_FIELD = 13;
const LAST_FIELD = 15;
const MAX_FIELD = 2 ** 29 - 1;

/**
 * Reads a pprof profile, not gzipped, piece by piece. Memory depends on what is distinct in it: equal samples, stacks
 * and label sets are stored once.
 */
export class PprofDecoder {
  readonly #reader: ByteReader = new ByteReader();
  readonly #records: PprofRecords;
  readonly #fields: RecordReader;
  readonly #maxBytes: number;
  readonly #seen: Set<number> = new Set();
  #bytes = 0;

  constructor(limits: PprofLimits = {}) {
    this.#maxBytes = limits.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#records = new PprofRecords(limits.maxEntries ?? DEFAULT_MAX_ENTRIES);
    this.#fields = new RecordReader(this.#records, this.#reader);
  }

  /**
   * Adds the next bytes.
   *
   * @throws FormatError with a one-line reason and the byte offset
   */
  push(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#maxBytes) {
      throw new FormatError('pprof', `larger than the limit of ${this.#maxBytes} bytes`);
    }
    this.#reader.push(bytes);
    while (this.#reader.available > 0 && this.#field());
  }

  /** Ends the input and returns the profile. Throws as {@link push} does, also for missing data. */
  end(): Profile {
    if (this.#reader.available > 0) throw new FormatError('pprof', 'cut off or damaged', this.#reader.offset);
    if ((this.#records.texts.at(0) ?? '') !== '')
      throw new FormatError('pprof', 'the string table does not begin with ""');
    return profileFromRecords(this.#records);
  }

  /** Reads one field of the profile. Returns false when it is incomplete. */
  #field(): boolean {
    const reader = this.#reader;
    const start = reader.position;
    const offset = reader.offset;
    try {
      const tag = reader.varint();
      const length = this.#length(tag);
      if (length === undefined) {
        reader.position = start;
        return false;
      }
      const end = reader.position + length;
      this.#fields.read(tag, end);
      reader.position = end;
      return true;
    } catch (cause) {
      throw new FormatError('pprof', (cause as Error).message, offset, { cause });
    }
  }

  /** Returns the length of the value whose tag was just read, in bytes. Undefined when the value is incomplete. */
  #length(tag: number): number | undefined {
    const reader = this.#reader;
    if (reader.overrun) return undefined;
    const field = fieldOf(tag);
    if (field === 0 || field > MAX_FIELD) throw new Error(`illegal tag: field number ${field}`);
    const wireType = tag & 7;
    if (wireType === VARINT) {
      this.#assertNotRepeated(field);
      const start = reader.position;
      reader.wide();
      if (reader.overrun) {
        this.#seen.delete(field);
        return undefined;
      }
      const length = reader.position - start;
      reader.position = start;
      return length;
    }
    const length = wireType === LENGTH_DELIMITED ? reader.varint() : fixedLength(wireType);
    if (reader.overrun) return undefined;
    if (length > MAX_RECORD_BYTES) {
      throw new Error(`a record of ${length} bytes is over the limit of ${MAX_RECORD_BYTES}`);
    }
    return length > reader.available ? undefined : length;
  }

  /**
   * Throws when a field occurs twice. Concatenated protocol buffers still parse, but two profiles must not be read as
   * one.
   */
  #assertNotRepeated(field: number): void {
    if (field === COMMENT_FIELD || field > LAST_FIELD) return;
    if (this.#seen.has(field))
      throw new Error('a second profile begins here; several profiles were concatenated');
    this.#seen.add(field);
  }
}

function fixedLength(wireType: number): number {
  if (wireType === FIXED_64) return 8;
  if (wireType === FIXED_32) return 4;
  throw new Error(`invalid wire type ${wireType}`);
}
