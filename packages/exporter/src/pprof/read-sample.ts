import { NONE } from '../profile/model/profile.js';
import type { ByteReader } from '../wire/byte-reader.js';
import {
  assertEnd,
  fieldOf,
  LENGTH_DELIMITED,
  readEnd,
  readId,
  readInt64,
  readMessage,
  skipValue,
  VARINT,
} from '../wire/proto-fields.js';
import { LABEL, SAMPLE } from './pprof-fields.js';
import type { PprofLabel, PprofRecords } from './pprof-records.js';

const FIRST_NUMBERS = 64;

/** Reads samples without creating an object for each, because a file may have many millions. */
export class SampleReader {
  readonly #records: PprofRecords;
  // Buffers are reused for each sample: clearing and refilling an array takes several times as long.
  /** Indices of the locations, innermost first. */
  #locations: Int32Array = new Int32Array(FIRST_NUMBERS);
  #locationCount = 0;
  #values: Float64Array = new Float64Array(FIRST_NUMBERS);
  #valueCount = 0;
  /** Start (with the tag) and end of each label. */
  #labels: number[] = [];
  /** Number of each label set, by its bytes. */
  readonly #known: Map<string, number> = new Map();
  #lastBytes: Uint8Array = new Uint8Array();
  #lastSet = 0;

  constructor(records: PprofRecords) {
    this.#records = records;
  }

  /** Reads the sample that ends at `end`. */
  read(reader: ByteReader, end: number): void {
    this.#locationCount = 0;
    this.#valueCount = 0;
    if (this.#labels.length > 0) this.#labels = [];
    while (reader.position < end) this.#field(reader, end);
    assertEnd(reader, end);
    const labels = this.#labels.length === 0 ? 0 : this.#labelSet(reader);
    reader.position = end;
    let stack = NONE;
    for (let at = this.#locationCount - 1; at >= 0; at--) {
      stack = this.#records.stacks.handleFor(stack, this.#locations[at]!);
    }
    this.#records.addSample(stack, labels, this.#values, this.#valueCount);
  }

  #field(reader: ByteReader, end: number): void {
    const start = reader.position;
    const tag = reader.varint();
    const field = fieldOf(tag);
    const wireType = tag & 7;
    const isNumber = field === SAMPLE.LOCATION_ID || field === SAMPLE.VALUE;
    if (isNumber && wireType === VARINT) return this.#number(reader, field);
    if (wireType !== LENGTH_DELIMITED || field > SAMPLE.LABEL) return skipValue(reader, tag, end);
    const valueEnd = readEnd(reader, end);
    if (isNumber) {
      while (reader.position < valueEnd) this.#number(reader, field);
      return assertEnd(reader, valueEnd);
    }
    this.#labels.push(start, valueEnd);
    reader.position = valueEnd;
  }

  #number(reader: ByteReader, field: number): void {
    if (field === SAMPLE.LOCATION_ID) {
      if (this.#locationCount === this.#locations.length) this.#growLocations();
      this.#locations[this.#locationCount++] = this.#records.locationIndex(readId(reader));
    } else {
      if (this.#valueCount === this.#values.length) this.#growValues();
      this.#values[this.#valueCount++] = readInt64(reader);
    }
  }

  #growLocations(): void {
    const locations = new Int32Array(this.#locations.length * 2);
    locations.set(this.#locations);
    this.#locations = locations;
  }

  #growValues(): void {
    const values = new Float64Array(this.#values.length * 2);
    values.set(this.#values);
    this.#values = values;
  }

  #labelSet(reader: ByteReader): number {
    const bytes = this.#labelBytes(reader.bytes);
    if (sameBytes(bytes, this.#lastBytes)) return this.#lastSet;
    this.#lastBytes = bytes.slice();
    const identity = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    let set = this.#known.get(identity);
    if (set === undefined) {
      set = this.#records.addLabelSet(this.#readLabels(reader));
      this.#known.set(identity, set);
    }
    this.#lastSet = set;
    return set;
  }

  /**
   * Returns the bytes of all labels. They are contiguous in the output of every known writer, so that nothing is
   * copied.
   */
  #labelBytes(bytes: Uint8Array): Uint8Array {
    const labels = this.#labels;
    const parts: Uint8Array[] = [];
    let start = labels[0]!;
    for (let at = 1; at < labels.length; at += 2) {
      if (labels[at] === labels[at + 1]) continue;
      parts.push(bytes.subarray(start, labels[at]));
      start = labels[at + 1]!;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  #readLabels(reader: ByteReader): readonly PprofLabel[] {
    const labels: PprofLabel[] = [];
    for (let at = 0; at < this.#labels.length; at += 2) {
      const end = this.#labels[at + 1]!;
      reader.position = this.#labels[at]!;
      reader.varint();
      labels.push(readLabel(reader, readEnd(reader, end)));
    }
    return labels;
  }
}

function readLabel(reader: ByteReader, end: number): PprofLabel {
  const label = { key: 0, str: 0, num: 0, numUnit: 0 };
  readMessage(reader, end, (field) => {
    if (field === LABEL.KEY) label.key = readInt64(reader);
    else if (field === LABEL.STR) label.str = readInt64(reader);
    else if (field === LABEL.NUM) label.num = readInt64(reader);
    else if (field === LABEL.NUM_UNIT) label.numUnit = readInt64(reader);
    else return false;
    return true;
  });
  return label;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
