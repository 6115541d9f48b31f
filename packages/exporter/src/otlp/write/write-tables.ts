import type { NativeMapping } from '../../profile/index.js';
import type { ProtoWriter } from '../../wire/proto-writer.js';
import { ATTRIBUTE, DICTIONARY, FUNCTION, LINE, LOCATION, MAPPING } from '../otlp-fields.js';
import type { Attribute, Dictionary, Location } from './dictionary.js';
import { writeValue } from './write-values.js';

/** Limit of a mapping whose addresses are those in the file, by pprof's convention. */
export const UNLIMITED: bigint = 2n ** 64n - 1n;

/** Writes all tables but that of the stacks. */
export function writeTables(dictionary: Dictionary, writer: ProtoWriter): void {
  for (const mapping of dictionary.mappings) writeMapping(mapping, dictionary, writer);
  writeZero(DICTIONARY.LOCATION, writer);
  for (let at = 1; at < dictionary.locationCount; at++) writeLocation(dictionary.location(at), writer);
  writeZero(DICTIONARY.FUNCTION, writer);
  for (let at = 1; at < dictionary.functions.count; at++) writeFunction(dictionary, at, writer);
  // Samples have no links to spans.
  writeZero(DICTIONARY.LINK, writer);
  for (const text of dictionary.strings.all()) writer.element(DICTIONARY.STRING, text);
  for (const attribute of dictionary.attributes) writeAttribute(attribute, writer);
}

/** Writes an empty message. */
export function writeZero(field: number, writer: ProtoWriter): void {
  writer.close(writer.open(field));
}

function writeMapping(
  mapping: NativeMapping | undefined,
  { strings }: Dictionary,
  writer: ProtoWriter,
): void {
  const start = writer.open(DICTIONARY.MAPPING);
  if (mapping !== undefined) {
    const { path, start: from, limit, fileOffset = 0 } = mapping;
    writer.integer(MAPPING.START, from);
    writer.bigInteger(MAPPING.LIMIT, limit === Infinity ? UNLIMITED : BigInt(limit));
    writer.integer(MAPPING.OFFSET, fileOffset);
    writer.integer(MAPPING.FILENAME, strings.handleFor(path));
  }
  writer.close(start);
}

function writeLocation(location: Location, writer: ProtoWriter): void {
  const start = writer.open(DICTIONARY.LOCATION);
  writer.integer(LOCATION.MAPPING, location.mapping);
  writer.integer(LOCATION.ADDRESS, location.address);
  if (location.function > 0) {
    const line = writer.open(LOCATION.LINES);
    writer.integer(LINE.FUNCTION, location.function);
    writer.integer(LINE.LINE, location.line);
    writer.integer(LINE.COLUMN, location.column);
    writer.close(line);
  }
  if (location.type > 0) writer.packed(LOCATION.ATTRIBUTE_INDICES, [location.type]);
  writer.close(start);
}

function writeFunction({ functions }: Dictionary, at: number, writer: ProtoWriter): void {
  const start = writer.open(DICTIONARY.FUNCTION);
  writer.integer(FUNCTION.NAME, functions.at(at, 0));
  writer.integer(FUNCTION.SYSTEM_NAME, functions.at(at, 1));
  writer.integer(FUNCTION.FILENAME, functions.at(at, 2));
  writer.integer(FUNCTION.START_LINE, functions.at(at, 3));
  writer.close(start);
}

function writeAttribute(attribute: Attribute | undefined, writer: ProtoWriter): void {
  const start = writer.open(DICTIONARY.ATTRIBUTE);
  if (attribute !== undefined) {
    writer.integer(ATTRIBUTE.KEY, attribute.key);
    writeValue(ATTRIBUTE.VALUE, attribute.value, writer);
    writer.integer(ATTRIBUTE.UNIT, attribute.unit);
  }
  writer.close(start);
}
