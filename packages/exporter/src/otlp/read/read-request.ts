import type { ByteReader } from '../../wire/byte-reader.js';
import {
  assertEnd,
  fieldOf,
  LENGTH_DELIMITED,
  readBigInt64,
  readEnd,
  readInt64,
  readMessage,
  skipValue,
  VARINT,
} from '../../wire/proto-fields.js';
import { DEFAULT_SAMPLE_TYPE, EXECUTABLE_NAME, EXECUTABLE_PATH } from '../conventions.js';
import {
  PROFILE,
  REQUEST,
  RESOURCE,
  RESOURCE_PROFILES,
  SCOPE,
  SCOPE_PROFILES,
  VALUE_TYPE,
} from '../otlp-fields.js';
import type { ReadCounts } from './limits.js';
import { ReadTables } from './read-tables.js';
import { readKeyValue } from './read-value.js';

const FIXED_64 = 1;
/** Maximum number of profiles of one input. */
const MAX_PROFILES = 2 ** 14;
const TWO_32 = 2n ** 32n;

/** A pair of string indices. */
export interface ReadType {
  readonly type: number;
  readonly unit: number;
}

/** The fields of a profile but its samples, which are read later. */
export interface ReadProfile {
  /** Where the message starts and ends in the input. */
  readonly start: number;
  readonly end: number;
  readonly sampleType: ReadType;
  readonly timeNanos: bigint;
  readonly durationNanos: bigint;
  readonly periodType: ReadType | undefined;
  readonly period: number;
  readonly attributes: readonly number[];
}

/** Profiles of one scope. */
export interface ReadScope {
  readonly profiles: readonly ReadProfile[];
  /** Value of `pprof.scope.default_sample_type`. */
  readonly defaultSampleType: string | undefined;
  /** Name or path of the program, from the resource. */
  readonly program: string | undefined;
}

/** A request: its tables, and its profiles without their samples. */
export interface ReadRequest {
  readonly tables: ReadTables;
  readonly scopes: readonly ReadScope[];
}

/** Reads requests. All methods throw an Error with the reason for data that is cut off or damaged. */
export class RequestReader {
  readonly #reader: ByteReader;
  readonly #counts: ReadCounts;
  readonly #tables: ReadTables;
  readonly #scopes: ReadScope[] = [];
  #profiles = 0;

  constructor(reader: ByteReader, counts: ReadCounts) {
    this.#reader = reader;
    this.#counts = counts;
    this.#tables = new ReadTables(reader, counts);
  }

  /** Reads a request to the end of the input. */
  read(): ReadRequest {
    const reader = this.#reader;
    const resources: number[] = [];
    let hasDictionary = false;
    // The dictionary may follow the profiles, which refer to it.
    readMessage(reader, reader.end, noNumbers, (field) => {
      const end = readEnd(reader, reader.end);
      if (field === REQUEST.RESOURCE_PROFILES) {
        this.#counts.entries(1);
        resources.push(reader.position, end);
      } else if (field === REQUEST.DICTIONARY) {
        if (hasDictionary)
          throw new Error('a second dictionary begins here; several files were concatenated');
        hasDictionary = true;
        this.#tables.read(end);
      }
      reader.position = end;
      return true;
    });
    for (let at = 0; at < resources.length; at += 2)
      this.#resourceProfiles(resources[at]!, resources[at + 1]!);
    return { tables: this.#tables, scopes: this.#scopes };
  }

  #resourceProfiles(start: number, end: number): void {
    const reader = this.#reader;
    let program: string | undefined;
    const scopes: number[] = [];
    reader.position = start;
    readMessage(reader, end, noNumbers, (field) => {
      const partEnd = readEnd(reader, end);
      if (field === RESOURCE_PROFILES.RESOURCE) {
        const attributes = this.#attributes(RESOURCE.ATTRIBUTES, partEnd, [EXECUTABLE_NAME, EXECUTABLE_PATH]);
        program = attributes.get(EXECUTABLE_NAME) ?? attributes.get(EXECUTABLE_PATH);
      } else if (field === RESOURCE_PROFILES.SCOPE_PROFILES) {
        this.#counts.entries(1);
        scopes.push(reader.position, partEnd);
      }
      reader.position = partEnd;
      return true;
    });
    for (let at = 0; at < scopes.length; at += 2) this.#scopeProfiles(scopes[at]!, scopes[at + 1]!, program);
  }

  #scopeProfiles(start: number, end: number, program: string | undefined): void {
    const reader = this.#reader;
    const profiles: ReadProfile[] = [];
    let defaultSampleType: string | undefined;
    reader.position = start;
    readMessage(reader, end, noNumbers, (field) => {
      const partEnd = readEnd(reader, end);
      if (field === SCOPE_PROFILES.SCOPE) {
        const attributes = this.#attributes(SCOPE.ATTRIBUTES, partEnd, [DEFAULT_SAMPLE_TYPE]);
        defaultSampleType = attributes.get(DEFAULT_SAMPLE_TYPE);
      } else if (field === SCOPE_PROFILES.PROFILES) {
        this.#profiles += 1;
        if (this.#profiles > MAX_PROFILES) throw new Error(`more than the limit of ${MAX_PROFILES} profiles`);
        profiles.push(this.#profile(partEnd));
      }
      reader.position = partEnd;
      return true;
    });
    if (profiles.length > 0) this.#scopes.push({ profiles, defaultSampleType, program });
  }

  /** Returns the attributes of a resource or scope that have one of these keys, as texts. */
  #attributes(listField: number, end: number, keys: readonly string[]): ReadonlyMap<string, string> {
    const reader = this.#reader;
    const found = new Map<string, string>();
    readMessage(reader, end, noNumbers, (field) => {
      if (field !== listField) return false;
      const [key, values] = readKeyValue(reader, readEnd(reader, end), this.#tables);
      if (keys.includes(key)) found.set(key, values.join(','));
      return true;
    });
    return found;
  }

  #profile(end: number): ReadProfile {
    const reader = this.#reader;
    const profile = {
      start: reader.position,
      end,
      sampleType: { type: 0, unit: 0 } as ReadType,
      timeNanos: 0n,
      durationNanos: 0n,
      periodType: undefined as ReadType | undefined,
      period: 0,
      attributes: [] as number[],
    };
    while (reader.position < end) {
      const tag = reader.varint();
      const field = fieldOf(tag);
      const wireType = tag & 7;
      if (field === PROFILE.TIME_UNIX_NANO && wireType === FIXED_64) {
        reader.u64();
        profile.timeNanos = BigInt(reader.high) * TWO_32 + BigInt(reader.low);
      } else if (field === PROFILE.DURATION_NANO && wireType === VARINT) {
        profile.durationNanos = BigInt.asUintN(64, readBigInt64(reader));
      } else if (field === PROFILE.PERIOD && wireType === VARINT) {
        profile.period = readInt64(reader);
      } else if (field === PROFILE.SAMPLE_TYPE && wireType === LENGTH_DELIMITED) {
        profile.sampleType = readType(reader, readEnd(reader, end));
      } else if (field === PROFILE.PERIOD_TYPE && wireType === LENGTH_DELIMITED) {
        profile.periodType = readType(reader, readEnd(reader, end));
      } else if (field === PROFILE.ATTRIBUTE_INDICES && wireType === LENGTH_DELIMITED) {
        const listEnd = readEnd(reader, end);
        while (reader.position < listEnd) this.#addAttribute(profile.attributes);
        assertEnd(reader, listEnd);
      } else if (field === PROFILE.ATTRIBUTE_INDICES && wireType === VARINT) {
        this.#addAttribute(profile.attributes);
      } else {
        skipValue(reader, tag, end);
      }
    }
    assertEnd(reader, end);
    return profile;
  }

  #addAttribute(attributes: number[]): void {
    this.#counts.entries(1);
    attributes.push(readInt64(this.#reader));
  }
}

function noNumbers(): boolean {
  return false;
}

function readType(reader: ByteReader, end: number): ReadType {
  const found = { type: 0, unit: 0 };
  readMessage(reader, end, (field) => {
    if (field === VALUE_TYPE.TYPE) found.type = readInt64(reader);
    else if (field === VALUE_TYPE.UNIT) found.unit = readInt64(reader);
    else return false;
    return true;
  });
  return found;
}
