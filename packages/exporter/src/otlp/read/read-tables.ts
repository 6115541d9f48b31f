import { codeFrames, type RawLine, type RawMapping } from '../../profile/build/code-frames.js';
import type { FrameHandle, ProfileBuilder } from '../../profile/index.js';
import type { ByteReader } from '../../wire/byte-reader.js';
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
} from '../../wire/proto-fields.js';
import { ATTRIBUTE, DICTIONARY, FUNCTION, LINE, LOCATION, MAPPING, STACK } from '../otlp-fields.js';
import type { ReadCounts } from './limits.js';
import { Ranges } from './ranges.js';
import { readScalars, readText, type Scalar, type ValueContext } from './read-value.js';

const MAX_POSITION = 2 ** 31 - 1;
/** Maximum number of locations of one stack. */
const MAX_DEPTH = 2 ** 20;

/** An attribute of the dictionary. */
export interface ReadAttribute {
  readonly key: string;
  readonly values: readonly Scalar[];
  readonly unit: string;
}

/** A function at a location; `fn` is an index of the table. */
interface ReadLine {
  readonly fn: number;
  readonly line: number;
  readonly column: number;
}

/**
 * The tables of a dictionary. Stores where entries are, and reads an entry when something refers to it, because tables may
 * contain millions of entries that nothing refers to. All methods throw an Error with the reason for an index without an entry.
 */
export class ReadTables implements ValueContext {
  readonly #reader: ByteReader;
  readonly #counts: ReadCounts;
  readonly #mappings = new Ranges();
  readonly #locations = new Ranges();
  readonly #functions = new Ranges();
  readonly #strings = new Ranges();
  readonly #attributes = new Ranges();
  readonly #stacks = new Ranges();
  readonly #tables: ReadonlyMap<number, Ranges> = new Map([
    [DICTIONARY.MAPPING, this.#mappings],
    [DICTIONARY.LOCATION, this.#locations],
    [DICTIONARY.FUNCTION, this.#functions],
    [DICTIONARY.STRING, this.#strings],
    [DICTIONARY.ATTRIBUTE, this.#attributes],
    [DICTIONARY.STACK, this.#stacks],
  ]);
  readonly #texts = new Map<number, string>();
  readonly #readAttributes = new Map<number, ReadAttribute>();
  #locationBuffer: Int32Array = new Int32Array(64);

  constructor(reader: ByteReader, counts: ReadCounts) {
    this.#reader = reader;
    this.#counts = counts;
  }

  /** Reads a dictionary up to `end`. */
  read(end: number): void {
    const reader = this.#reader;
    while (reader.position < end) {
      const tag = reader.varint();
      const table = (tag & 7) === LENGTH_DELIMITED ? this.#tables.get(fieldOf(tag)) : undefined;
      if (table === undefined) {
        skipValue(reader, tag, end);
        continue;
      }
      const entryEnd = readEnd(reader, end);
      this.#counts.entries(1);
      table.add(reader.position, entryEnd);
      reader.position = entryEnd;
    }
    assertEnd(reader, end);
    if (this.#strings.count > 0 && this.#strings.end(0) > this.#strings.start(0))
      throw new Error('the string table does not begin with ""');
  }

  count(elements: number): void {
    this.#counts.entries(elements);
  }

  text(index: number): string {
    const known = this.#texts.get(index);
    if (known !== undefined) return known;
    const text = this.#at(this.#strings, 'string', index, (end) => readText(this.#reader, end)) ?? '';
    this.#texts.set(index, text);
    return text;
  }

  attribute(index: number): ReadAttribute {
    const known = this.#readAttributes.get(index);
    if (known !== undefined) return known;
    const attribute = this.#at(this.#attributes, 'attribute', index, (end) => this.#attribute(end));
    const found = attribute ?? { key: '', values: [], unit: '' };
    this.#readAttributes.set(index, found);
    return found;
  }

  /** Returns the units of all attributes, by key, at most `max`. */
  units(max: number): ReadonlyMap<string, string> {
    const units = new Map<string, string>();
    for (let index = 0; index < this.#attributes.count && units.size < max; index++) {
      const { key, unit } = this.#at(this.#attributes, 'attribute', index, (end) => this.#keyAndUnit(end))!;
      if (unit !== '' && !units.has(key)) units.set(key, unit);
    }
    return units;
  }

  /**
   * Returns the locations of a stack, innermost first, without those of index 0, which stand for none. The result is valid until
   * the next call.
   */
  stack(index: number): Int32Array {
    return this.#at(this.#stacks, 'stack', index, (end) => this.#stack(end)) ?? new Int32Array();
  }

  /** Returns the frames of a location, outermost first. */
  frames(builder: ProfileBuilder, index: number): FrameHandle[] {
    return this.#at(this.#locations, 'location', index, (end) => this.#frames(builder, end)) ?? [];
  }

  /** Reads an entry at its place and returns to the position before. Undefined for index 0 of an empty table. */
  #at<T>(table: Ranges, what: string, index: number, read: (end: number) => T): T | undefined {
    if (!(index >= 0 && index < table.count)) {
      if (index === 0) return undefined;
      throw new Error(`${what} ${index} is used, but there are ${table.count}`);
    }
    const reader = this.#reader;
    const before = reader.position;
    reader.position = table.start(index);
    this.#counts.bytes(table.end(index) - reader.position);
    const entry = read(table.end(index));
    reader.position = before;
    return entry;
  }

  #attribute(end: number): ReadAttribute {
    const start = this.#reader.position;
    const { key, unit } = this.#keyAndUnit(end);
    const reader = this.#reader;
    reader.position = start;
    let values: readonly Scalar[] = [];
    readMessage(
      reader,
      end,
      () => false,
      (field) => {
        if (field !== ATTRIBUTE.VALUE) return false;
        values = readScalars(reader, readEnd(reader, end), this);
        return true;
      },
    );
    return { key, values, unit };
  }

  #keyAndUnit(end: number): { readonly key: string; readonly unit: string } {
    const reader = this.#reader;
    let key = 0;
    let unit = 0;
    readMessage(reader, end, (field) => {
      if (field === ATTRIBUTE.KEY) key = readInt64(reader);
      else if (field === ATTRIBUTE.UNIT) unit = readInt64(reader);
      else return false;
      return true;
    });
    return { key: this.text(key), unit: this.text(unit) };
  }

  #stack(end: number): Int32Array {
    const reader = this.#reader;
    let count = 0;
    const add = () => {
      const location = readInt64(reader);
      if (location === 0) return;
      if (count === MAX_DEPTH) throw new Error(`a stack has more than the limit of ${MAX_DEPTH} locations`);
      if (count === this.#locationBuffer.length) this.#growBuffer();
      // An index that is too large for 32 bits becomes one that no table has.
      this.#locationBuffer[count++] = location === (location | 0) ? location : -1;
    };
    while (reader.position < end) {
      const tag = reader.varint();
      if (tag === STACK.LOCATION_INDICES * 8 + VARINT) {
        add();
      } else if (tag === STACK.LOCATION_INDICES * 8 + LENGTH_DELIMITED) {
        const listEnd = readEnd(reader, end);
        while (reader.position < listEnd) add();
        assertEnd(reader, listEnd);
      } else {
        skipValue(reader, tag, end);
      }
    }
    assertEnd(reader, end);
    return this.#locationBuffer.subarray(0, count);
  }

  #growBuffer(): void {
    const buffer = new Int32Array(this.#locationBuffer.length * 2);
    buffer.set(this.#locationBuffer);
    this.#locationBuffer = buffer;
  }

  #frames(builder: ProfileBuilder, end: number): FrameHandle[] {
    const reader = this.#reader;
    let mapping = 0;
    let address: number | bigint = 0;
    const lines: ReadLine[] = [];
    const visitNumber = (field: number) => {
      if (field === LOCATION.MAPPING) mapping = readInt64(reader);
      else if (field === LOCATION.ADDRESS) address = readId(reader);
      else return false;
      return true;
    };
    readMessage(reader, end, visitNumber, (field) => {
      if (field !== LOCATION.LINES) return false;
      lines.push(readLine(reader, readEnd(reader, end)));
      return true;
    });
    this.#counts.entries(lines.length);
    return codeFrames(
      builder,
      address,
      this.#at(this.#mappings, 'mapping', mapping, (mappingEnd) => this.#mapping(mappingEnd)),
      lines.map((line) => this.#rawLine(line)),
    );
  }

  #mapping(end: number): RawMapping {
    const reader = this.#reader;
    const mapping: { start: number | bigint; limit: number | bigint; fileOffset: number | bigint } = {
      start: 0,
      limit: 0,
      fileOffset: 0,
    };
    let filename = 0;
    readMessage(reader, end, (field) => {
      if (field === MAPPING.START) mapping.start = readId(reader);
      else if (field === MAPPING.LIMIT) mapping.limit = readId(reader);
      else if (field === MAPPING.OFFSET) mapping.fileOffset = readId(reader);
      else if (field === MAPPING.FILENAME) filename = readInt64(reader);
      else return false;
      return true;
    });
    return { ...mapping, path: this.text(filename) };
  }

  #rawLine({ fn, line, column }: ReadLine): RawLine {
    const found = this.#at(this.#functions, 'function', fn, (end) => this.#function(end));
    return { ...(found ?? { name: '', systemName: '', file: '', startLine: 0 }), line, column };
  }

  #function(end: number): Omit<RawLine, 'line' | 'column'> {
    const reader = this.#reader;
    const indices = { name: 0, systemName: 0, file: 0 };
    let startLine = 0;
    readMessage(reader, end, (field) => {
      if (field === FUNCTION.NAME) indices.name = readInt64(reader);
      else if (field === FUNCTION.SYSTEM_NAME) indices.systemName = readInt64(reader);
      else if (field === FUNCTION.FILENAME) indices.file = readInt64(reader);
      else if (field === FUNCTION.START_LINE) startLine = position(readInt64(reader));
      else return false;
      return true;
    });
    const { name, systemName, file } = indices;
    return { name: this.text(name), systemName: this.text(systemName), file: this.text(file), startLine };
  }
}

function readLine(reader: ByteReader, end: number): ReadLine {
  const found = { fn: 0, line: 0, column: 0 };
  readMessage(reader, end, (field) => {
    if (field === LINE.FUNCTION) found.fn = readInt64(reader);
    else if (field === LINE.LINE) found.line = position(readInt64(reader));
    else if (field === LINE.COLUMN) found.column = position(readInt64(reader));
    else return false;
    return true;
  });
  return found;
}

/** Returns a line or column number; 0 (unknown) for an invalid one. */
function position(value: number): number {
  return value > 0 && value <= MAX_POSITION ? value : 0;
}
