import type { NativeMapping, ResourceAttributes } from '../../profile/index.js';
import { assertInt64 } from '../../wire/proto-writer.js';
import type { Attribute, Dictionary, Location } from './dictionary.js';
import {
  type EncodeOtlpOptions,
  HEAPRAY_SCOPE,
  type IndexedProfile,
  type IndexedType,
  type OtlpRequest,
} from './request.js';
import { UNLIMITED } from './write-tables.js';

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * Returns a request for `JSON.stringify`, by OTLP's rules: names in camel case, integers of 64 bits as decimal texts. Fields
 * that have their default are absent.
 *
 * @throws RangeError when a value does not fit into 64 bits
 */
export function jsonRequest(request: OtlpRequest, options: EncodeOtlpOptions): Json {
  return {
    resourceProfiles: [
      {
        resource: { attributes: attributeList(options.resource ?? {}) },
        scopeProfiles: request.profiles.map((profile) => scopeProfiles(profile, options)),
      },
    ],
    dictionary: {
      ...tables(request.dictionary),
      stackTable: [{}, ...request.stackNodes.map((node) => ({ locationIndices: chain(request, node) }))],
    },
  };
}

function scopeProfiles(profile: IndexedProfile, options: EncodeOtlpOptions): Json {
  const { name, version } = options.scope ?? HEAPRAY_SCOPE;
  return {
    scope: { name, version, attributes: attributeList(profile.scopeAttributes) },
    profiles: profile.columns.map((column, at) => ({
      sampleType: typeOf(column),
      samples: samples(profile, at),
      timeUnixNano: text(profile.startNanos),
      durationNano: text(profile.durationNanos),
      periodType: profile.periodType && typeOf(profile.periodType),
      period: text(profile.period),
      attributeIndices: list(profile.attributes),
    })),
  };
}

function samples(profile: IndexedProfile, column: number): Json[] {
  const { stacks, labelSets, labelAttributes, values, columns } = profile;
  const found: Json[] = [];
  for (let row = 0; row < profile.sampleCount; row++) {
    const value = assertInt64(values[row * columns.length + column]!);
    if (value === 0) continue;
    found.push({
      stackIndex: orAbsent(stacks[row]!),
      attributeIndices: list(labelAttributes[labelSets[row]!]!),
      values: [`${BigInt(value)}`],
    });
  }
  return found;
}

function tables(dictionary: Dictionary): { readonly [key: string]: Json } {
  const { mappings, functions, strings, attributes } = dictionary;
  const rows = <T>(count: number, rowOf: (index: number) => T) =>
    Array.from({ length: count - 1 }, (_, at) => rowOf(at + 1));
  return {
    mappingTable: mappings.map((mapping) => jsonMapping(mapping, dictionary)),
    locationTable: [{}, ...rows(dictionary.locationCount, (at) => jsonLocation(dictionary.location(at)))],
    functionTable: [
      {},
      ...rows(functions.count, (at) => ({
        nameStrindex: orAbsent(functions.at(at, 0)),
        systemNameStrindex: orAbsent(functions.at(at, 1)),
        filenameStrindex: orAbsent(functions.at(at, 2)),
        startLine: text(functions.at(at, 3)),
      })),
    ],
    linkTable: [{}],
    stringTable: strings.all(),
    attributeTable: attributes.map(jsonAttribute),
  };
}

function jsonMapping(mapping: NativeMapping | undefined, { strings }: Dictionary): Json {
  if (mapping === undefined) return {};
  const { path, start, limit, fileOffset = 0 } = mapping;
  return {
    memoryStart: text(start),
    memoryLimit: text(limit === Infinity ? UNLIMITED : limit),
    fileOffset: text(fileOffset),
    filenameStrindex: strings.handleFor(path),
  };
}

function jsonLocation(location: Location): Json {
  const line = {
    functionIndex: location.function,
    line: text(location.line),
    column: text(location.column),
  };
  return {
    mappingIndex: orAbsent(location.mapping),
    address: text(location.address),
    lines: location.function === 0 ? undefined : [line],
    attributeIndices: location.type === 0 ? undefined : [location.type],
  };
}

function jsonAttribute(attribute: Attribute | undefined): Json {
  if (attribute === undefined) return {};
  const { key, value, unit } = attribute;
  return { keyStrindex: orAbsent(key), value: jsonValue(value), unitStrindex: orAbsent(unit) };
}

function attributeList(attributes: ResourceAttributes): Json {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: jsonValue(value) }));
}

function jsonValue(value: ResourceAttributes[string]): Json {
  if (typeof value === 'string') return { stringValue: value.toWellFormed() };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value !== 'number') return { arrayValue: { values: value.map(jsonValue) } };
  if (Number.isSafeInteger(value)) return { intValue: `${value}` };
  return { doubleValue: Number.isFinite(value) ? value : `${value}` };
}

function typeOf({ type, unit }: IndexedType): Json {
  return { typeStrindex: orAbsent(type), unitStrindex: orAbsent(unit) };
}

/** Returns the locations of a stack, the innermost first. */
function chain({ chains }: OtlpRequest, innermost: number): number[] {
  const { parents, numbers, offset } = chains;
  const found: number[] = [];
  for (let node = innermost; node >= 0; node = parents[node]!) found.push(numbers[node]! + offset);
  return found;
}

/** Returns an integer of 64 bits; undefined for 0, the default. */
function text(value: number | bigint): string | undefined {
  return value === 0 || value === 0n ? undefined : `${value}`;
}

function orAbsent(index: number): number | undefined {
  return index === 0 ? undefined : index;
}

function list(indices: readonly number[]): readonly number[] | undefined {
  return indices.length === 0 ? undefined : indices;
}
