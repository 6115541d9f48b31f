import { FormatError } from '../../wire/errors.js';
import { LENGTH_DELIMITED } from '../../wire/proto-fields.js';
import { ProtoWriter } from '../../wire/proto-writer.js';
import {
  ANY_MESSAGE,
  type JsonField,
  type JsonMessage,
  type PlainType,
  REQUEST_MESSAGE,
} from './json-schema.js';

const MAX_DEPTH = 32;
const INTEGER = /^-?\d{1,20}$/;
const UINT64_LIMIT = 2n ** 64n;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

/** Returns whether bytes are a JSON object. A byte order mark and white space may precede it. */
export function isJson(bytes: Uint8Array): boolean {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  let at = hasMark ? 3 : 0;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at += 1;
  return bytes[at] === OPEN_BRACE;
}

/**
 * Returns a request in JSON as protocol buffers, so that one reader is enough. Unknown fields are left out.
 *
 * @param maxEntries maximum number of values, which bounds the memory that they take
 * @throws FormatError when it is not JSON, and Error with the reason when a field has a value of another type
 */
export function protoFromJson(bytes: Uint8Array, maxEntries: number): Uint8Array {
  const writer = new ProtoWriter(bytes.length / 2 + 64);
  writeMessage(parseJson(bytes, maxEntries), REQUEST_MESSAGE, 'request', writer, 0);
  return writer.take();
}

/**
 * Returns the value of a JSON text.
 *
 * @throws FormatError when it is not JSON, or has more values than `maxValues`
 */
export function parseJson(bytes: Uint8Array, maxValues: number): unknown {
  let values = 0;
  for (const byte of bytes) if (byte === COMMA || byte === OPEN_BRACE || byte === OPEN_BRACKET) values += 1;
  if (values > maxValues) throw new FormatError('otlp', `more than the limit of ${maxValues} values`);
  const text = decoded(bytes);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    // V8 names the position of some faults only.
    const { message } = cause as Error;
    const [, position] = /at position (\d+)/.exec(message) ?? [];
    if (message.includes('end of JSON input') || Number(position) >= text.length)
      throw new FormatError('otlp', 'the JSON is cut off', bytes.length, { cause });
    const offset = position === undefined ? undefined : Buffer.byteLength(text.slice(0, Number(position)));
    throw new FormatError('otlp', 'the JSON is damaged', offset, { cause });
  }
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError('otlp', 'the text is not UTF-8', undefined, { cause });
  }
}

function writeMessage(
  json: unknown,
  message: JsonMessage,
  name: string,
  writer: ProtoWriter,
  depth: number,
): void {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Error(`${name}: expected an object`);
  if (message === ANY_MESSAGE && depth > MAX_DEPTH)
    throw new Error(`values are nested more than ${MAX_DEPTH} deep`);
  const object = json as Readonly<Record<string, unknown>>;
  for (const [key, field] of message) {
    const value = Object.hasOwn(object, key) ? object[key] : undefined;
    if (value === undefined || value === null) continue;
    if (!field.isList) {
      writeField(value, field, key, writer, depth, message === ANY_MESSAGE);
    } else if (!Array.isArray(value)) {
      throw new Error(`${key}: expected a list`);
    } else {
      writeList(value, field, key, writer, depth);
    }
  }
}

function writeList(
  values: readonly unknown[],
  field: JsonField,
  name: string,
  writer: ProtoWriter,
  depth: number,
): void {
  if (field.type !== 'integer') {
    for (const value of values) writeField(value, field, name, writer, depth, true);
    return;
  }
  if (values.length === 0) return;
  const start = writer.open(field.number);
  for (const value of values) {
    writer.reserve(10);
    writer.varint(integer(value, name));
  }
  writer.close(start);
}

/** @param isExplicit whether the default of the type is written too, as in lists */
function writeField(
  value: unknown,
  { type, number }: JsonField,
  name: string,
  writer: ProtoWriter,
  depth: number,
  isExplicit: boolean,
): void {
  if (typeof type === 'string') return writePlain(value, type, number, name, writer, isExplicit);
  const start = writer.open(number);
  writeMessage(value, type, name, writer, depth + 1);
  writer.close(start);
}

function writePlain(
  value: unknown,
  type: PlainType,
  number: number,
  name: string,
  writer: ProtoWriter,
  isExplicit: boolean,
): void {
  switch (type) {
    case 'integer': {
      const whole = integer(value, name);
      if (isExplicit || whole !== 0) writer.number(number, whole);
      return;
    }
    case 'uint64':
      return writer.bigInteger(number, uint64(value, name));
    case 'fixed64':
      return writer.fixed64(number, uint64(value, name));
    case 'boolean':
      if (typeof value !== 'boolean') throw new Error(`${name}: expected true or false`);
      return writer.number(number, value ? 1 : 0);
    case 'double':
      return writer.double(number, double(value, name));
    case 'text':
      if (typeof value !== 'string') throw new Error(`${name}: expected a text`);
      return isExplicit ? writer.element(number, value) : writer.text(number, value);
    case 'bytes':
      if (typeof value !== 'string') throw new Error(`${name}: expected a text in base64`);
      return writeBytes(number, Buffer.from(value, 'base64'), writer);
  }
}

function writeBytes(number: number, bytes: Uint8Array, writer: ProtoWriter): void {
  writer.reserve(bytes.length + 20);
  writer.tag(number, LENGTH_DELIMITED);
  writer.varint(bytes.length);
  writer.raw(bytes);
}

/** Returns an int64, rounded to the nearest double. */
function integer(value: unknown, name: string): number {
  const number = typeof value === 'string' && INTEGER.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || Math.abs(number) >= 2 ** 63)
    throw new Error(`${name}: expected an integer`);
  return number;
}

function uint64(value: unknown, name: string): bigint {
  const isWhole = typeof value === 'number' ? Number.isInteger(value) : INTEGER.test(`${value}`);
  const number = isWhole ? BigInt(value as string | number) : -1n;
  if (number < 0n || number >= UINT64_LIMIT)
    throw new Error(`${name}: expected an integer from 0 to 2^64 - 1`);
  return number;
}

/** Returns a double, which is a text if it is not finite. */
function double(value: unknown, name: string): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '' || (value !== 'NaN' && Number.isNaN(Number(value))))
    throw new Error(`${name}: expected a number`);
  return Number(value);
}
