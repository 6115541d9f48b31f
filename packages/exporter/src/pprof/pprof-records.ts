import { RowTable } from '../tables/row-table.js';
import { UintRows } from '../tables/uint-rows.js';
import { highOf, type Id, IdTable, idOf, lowOf } from './id-table.js';
import { TextStore } from './text-store.js';

export type { Id } from './id-table.js';

/** Maximum size of all texts in bytes: more than the names of any program take. */
const MAX_TEXT_BYTES = 2 ** 27;
/** Maximum number of mappings: more than any program has loaded files. */
const MAX_MAPPINGS = 2 ** 16;

/** Maximum number of values for each entry of the limit: usual samples have up to four, and stacks of their own. */
const VALUES_PER_ENTRY = 2;

const MAX_POSITION = 2 ** 31 - 1;
const MISSING_TEXT = 2 ** 32 - 1;

/** One of the functions inlined at a location. `line` and `column` are 0 when unknown. */
export interface PprofLine {
  readonly functionId: Id;
  readonly line: number;
  readonly column: number;
}

/** A loaded file; `filename` is a string index. */
export interface PprofMapping {
  readonly start: Id;
  readonly limit: Id;
  readonly fileOffset: Id;
  readonly filename: number;
}

export interface PprofLocation {
  readonly address: Id;
  /** ID of the mapping; 0 for none. */
  readonly mappingId: Id;
  /** Innermost first. */
  readonly lines: readonly PprofLine[];
}

/** A function: string indices, and the line where it starts. */
export interface PprofFunction {
  readonly name: number;
  readonly systemName: number;
  readonly filename: number;
  readonly startLine: number;
}

/** A label: string indices and the number. `str` is 0 for a numeric label. */
export interface PprofLabel {
  readonly key: number;
  readonly str: number;
  readonly num: number;
  readonly numUnit: number;
}

/** A pair of string indices. */
export interface PprofValueType {
  readonly type: number;
  readonly unit: number;
}

/**
 * The records of a pprof file as they arrive. Samples come before the locations and strings they refer to, so these are
 * stored by index. Stacks are a table of (caller, location), samples a table of (stack, labels). Equal ones are stored
 * once, with their values summed. All other records are columns of numbers, without an object per record.
 */
export class PprofRecords {
  readonly columns: PprofValueType[] = [];
  readonly texts: TextStore = new TextStore();
  readonly mappings: Map<Id, PprofMapping> = new Map();
  /** Locations in the order in which samples first name them. */
  readonly usedLocations: Id[] = [];
  /** Rows (caller or NONE, index into `usedLocations`). */
  readonly stacks: RowTable = new RowTable(2);
  readonly labelSets: (readonly PprofLabel[])[] = [[]];
  /** Rows (row of `stacks` or NONE, index into `labelSets`). */
  readonly samples: RowTable = new RowTable(2);
  /** Values, one row per sample, one number per column. */
  values: Float64Array = new Float64Array(64);
  /**
   * Number of values of each sample; undefined before the first one. Compared with the columns at the end, because
   * columns may come later.
   */
  valuesPerSample: number | undefined;
  readonly comments: number[] = [];
  periodType: PprofValueType | undefined;
  period = 0;
  timeNanos = 0n;
  durationNanos = 0n;
  defaultSampleType = 0;

  readonly #locationIds = new IdTable();
  /** Rows: high and low half of the address, high and low half of the mapping's ID, first row of `#lines`. */
  readonly #locations = new UintRows(5);
  /** Rows: high and low half of the function's ID, line, column. */
  readonly #lines = new UintRows(4);
  readonly #functionIds = new IdTable();
  /** Rows: name, system name, file, first line. */
  readonly #functions = new UintRows(4);
  readonly #usedIds = new IdTable();
  readonly #maxEntries: number;
  #others = 0;

  /**
   * Creates an empty set of records.
   *
   * @param maxEntries maximum number of records, frames, lines, mappings and labels to keep
   */
  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /**
   * Adds a text to the table. Like all methods that add, it throws an Error with the reason when a limit is exceeded or
   * the data is invalid.
   */
  addText(bytes: Uint8Array, from: number, to: number): void {
    this.texts.add(bytes, from, to);
    if (this.texts.bytes > MAX_TEXT_BYTES)
      throw new Error(`more than the limit of ${MAX_TEXT_BYTES} bytes of texts`);
    this.#check();
  }

  addComment(text: number): void {
    this.comments.push(text);
    this.#count(1);
  }

  addColumn(column: PprofValueType): void {
    this.columns.push(column);
    this.#count(1);
  }

  /** Returns the index of a location in {@link usedLocations}. Adds it when it is new. */
  locationIndex(location: Id): number {
    let index = this.#usedIds.find(location);
    if (index === undefined) {
      index = this.#usedIds.add(location);
      this.usedLocations.push(location);
    }
    return index;
  }

  addLabelSet(labels: readonly PprofLabel[]): number {
    this.#count(labels.length + 1);
    return this.labelSets.push(labels) - 1;
  }

  /** Adds the first `width` of `values` to the sums of the same stack and labels. */
  addSample(stack: number, labels: number, values: Float64Array, width: number): void {
    if (width === 0 && this.valuesPerSample === undefined) throw new Error('a sample has no values');
    this.valuesPerSample ??= width;
    if (width !== this.valuesPerSample) {
      throw new Error(`a sample has ${width} values where others have ${this.valuesPerSample}`);
    }
    const at = this.samples.handleFor(stack, labels) * width;
    if (at + width > this.values.length) this.#growValues(at + width);
    const sums = this.values;
    for (let column = 0; column < width; column++) sums[at + column]! += values[column]!;
    this.#check();
  }

  addLocation(id: Id, address: Id, mappingId: Id, lines: readonly PprofLine[]): void {
    assertNew('location', id, this.#locationIds);
    this.#locationIds.add(id);
    const firstLine = this.#lines.count;
    this.#locations.add(highOf(address), lowOf(address), highOf(mappingId), lowOf(mappingId), firstLine);
    for (const { functionId, line, column } of lines) {
      this.#lines.add(highOf(functionId), lowOf(functionId), position(line), position(column));
    }
    this.#check();
  }

  location(id: Id): PprofLocation | undefined {
    const row = this.#locationIds.find(id);
    if (row === undefined) return undefined;
    const field = (at: number): number => this.#locations.at(row, at);
    const lines: PprofLine[] = [];
    const end = row + 1 < this.#locations.count ? this.#locations.at(row + 1, 4) : this.#lines.count;
    for (let at = field(4); at < end; at++) {
      const functionId = idOf(this.#lines.at(at, 0), this.#lines.at(at, 1));
      lines.push({ functionId, line: this.#lines.at(at, 2), column: this.#lines.at(at, 3) });
    }
    return { address: idOf(field(0), field(1)), mappingId: idOf(field(2), field(3)), lines };
  }

  addFunction(id: Id, { name, systemName, filename, startLine }: PprofFunction): void {
    assertNew('function', id, this.#functionIds);
    this.#functionIds.add(id);
    this.#functions.add(textIndex(name), textIndex(systemName), textIndex(filename), position(startLine));
    this.#check();
  }

  function(id: Id): PprofFunction | undefined {
    const row = this.#functionIds.find(id);
    if (row === undefined) return undefined;
    return {
      name: this.#functions.at(row, 0),
      systemName: this.#functions.at(row, 1),
      filename: this.#functions.at(row, 2),
      startLine: this.#functions.at(row, 3),
    };
  }

  /**
   * Adds a mapping. If an ID is defined twice, the first one counts: for concatenated profiles, a clearer error
   * follows.
   */
  addMapping(id: Id, mapping: PprofMapping): void {
    if (this.mappings.has(id)) return;
    if (this.mappings.size === MAX_MAPPINGS)
      throw new Error(`more than the limit of ${MAX_MAPPINGS} mappings`);
    this.mappings.set(id, mapping);
  }

  #growValues(needed: number): void {
    const limit = this.#maxEntries * VALUES_PER_ENTRY;
    if (needed > limit) throw new Error(`more than the limit of ${limit} values`);
    const values = new Float64Array(Math.max(this.values.length * 2, needed));
    values.set(this.values);
    this.values = values;
  }

  #count(entries: number): void {
    this.#others += entries;
    this.#check();
  }

  #check(): void {
    const locations = this.#locations.count + this.#lines.count + this.#functions.count;
    const samples = this.stacks.count + this.samples.count;
    if (locations + samples + this.texts.count + this.#others <= this.#maxEntries) return;
    throw new Error(`more than the limit of ${this.#maxEntries} entries`);
  }
}

function assertNew(what: string, id: Id, known: IdTable): void {
  if (id === 0) throw new Error(`a ${what} has the reserved id 0`);
  if (known.find(id) !== undefined) throw new Error(`${what} ${id} is defined twice`);
}

/** Returns a line or column number; 0 (unknown) for an invalid one. */
function position(value: number): number {
  return value > 0 && value <= MAX_POSITION ? value : 0;
}

/** Returns the index of a text in 32 bits. A larger index becomes one that no file defines. */
function textIndex(index: number): number {
  return index >= 0 && index < MISSING_TEXT ? index : MISSING_TEXT;
}
