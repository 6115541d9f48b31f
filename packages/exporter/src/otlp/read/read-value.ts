import type { ByteReader } from '../../wire/byte-reader.js';
import { readBigInt64, readEnd, readMessage, skipValue } from '../../wire/proto-fields.js';
import { ANY_VALUE, KEY_VALUE, LIST } from '../otlp-fields.js';

const FIXED_64 = 1;
const MAX_DEPTH = 32;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A value without structure. */
export type Scalar = string | number;

/** Texts and limits that reading a value needs. */
export interface ValueContext {
  /** Returns a string of the dictionary. */
  text(index: number): string;
  /** Counts elements. Throws when there are too many. */
  count(elements: number): void;
}

/** Reads a text up to `end`. */
export function readText(reader: ByteReader, end: number): string {
  const bytes = reader.bytes.subarray(reader.position, end);
  reader.position = end;
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new Error('a text is not UTF-8', { cause });
  }
}

/**
 * Reads an `AnyValue` up to `end` as a list: one element for a plain value, those of a list, and `key=value` for each pair
 * of key and value. Bytes are in base64, and `true` and `false` are texts.
 */
export function readScalars(
  reader: ByteReader,
  end: number,
  context: ValueContext,
  depth = 0,
): readonly Scalar[] {
  if (depth > MAX_DEPTH) throw new Error(`values are nested more than ${MAX_DEPTH} deep`);
  let found: readonly Scalar[] = [];
  while (reader.position < end) {
    const tag = reader.varint();
    const value = readOne(reader, tag, end, context, depth);
    if (value !== undefined) found = value;
  }
  context.count(found.length);
  return found;
}

function readOne(
  reader: ByteReader,
  tag: number,
  end: number,
  context: ValueContext,
  depth: number,
): readonly Scalar[] | undefined {
  switch (tag) {
    case ANY_VALUE.STRING * 8 + 2:
      return [readText(reader, readEnd(reader, end))];
    case ANY_VALUE.BOOL * 8:
      return [reader.varint() === 0 ? 'false' : 'true'];
    case ANY_VALUE.INT * 8:
      return [number(readBigInt64(reader))];
    case ANY_VALUE.DOUBLE * 8 + FIXED_64:
      return [number(readDouble(reader))];
    case ANY_VALUE.ARRAY * 8 + 2:
      return readList(reader, readEnd(reader, end), context, depth);
    case ANY_VALUE.KEY_VALUES * 8 + 2:
      return readPairs(reader, readEnd(reader, end), context, depth);
    case ANY_VALUE.BYTES * 8 + 2: {
      const bytesEnd = readEnd(reader, end);
      const bytes = Buffer.from(reader.bytes.subarray(reader.position, bytesEnd));
      reader.position = bytesEnd;
      return [bytes.toString('base64')];
    }
    case ANY_VALUE.STRING_STRINDEX * 8:
      return [context.text(reader.varint())];
    default:
      skipValue(reader, tag, end);
      return undefined;
  }
}

/** Returns a number if it is a safe integer, else its text. */
function number(value: bigint | number): Scalar {
  const plain = Number(value);
  return Number.isSafeInteger(plain) ? plain : `${value}`;
}

function readDouble(reader: ByteReader): number {
  const { bytes, position } = reader;
  reader.position = position + 8;
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(position, true);
}

function readList(reader: ByteReader, end: number, context: ValueContext, depth: number): readonly Scalar[] {
  const found: Scalar[] = [];
  const visitPart = (field: number) => {
    if (field !== LIST.VALUES) return false;
    for (const value of readScalars(reader, readEnd(reader, end), context, depth + 1)) found.push(value);
    return true;
  };
  readMessage(reader, end, () => false, visitPart);
  return found;
}

function readPairs(reader: ByteReader, end: number, context: ValueContext, depth: number): readonly Scalar[] {
  const found: Scalar[] = [];
  const visitPart = (field: number) => {
    if (field !== LIST.VALUES) return false;
    const [key, values] = readKeyValue(reader, readEnd(reader, end), context, depth + 1);
    found.push(`${key}=${values.join(',')}`);
    return true;
  };
  readMessage(reader, end, () => false, visitPart);
  return found;
}

/** Reads a pair of key and value up to `end`. */
export function readKeyValue(
  reader: ByteReader,
  end: number,
  context: ValueContext,
  depth = 0,
): readonly [string, readonly Scalar[]] {
  let key = '';
  let values: readonly Scalar[] = [];
  const visitNumber = (field: number) => {
    if (field !== KEY_VALUE.KEY_STRINDEX) return false;
    key = context.text(reader.varint()) || key;
    return true;
  };
  readMessage(reader, end, visitNumber, (field) => {
    if (field === KEY_VALUE.KEY) key = readText(reader, readEnd(reader, end));
    else if (field === KEY_VALUE.VALUE) values = readScalars(reader, readEnd(reader, end), context, depth);
    else return false;
    return true;
  });
  return [key, values];
}
