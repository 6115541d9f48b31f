import type { perftools } from '#generated/pprof.js';
import { NONE } from '../profile/profile.js';
import { RowTable } from '../profile/row-table.js';
import { bigIntFromInt64, type Int64, keyFromUint64, numberFromInt64 } from './int64.js';

/** A 64-bit id as a map key. */
export type Id = number | bigint;

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
  /** 0 for none. */
  readonly mappingId: Id;
  /** Innermost first. */
  readonly lines: readonly PprofLine[];
}

/** String indices, and where the function starts. */
export interface PprofFunction {
  readonly name: number;
  readonly systemName: number;
  readonly filename: number;
  readonly startLine: number;
}

/** String indices and the number; `str` is 0 for a numeric label. */
export interface PprofLabel {
  readonly key: number;
  readonly str: number;
  readonly num: number;
  readonly numUnit: number;
}

/**
 * The records of a pprof file as they arrive. Samples come before the locations
 * and strings they name, so they are kept by index: stacks as a table of
 * (caller, location), equal ones once, and no object per sample.
 */
export class PprofRecords {
  readonly columns: { readonly type: number; readonly unit: number }[] = [];
  readonly strings: string[] = [];
  readonly locations: Map<Id, PprofLocation> = new Map();
  readonly functions: Map<Id, PprofFunction> = new Map();
  readonly mappings: Map<Id, PprofMapping> = new Map();
  /** Locations in the order in which samples first name them. */
  readonly usedLocations: Id[] = [];
  /** Rows (caller or NONE, index into `usedLocations`). */
  readonly stacks: RowTable = new RowTable(2);
  readonly labelSets: (readonly PprofLabel[])[] = [];
  /** Per sample: row of `stacks` or NONE, and index into `labelSets`. */
  readonly sampleStacks: number[] = [];
  readonly sampleLabels: number[] = [];
  /** Sample after sample, one per column. */
  readonly values: number[] = [];
  /** Undefined before the first sample. Columns may follow later, so they are compared at the end. */
  valuesPerSample: number | undefined;
  readonly comments: number[] = [];
  periodType: { readonly type: number; readonly unit: number } | undefined;
  period = 0;
  timeNanos = 0n;
  durationNanos = 0n;
  defaultSampleType = 0;

  readonly #locationIndices = new Map<Id, number>();
  readonly #labelSetIndices = new Map<string, number>();
  #entriesLeft: number;
  readonly #maxEntries: number;

  /** @param maxEntries most records, frames, lines, mappings and labels to take in */
  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
    this.#entriesLeft = maxEntries;
  }

  /**
   * Takes in what a part of the message holds.
   * @throws Error with the reason when it is more than allowed or contradicts itself
   */
  add(part: perftools.profiles.Profile.$Properties): void {
    for (const column of part.sampleType ?? []) this.columns.push(valueType(column));
    for (const sample of part.sample ?? []) this.#addSample(sample);
    for (const location of part.location ?? []) this.#addLocation(location);
    for (const fn of part.function ?? []) this.#addFunction(fn);
    for (const mapping of part.mapping ?? []) this.#addMapping(mapping);
    for (const text of part.stringTable ?? []) {
      this.#count(1);
      this.strings.push(text);
    }
    for (const comment of part.comment ?? []) {
      this.#count(1);
      this.comments.push(numberFromInt64(comment));
    }
    if (part.periodType) this.periodType = valueType(part.periodType);
    this.#addScalars(part);
  }

  /** Absent scalars read as zero from the prototype, so only own properties count. */
  #addScalars(part: perftools.profiles.Profile.$Properties): void {
    if (Object.hasOwn(part, 'period')) this.period = number(part.period);
    if (Object.hasOwn(part, 'timeNanos')) this.timeNanos = bigIntFromInt64(part.timeNanos ?? 0);
    if (Object.hasOwn(part, 'durationNanos')) this.durationNanos = bigIntFromInt64(part.durationNanos ?? 0);
    if (Object.hasOwn(part, 'defaultSampleType')) this.defaultSampleType = number(part.defaultSampleType);
  }

  #addSample(sample: perftools.profiles.Sample.$Properties): void {
    const locations = sample.locationId ?? [];
    const values = sample.value ?? [];
    this.#count(1 + locations.length);
    this.valuesPerSample ??= values.length;
    if (values.length !== this.valuesPerSample) {
      throw new Error(`a sample has ${values.length} values where others have ${this.valuesPerSample}`);
    }
    let stack = NONE;
    for (let at = locations.length - 1; at >= 0; at--) {
      stack = this.stacks.handleFor(stack, this.#locationIndex(keyFromUint64(locations[at]!)));
    }
    this.sampleStacks.push(stack);
    this.sampleLabels.push(this.#labelSetIndex(sample.label ?? []));
    for (const value of values) this.values.push(numberFromInt64(value));
  }

  #locationIndex(id: Id): number {
    let index = this.#locationIndices.get(id);
    if (index === undefined) {
      index = this.usedLocations.push(id) - 1;
      this.#locationIndices.set(id, index);
    }
    return index;
  }

  #labelSetIndex(wire: readonly perftools.profiles.Label.$Properties[]): number {
    this.#count(wire.length);
    const labels = wire.map(({ key, str, num, numUnit }) => {
      return { key: number(key), str: number(str), num: number(num), numUnit: number(numUnit) };
    });
    const identity = labels.map(({ key, str, num, numUnit }) => `${key},${str},${num},${numUnit}`).join(';');
    let index = this.#labelSetIndices.get(identity);
    if (index === undefined) {
      index = this.labelSets.push(labels) - 1;
      this.#labelSetIndices.set(identity, index);
    }
    return index;
  }

  #addLocation(location: perftools.profiles.Location.$Properties): void {
    const id = definedId('location', location.id, this.locations);
    const lines = (location.line ?? []).map(({ functionId, line, column }) => {
      return { functionId: keyFromUint64(functionId ?? 0), line: number(line), column: number(column) };
    });
    this.#count(1 + lines.length);
    this.locations.set(id, {
      address: keyFromUint64(location.address ?? 0),
      mappingId: keyFromUint64(location.mappingId ?? 0),
      lines,
    });
  }

  #addFunction(fn: perftools.profiles.Function.$Properties): void {
    this.#count(1);
    this.functions.set(definedId('function', fn.id, this.functions), {
      name: number(fn.name),
      systemName: number(fn.systemName),
      filename: number(fn.filename),
      startLine: number(fn.startLine),
    });
  }

  #addMapping(mapping: perftools.profiles.Mapping.$Properties): void {
    this.#count(1);
    const id = keyFromUint64(mapping.id ?? 0);
    // Of one that is defined twice the first counts: where profiles were concatenated a clearer sign of it follows.
    if (this.mappings.has(id)) return;
    this.mappings.set(id, {
      start: keyFromUint64(mapping.memoryStart ?? 0),
      limit: keyFromUint64(mapping.memoryLimit ?? 0),
      fileOffset: keyFromUint64(mapping.fileOffset ?? 0),
      filename: number(mapping.filename),
    });
  }

  #count(entries: number): void {
    this.#entriesLeft -= entries;
    if (this.#entriesLeft < 0) throw new Error(`more than the limit of ${this.#maxEntries} entries`);
  }
}

function definedId(what: string, wire: Int64 | null | undefined, known: ReadonlyMap<Id, unknown>): Id {
  const id = keyFromUint64(wire ?? 0);
  if (id === 0) throw new Error(`a ${what} has the reserved id 0`);
  if (known.has(id)) throw new Error(`${what} ${id} is defined twice`);
  return id;
}

function valueType({ type, unit }: perftools.profiles.ValueType.$Properties): { type: number; unit: number } {
  return { type: number(type), unit: number(unit) };
}

function number(value: Int64 | null | undefined): number {
  return numberFromInt64(value ?? 0);
}
