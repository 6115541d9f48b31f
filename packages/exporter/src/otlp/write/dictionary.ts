import type { NativeMapping, ProfileFrame } from '../../profile/index.js';
import { addressName } from '../../profile/model/address-name.js';
import { ANONYMOUS, displayName } from '../../profile/model/frame-kind.js';
import { RowTable } from '../../tables/row-table.js';
import { StringTable } from '../../tables/string-table.js';
import { FRAME_TYPE } from '../conventions.js';
import { type FrameType, frameTypes } from './frame-types.js';

export type AttributeValue = string | number | readonly string[];

/** An attribute; key and unit are indices of strings. */
export interface Attribute {
  readonly key: number;
  readonly value: AttributeValue;
  readonly unit: number;
}

/** A location, with the indices of the other tables. */
export interface Location {
  readonly mapping: number;
  readonly address: number;
  /** 0 for machine code without a symbol. */
  readonly function: number;
  readonly line: number;
  readonly column: number;
  /** Attribute of its kind of frame; 0 for none. */
  readonly type: number;
}

/** Number of different kinds of frame: none, and those of {@link FrameType}. */
const KINDS = 4;
const KIND_NUMBERS: ReadonlyMap<FrameType | undefined, number> = new Map([
  [undefined, 0],
  ['v8js', 1],
  ['native', 2],
  ['cpython', 3],
]);

/**
 * The tables of a request, all but its stacks. Index 0 of each is the zero value, which stands for none; each entry occurs
 * once, and something refers to it.
 */
export class Dictionary {
  readonly strings: StringTable = new StringTable();
  /** Rows: name, system name, file, first line. */
  readonly functions: RowTable = new RowTable(4, 1);
  readonly attributes: (Attribute | undefined)[] = [undefined];
  readonly mappings: (NativeMapping | undefined)[] = [undefined];
  /** Rows: mapping and kind of frame, index of the address, function, line, column. */
  readonly #locations = new RowTable(5, 1);
  readonly #addresses: number[] = [0];
  readonly #addressNumbers = new Map<number, number>([[0, 0]]);
  readonly #mappingNumbers = new Map<string, number>();
  readonly #attributeNumbers = new Map<string, number>();
  /** Attribute of each kind of frame; 0 if no frame is of it. */
  readonly #kindAttributes = new Int32Array(KINDS);

  get locationCount(): number {
    return this.#locations.count;
  }

  /** Returns the location of each frame of a profile. */
  locationsOf(frames: readonly ProfileFrame[]): Int32Array {
    const types = frameTypes(frames);
    const locations = new Int32Array(frames.length);
    for (let at = 0; at < locations.length; at++) locations[at] = this.#location(frames[at]!, types[at]);
    return locations;
  }

  location(index: number): Location {
    const table = this.#locations;
    const mappingAndKind = table.at(index, 0);
    return {
      mapping: Math.floor(mappingAndKind / KINDS),
      address: this.#addresses[table.at(index, 1)]!,
      function: table.at(index, 2),
      line: table.at(index, 3),
      column: table.at(index, 4),
      type: this.#kindAttributes[mappingAndKind % KINDS]!,
    };
  }

  /** Returns the index of an attribute. Adds it when it is new. */
  attribute(key: string, value: AttributeValue, unit = ''): number {
    const identity = JSON.stringify([key, value, unit]);
    const known = this.#attributeNumbers.get(identity);
    if (known !== undefined) return known;
    const { strings } = this;
    const number =
      this.attributes.push({ key: strings.handleFor(key), value, unit: strings.handleFor(unit) }) - 1;
    this.#attributeNumbers.set(identity, number);
    return number;
  }

  #location(frame: ProfileFrame, type: FrameType | undefined): number {
    const kind = KIND_NUMBERS.get(type)!;
    if (type !== undefined) this.#kindAttributes[kind] ||= this.attribute(FRAME_TYPE, type);
    const { line, column, native } = frame;
    if (native === undefined) return this.#locations.handleFor(kind, 0, this.#function(frame), line, column);
    const mapping = native.mapping === undefined ? 0 : this.#mapping(native.mapping);
    const fn = frame.functionName === addressName(native) ? 0 : this.#function(frame);
    return this.#locations.handleFor(mapping * KINDS + kind, this.#address(native.address), fn, line, column);
  }

  #function(frame: ProfileFrame): number {
    const { strings } = this;
    // The name of an anonymous function is only for people: readers know it by the system's name.
    const systemName = frame.functionName === '' ? ANONYMOUS : '';
    return this.functions.handleFor(
      strings.handleFor(displayName(frame)),
      strings.handleFor(systemName),
      strings.handleFor(frame.file),
      frame.startLine ?? frame.line,
    );
  }

  #address(address: number): number {
    let number = this.#addressNumbers.get(address);
    if (number === undefined) {
      number = this.#addresses.push(address) - 1;
      this.#addressNumbers.set(address, number);
    }
    return number;
  }

  #mapping(mapping: NativeMapping): number {
    const { path, start, limit, fileOffset = 0 } = mapping;
    const key = `${start} ${limit} ${fileOffset} ${path}`;
    let number = this.#mappingNumbers.get(key);
    if (number === undefined) {
      number = this.mappings.push(mapping) - 1;
      this.#mappingNumbers.set(key, number);
      this.strings.handleFor(path);
    }
    return number;
  }
}
