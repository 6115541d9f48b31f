import type { ByteReader } from '../wire/byte-reader.js';
import {
  assertEnd,
  fieldOf,
  LENGTH_DELIMITED,
  readBigInt64,
  readEnd,
  readId,
  readInt64,
  readMessage,
  VARINT,
} from '../wire/proto-fields.js';
import { FUNCTION, LINE, LOCATION, MAPPING, PROFILE, VALUE_TYPE } from './pprof-fields.js';
import type { Id, PprofLine, PprofRecords, PprofValueType } from './pprof-records.js';
import { SampleReader } from './read-sample.js';

/**
 * Reads the fields of a profile into {@link PprofRecords}. Skips fields that are unknown or of an unexpected type. Does
 * not use the generated code, which creates an object for each sample: it takes ten times as long, and minutes for a
 * malicious file.
 */
export class RecordReader {
  readonly #records: PprofRecords;
  readonly #reader: ByteReader;
  readonly #samples: SampleReader;

  constructor(records: PprofRecords, reader: ByteReader) {
    this.#records = records;
    this.#reader = reader;
    this.#samples = new SampleReader(records);
  }

  /**
   * Reads one complete field up to `end`. The reader is positioned after its tag (and length).
   *
   * @throws Error with the reason when a limit is exceeded, the field contradicts others, or it is truncated
   */
  read(tag: number, end: number): void {
    if ((tag & 7) === VARINT) this.#number(fieldOf(tag));
    else if ((tag & 7) === LENGTH_DELIMITED) this.#part(fieldOf(tag), end);
  }

  #number(field: number): void {
    const records = this.#records;
    const reader = this.#reader;
    if (field === PROFILE.TIME_NANOS) records.timeNanos = readBigInt64(reader);
    else if (field === PROFILE.DURATION_NANOS) records.durationNanos = readBigInt64(reader);
    else if (field === PROFILE.PERIOD) records.period = readInt64(reader);
    else if (field === PROFILE.COMMENT) records.addComment(readInt64(reader));
    else if (field === PROFILE.DEFAULT_SAMPLE_TYPE) records.defaultSampleType = readInt64(reader);
  }

  #part(field: number, end: number): void {
    const records = this.#records;
    const reader = this.#reader;
    switch (field) {
      case PROFILE.SAMPLE:
        return this.#samples.read(reader, end);
      case PROFILE.SAMPLE_TYPE:
        return records.addColumn(readValueType(reader, end));
      case PROFILE.MAPPING:
        return readMapping(records, reader, end);
      case PROFILE.LOCATION:
        return readLocation(records, reader, end);
      case PROFILE.FUNCTION:
        return readFunction(records, reader, end);
      case PROFILE.STRING:
        return records.addText(reader.bytes, reader.position, end);
      case PROFILE.PERIOD_TYPE:
        records.periodType = readValueType(reader, end);
        return;
      case PROFILE.COMMENT:
        while (reader.position < end) records.addComment(readInt64(reader));
        return assertEnd(reader, end);
    }
  }
}

function readValueType(reader: ByteReader, end: number): PprofValueType {
  const valueType = { type: 0, unit: 0 };
  readMessage(reader, end, (field) => {
    if (field === VALUE_TYPE.TYPE) valueType.type = readInt64(reader);
    else if (field === VALUE_TYPE.UNIT) valueType.unit = readInt64(reader);
    else return false;
    return true;
  });
  return valueType;
}

function readMapping(records: PprofRecords, reader: ByteReader, end: number): void {
  let id: Id = 0;
  const mapping: { start: Id; limit: Id; fileOffset: Id; filename: number } = {
    start: 0,
    limit: 0,
    fileOffset: 0,
    filename: 0,
  };
  readMessage(reader, end, (field) => {
    if (field === MAPPING.ID) id = readId(reader);
    else if (field === MAPPING.START) mapping.start = readId(reader);
    else if (field === MAPPING.LIMIT) mapping.limit = readId(reader);
    else if (field === MAPPING.OFFSET) mapping.fileOffset = readId(reader);
    else if (field === MAPPING.FILENAME) mapping.filename = readInt64(reader);
    else return false;
    return true;
  });
  records.addMapping(id, mapping);
}

function readLocation(records: PprofRecords, reader: ByteReader, end: number): void {
  let id: Id = 0;
  let mappingId: Id = 0;
  let address: Id = 0;
  const lines: PprofLine[] = [];
  const visitNumber = (field: number): boolean => {
    if (field === LOCATION.ID) id = readId(reader);
    else if (field === LOCATION.MAPPING_ID) mappingId = readId(reader);
    else if (field === LOCATION.ADDRESS) address = readId(reader);
    else return false;
    return true;
  };
  readMessage(reader, end, visitNumber, (field) => {
    if (field === LOCATION.LINE) lines.push(readLine(reader, readEnd(reader, end)));
    return field === LOCATION.LINE;
  });
  records.addLocation(id, address, mappingId, lines);
}

function readLine(reader: ByteReader, end: number): PprofLine {
  const line: { functionId: Id; line: number; column: number } = { functionId: 0, line: 0, column: 0 };
  readMessage(reader, end, (field) => {
    if (field === LINE.FUNCTION_ID) line.functionId = readId(reader);
    else if (field === LINE.LINE) line.line = readInt64(reader);
    else if (field === LINE.COLUMN) line.column = readInt64(reader);
    else return false;
    return true;
  });
  return line;
}

function readFunction(records: PprofRecords, reader: ByteReader, end: number): void {
  let id: Id = 0;
  const fn = { name: 0, systemName: 0, filename: 0, startLine: 0 };
  readMessage(reader, end, (field) => {
    if (field === FUNCTION.ID) id = readId(reader);
    else if (field === FUNCTION.NAME) fn.name = readInt64(reader);
    else if (field === FUNCTION.SYSTEM_NAME) fn.systemName = readInt64(reader);
    else if (field === FUNCTION.FILENAME) fn.filename = readInt64(reader);
    else if (field === FUNCTION.START_LINE) fn.startLine = readInt64(reader);
    else return false;
    return true;
  });
  records.addFunction(id, fn);
}
