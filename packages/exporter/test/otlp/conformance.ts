// Checks what OTLP demands of profiles beyond the schema: zero values, indices, duplicates, orphans, shape of samples.
import type { WireDictionary, WireProfile, WireRequest } from './schema.js';

type Table = keyof WireDictionary;

/** Returns what is wrong with a request; nothing for a correct one. */
export function conformanceProblems(request: WireRequest): readonly string[] {
  const { dictionary } = request;
  if (dictionary === null) return ['the dictionary is missing'];
  const check = new Check(dictionary);
  check.tables();
  for (const { scopeProfiles } of request.resourceProfiles) {
    for (const { profiles } of scopeProfiles) for (const profile of profiles) check.profile(profile);
  }
  return check.result();
}

class Check {
  readonly #dictionary: WireDictionary;
  readonly #problems: string[] = [];
  readonly #used = new Map<Table, Set<number>>();

  constructor(dictionary: WireDictionary) {
    this.#dictionary = dictionary;
  }

  tables(): void {
    const { mappingTable, locationTable, functionTable, attributeTable, stackTable } = this.#dictionary;
    for (const { filenameStrindex, attributeIndices } of mappingTable) {
      this.#use('stringTable', filenameStrindex);
      this.#attributes(attributeIndices);
    }
    for (const { mappingIndex, lines, attributeIndices } of locationTable) {
      this.#use('mappingTable', mappingIndex);
      for (const { functionIndex } of lines) this.#use('functionTable', functionIndex);
      this.#attributes(attributeIndices);
    }
    for (const { nameStrindex, systemNameStrindex, filenameStrindex } of functionTable)
      for (const index of [nameStrindex, systemNameStrindex, filenameStrindex])
        this.#use('stringTable', index);
    for (const { keyStrindex, unitStrindex } of attributeTable) {
      this.#use('stringTable', keyStrindex);
      this.#use('stringTable', unitStrindex);
      const key = this.#dictionary.stringTable[keyStrindex] ?? '';
      if (key.startsWith('code.')) this.#problems.push(`the attribute ${key} is not for profiles`);
    }
    for (const { locationIndices } of stackTable)
      for (const index of locationIndices) this.#use('locationTable', index);
  }

  profile({ sampleType, periodType, attributeIndices, samples }: WireProfile): void {
    for (const type of [sampleType, periodType]) {
      this.#use('stringTable', type?.typeStrindex ?? 0);
      this.#use('stringTable', type?.unitStrindex ?? 0);
    }
    if ((sampleType?.typeStrindex ?? 0) === 0) this.#problems.push('a profile has no sample type');
    this.#attributes(attributeIndices);
    const identities = new Set<string>();
    for (const sample of samples) {
      this.#use('stackTable', sample.stackIndex);
      this.#use('linkTable', sample.linkIndex);
      this.#attributes(sample.attributeIndices);
      if (sample.timestampsUnixNano.length > 0 || sample.values.length !== 1)
        this.#problems.push('a sample does not have one value and no timestamp');
      if (sample.values[0] === '0') this.#problems.push('a sample has the value 0');
      const identity = JSON.stringify([
        sample.stackIndex,
        sample.attributeIndices.toSorted(),
        sample.linkIndex,
      ]);
      if (identities.has(identity)) this.#problems.push(`two samples have the identity ${identity}`);
      identities.add(identity);
    }
  }

  result(): readonly string[] {
    for (const [table, entries] of Object.entries(this.#dictionary) as [Table, readonly unknown[]][]) {
      const texts = entries.map((entry) => JSON.stringify(entry));
      if (!isZero(entries[0])) this.#problems.push(`${table} begins with ${texts[0]}`);
      if (new Set(texts).size < texts.length) this.#problems.push(`${table} has duplicates`);
      for (let index = 1; index < entries.length; index++) {
        if (!this.#used.get(table)?.has(index)) this.#problems.push(`nothing uses ${table} ${texts[index]}`);
      }
    }
    return this.#problems;
  }

  #attributes(indices: readonly number[]): void {
    const keys = indices.map((index) => this.#dictionary.attributeTable[index]?.keyStrindex);
    if (new Set(keys).size < keys.length) this.#problems.push('an attribute is given twice');
    for (const index of indices) {
      if (index === 0) this.#problems.push('an attribute has index 0');
      this.#use('attributeTable', index);
    }
  }

  #use(table: Table, index: number): void {
    const { length } = this.#dictionary[table];
    if (!(index >= 0 && index < length)) this.#problems.push(`${table} has ${length} entries, not ${index}`);
    const used = this.#used.get(table) ?? new Set();
    this.#used.set(table, used.add(index));
  }
}

/** Returns whether all fields of an entry have their defaults. */
function isZero(entry: unknown): boolean {
  if (Array.isArray(entry) || entry instanceof Uint8Array) return entry.length === 0;
  if (typeof entry === 'object' && entry !== null) return Object.values(entry).every(isZero);
  return entry === '' || entry === 0 || entry === '0' || entry === null;
}
