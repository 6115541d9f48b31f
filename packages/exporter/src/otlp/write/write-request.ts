import { writeChain } from '../../wire/packed-chains.js';
import { LENGTH_DELIMITED, VARINT } from '../../wire/proto-fields.js';
import { assertInt64, ProtoWriter, varintSize } from '../../wire/proto-writer.js';
import {
  DICTIONARY,
  PROFILE,
  REQUEST,
  RESOURCE,
  RESOURCE_PROFILES,
  SAMPLE,
  SCOPE,
  SCOPE_PROFILES,
  STACK,
  VALUE_TYPE,
} from '../otlp-fields.js';
import {
  type EncodeOtlpOptions,
  HEAPRAY_SCOPE,
  type IndexedProfile,
  type IndexedType,
  type OtlpRequest,
} from './request.js';
import { writeTables, writeZero } from './write-tables.js';
import { writeAttributes } from './write-values.js';

/** Maximum size of all stacks together, in bytes. Each frame takes one to three. */
const MAX_STACK_BYTES = 2 ** 26;
/** Upper limit for the tags and lengths of one sample. */
const OVERHEAD = 32;
/** Usual size of a sample, in bytes. */
const SAMPLE_BYTES = 16;
/** Upper limit for the tags and the stack of a sample, in bytes. */
const HEAD_BYTES = 16;
/** Usual size of a stack, in bytes. */
const STACK_BYTES = 64;
/** Usual size of a location with its function and its texts, in bytes. */
const LOCATION_BYTES = 64;

/**
 * Writes a request as protocol buffers.
 *
 * @throws RangeError when a value does not fit into 64 bits, or the stacks take more than 64 MiB
 */
export function writeRequest(request: OtlpRequest, options: EncodeOtlpOptions): Uint8Array {
  const writer = new ProtoWriter(usualBytes(request));
  const resourceProfiles = writer.open(REQUEST.RESOURCE_PROFILES);
  const resource = writer.open(RESOURCE_PROFILES.RESOURCE);
  writeAttributes(RESOURCE.ATTRIBUTES, options.resource ?? {}, writer);
  writer.close(resource);
  for (const profile of request.profiles) writeScopeProfiles(profile, options, writer);
  writer.close(resourceProfiles);
  const dictionary = writer.open(REQUEST.DICTIONARY);
  writeTables(request.dictionary, writer);
  writeStacks(request, writer);
  writer.close(dictionary);
  return writer.take();
}

/** Returns about the size of a request in bytes, so that the buffer rarely grows. */
function usualBytes({ stackNodes, profiles, dictionary }: OtlpRequest): number {
  const values = profiles.reduce((sum, profile) => sum + profile.values.length, 0);
  const tables = STACK_BYTES * stackNodes.length + LOCATION_BYTES * dictionary.locationCount;
  return tables + SAMPLE_BYTES * values + 4096;
}

/** Writes the profiles of all columns. Profiles of different times, and so on, get scopes of their own. */
function writeScopeProfiles(profile: IndexedProfile, options: EncodeOtlpOptions, writer: ProtoWriter): void {
  const { name, version = '' } = options.scope ?? HEAPRAY_SCOPE;
  const scopeProfiles = writer.open(RESOURCE_PROFILES.SCOPE_PROFILES);
  const scope = writer.open(SCOPE_PROFILES.SCOPE);
  writer.text(SCOPE.NAME, name);
  writer.text(SCOPE.VERSION, version);
  writeAttributes(SCOPE.ATTRIBUTES, profile.scopeAttributes, writer);
  writer.close(scope);
  const heads = sampleHeads(profile);
  for (let column = 0; column < profile.columns.length; column++) {
    writeColumn(profile, column, heads, writer);
  }
  writer.close(scopeProfiles);
}

/** The part of each sample that is the same in all columns: its stack, its attributes, and the tag of its values. */
interface SampleHeads {
  readonly bytes: Uint8Array;
  /** End of each part. The next one begins there. */
  readonly ends: Int32Array;
}

function sampleHeads({ sampleCount, stacks, labelSets, labelAttributes }: IndexedProfile): SampleHeads {
  const attributes = labelAttributes.map(packedAttributes);
  const writer = new ProtoWriter(SAMPLE_BYTES * sampleCount);
  const ends = new Int32Array(sampleCount);
  for (let row = 0; row < sampleCount; row++) {
    const stack = stacks[row]!;
    writer.reserve(HEAD_BYTES);
    if (stack > 0) {
      writer.tag(SAMPLE.STACK_INDEX, VARINT);
      writer.varint(stack);
    }
    writer.raw(attributes[labelSets[row]!]!);
    writer.reserve(HEAD_BYTES);
    writer.tag(SAMPLE.VALUES, LENGTH_DELIMITED);
    ends[row] = writer.at;
  }
  return { bytes: writer.bytes, ends };
}

/** Returns the field of a sample for its attributes. */
function packedAttributes(indices: readonly number[]): Uint8Array {
  const writer = new ProtoWriter(32);
  writer.packed(SAMPLE.ATTRIBUTE_INDICES, indices);
  return writer.take();
}

function writeColumn(profile: IndexedProfile, column: number, heads: SampleHeads, writer: ProtoWriter): void {
  const start = writer.open(SCOPE_PROFILES.PROFILES);
  writeType(PROFILE.SAMPLE_TYPE, profile.columns[column]!, writer);
  writeSamples(profile, column, heads, writer);
  writer.fixed64(PROFILE.TIME_UNIX_NANO, profile.startNanos);
  writer.bigInteger(PROFILE.DURATION_NANO, profile.durationNanos);
  if (profile.periodType !== undefined) {
    writeType(PROFILE.PERIOD_TYPE, profile.periodType, writer);
    writer.integer(PROFILE.PERIOD, profile.period);
  }
  writer.packed(PROFILE.ATTRIBUTE_INDICES, profile.attributes);
  writer.close(start);
}

function writeType(field: number, { type, unit }: IndexedType, writer: ProtoWriter): void {
  const start = writer.open(field);
  writer.integer(VALUE_TYPE.TYPE, type);
  writer.integer(VALUE_TYPE.UNIT, unit);
  writer.close(start);
}

/** Writes the samples that are not 0 in a column. */
function writeSamples(
  { sampleCount, values, columns }: IndexedProfile,
  column: number,
  { bytes, ends }: SampleHeads,
  writer: ProtoWriter,
): void {
  for (let row = 0; row < sampleCount; row++) {
    const value = values[row * columns.length + column]!;
    if (value === 0) continue;
    const from = row === 0 ? 0 : ends[row - 1]!;
    const to = ends[row]!;
    const valueSize = varintSize(assertInt64(value));
    const size = to - from + 1 + valueSize;
    writer.reserve(size + OVERHEAD);
    writer.tag(PROFILE.SAMPLES, LENGTH_DELIMITED);
    writer.varint(size);
    writer.raw(bytes, from, to);
    writer.varint(valueSize);
    writer.varint(value);
  }
}

function writeStacks({ stackNodes, chains }: OtlpRequest, writer: ProtoWriter): void {
  writeZero(DICTIONARY.STACK, writer);
  const before = writer.at;
  for (const node of stackNodes) {
    const stack = writer.open(DICTIONARY.STACK);
    writeChain(writer, STACK.LOCATION_INDICES, chains, node);
    writer.close(stack);
    if (writer.at - before <= MAX_STACK_BYTES) continue;
    throw new RangeError(
      `as OTLP its stacks take more than the limit of ${MAX_STACK_BYTES} bytes; each repeats its callers`,
    );
  }
}
