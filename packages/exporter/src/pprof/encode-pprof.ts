import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { NativeMapping, Profile, ProfileFrame } from '../profile/index.js';
import { ANONYMOUS, displayName } from '../profile/model/frame-kind.js';
import { ownValue } from '../profile/model/own-value.js';
import { NONE, type ProfileTables, tablesOf } from '../profile/model/profile.js';
import { StringTable } from '../tables/string-table.js';
import { writeChain } from '../wire/packed-chains.js';
import { assertInt64, ProtoWriter } from '../wire/proto-writer.js';
import { frameAddress } from './frame-address.js';
import { FUNCTION, LABEL, LINE, LOCATION, MAPPING, PROFILE, SAMPLE, VALUE_TYPE } from './pprof-fields.js';

export interface EncodePprofOptions {
  /** Name of the program, as viewers show it. Default: that of the profile, else `node`. */
  readonly mainBinary?: string | undefined;
  /**
   * Gives each frame without an address one that is the same in all profiles, from 2^63 on. For programs that identify stacks
   * by addresses alone, as Grafana Alloy does. Default: false.
   */
  readonly addresses?: boolean | undefined;
}

/** Limit of a mapping whose addresses are those in the file, by pprof's convention. */
const UNLIMITED = 2n ** 64n - 1n;

/** Maximum number of stack entries of all samples together. Each takes one to three bytes. */
const MAX_ENTRIES = 2 ** 27;

/** Number of stack entries from which on they are counted beforehand. */
const MANY_ENTRIES = 2 ** 22;

/** ID of the one mapping for all code without an address. Without it, viewers treat the profile as not symbolized. */
const MAPPING_ID = 1;

/** Usual size of a sample or frame, in bytes: room for the buffer, which grows otherwise. */
const USUAL_BYTES = 80;
/** Maximum size of a number. */
const NUMBER_BYTES = 10;

/**
 * Returns the profile in pprof's format, not compressed. The order of frames and stacks is that of the format: leaf
 * first. Anonymous functions are named by where they start. Each frame stays a separate function, even where names are
 * equal.
 *
 * @throws RangeError when a value does not fit into 64 bits, or stacks are so deep that the samples, each of which
 *   repeats its stack, would take some hundreds of MiB
 */
export function encodePprof(profile: Profile, options: EncodePprofOptions = {}): Uint8Array {
  const tables = tablesOf(profile);
  const { sampleStacks, frames } = tables;
  const writer = new ProtoWriter(USUAL_BYTES * (sampleStacks.length + frames.length) + 4096);
  const strings = new StringTable();
  writeHeader(profile, strings, writer, options.mainBinary ?? profile.program ?? 'node');
  writeSamples(profile, tables, strings, writer);
  writeFrames(frames, strings, writer, new MappingIds(strings, writer), options.addresses ?? false);
  // Strings come last, when all are known: the parts of a message may come in any order.
  for (const text of strings.all()) writer.element(PROFILE.STRING, text);
  return writer.take();
}

const gzipAsync = promisify(gzip);

/**
 * Encodes as {@link encodePprof} does, and compresses with gzip off the calling thread. Uses level 1: higher levels
 * take several times as long and save a few percent.
 */
export function encodePprofGzip(profile: Profile, options: EncodePprofOptions = {}): Promise<Uint8Array> {
  return gzipAsync(encodePprof(profile, options), { level: constants.Z_BEST_SPEED });
}

function assertFewEntries({ stackParents, sampleStacks }: ProfileTables): void {
  const depths = new Int32Array(stackParents.length);
  for (let stack = 0; stack < depths.length; stack++) {
    const parent = stackParents[stack]!;
    depths[stack] = parent === NONE ? 1 : depths[parent]! + 1;
  }
  let entries = 0;
  for (const stack of sampleStacks) entries += depths[stack] ?? 0;
  if (entries <= MAX_ENTRIES) return;
  throw new RangeError(
    `as pprof its samples have ${entries} stack entries, over the limit of ${MAX_ENTRIES}; each repeats its whole stack`,
  );
}

function writeHeader(profile: Profile, strings: StringTable, writer: ProtoWriter, mainBinary: string): void {
  for (const column of profile.columns) writeValueType(PROFILE.SAMPLE_TYPE, column, strings, writer);
  const mapping = writer.open(PROFILE.MAPPING);
  writer.integer(MAPPING.ID, MAPPING_ID);
  writer.integer(MAPPING.FILENAME, strings.handleFor(mainBinary));
  for (const claim of [MAPPING.HAS_FUNCTIONS, MAPPING.HAS_FILENAMES, MAPPING.HAS_LINE_NUMBERS])
    writer.integer(claim, 1);
  writer.close(mapping);
  writer.bigInteger(PROFILE.TIME_NANOS, profile.timeNanos);
  writer.bigInteger(PROFILE.DURATION_NANOS, profile.durationNanos);
  if (profile.period !== undefined) {
    writeValueType(PROFILE.PERIOD_TYPE, profile.period, strings, writer);
    writer.integer(PROFILE.PERIOD, profile.period.value);
  }
  writer.packed(
    PROFILE.COMMENT,
    profile.comments.map((comment) => strings.handleFor(comment)),
  );
  writer.integer(PROFILE.DEFAULT_SAMPLE_TYPE, strings.handleFor(profile.defaultColumn ?? ''));
}

function writeValueType(
  field: number,
  { type, unit }: { readonly type: string; readonly unit: string },
  strings: StringTable,
  writer: ProtoWriter,
): void {
  const start = writer.open(field);
  writer.integer(VALUE_TYPE.TYPE, strings.handleFor(type));
  writer.integer(VALUE_TYPE.UNIT, strings.handleFor(unit));
  writer.close(start);
}

function writeSamples(
  profile: Profile,
  tables: ProfileTables,
  strings: StringTable,
  writer: ProtoWriter,
): void {
  const { sampleStacks, sampleLabels, labelSets, values } = tables;
  const stacks = { parents: tables.stackParents, numbers: tables.stackFrames, offset: idOf(0) };
  const width = profile.columns.length;
  const labels: (Uint8Array | undefined)[] = new Array(labelSets.length);
  let entries = 0;
  let isChecked = false;
  for (let row = 0; row < sampleStacks.length; row++) {
    const set = sampleLabels[row]!;
    labels[set] ??= encodeLabels(profile, set, labelSets, strings);
    const sample = writer.open(PROFILE.SAMPLE);
    entries += writeChain(writer, SAMPLE.LOCATION_ID, stacks, sampleStacks[row]!);
    const packed = writer.open(SAMPLE.VALUE);
    writer.reserve(NUMBER_BYTES * width);
    for (let at = row * width; at < (row + 1) * width; at++) writer.varint(assertInt64(values[at]!));
    writer.close(packed);
    writer.raw(labels[set]!);
    writer.close(sample);
    if (entries < MANY_ENTRIES || isChecked) continue;
    assertFewEntries(tables);
    isChecked = true;
  }
}

/** Returns the label fields of a sample. */
function encodeLabels(
  profile: Profile,
  set: number,
  labelSets: ProfileTables['labelSets'],
  strings: StringTable,
): Uint8Array {
  const writer = new ProtoWriter(64);
  for (const [key, value] of Object.entries(labelSets[set]!)) {
    const start = writer.open(SAMPLE.LABEL);
    writer.integer(LABEL.KEY, strings.handleFor(key));
    if (typeof value === 'string') {
      writer.integer(LABEL.STR, strings.handleFor(value));
    } else {
      writer.integer(LABEL.NUM, value);
      // Without a unit, readers cannot distinguish the number 0 from a missing label. They assume the key as the
      // unit.
      writer.integer(LABEL.NUM_UNIT, strings.handleFor(ownValue(profile.labelUnits, key) || key));
    }
    writer.close(start);
  }
  return writer.take();
}

function writeFrames(
  frames: readonly ProfileFrame[],
  strings: StringTable,
  writer: ProtoWriter,
  mappings: MappingIds,
  hasAddresses: boolean,
): void {
  for (let ref = 0; ref < frames.length; ref++) {
    const frame = frames[ref]!;
    const id = idOf(ref);
    const mapping = mappings.idOf(frame);
    const location = writer.open(PROFILE.LOCATION);
    writer.integer(LOCATION.ID, id);
    writer.integer(LOCATION.MAPPING_ID, mapping);
    const address = frame.native?.address ?? 0;
    if (address === 0 && hasAddresses) writer.bigInteger(LOCATION.ADDRESS, frameAddress(frame));
    else writer.integer(LOCATION.ADDRESS, address);
    const line = writer.open(LOCATION.LINE);
    writer.integer(LINE.FUNCTION_ID, id);
    writer.integer(LINE.LINE, frame.line);
    writer.integer(LINE.COLUMN, frame.column);
    writer.close(line);
    writer.close(location);
    const fn = writer.open(PROFILE.FUNCTION);
    writer.integer(FUNCTION.ID, id);
    const name = displayName(frame);
    const system = systemName(frame);
    const nameIndex = strings.handleFor(name);
    writer.integer(FUNCTION.NAME, nameIndex);
    writer.integer(FUNCTION.SYSTEM_NAME, system === name ? nameIndex : strings.handleFor(system));
    writer.integer(FUNCTION.FILENAME, strings.handleFor(frame.file));
    writer.integer(FUNCTION.START_LINE, frame.startLine ?? frame.line);
    writer.close(fn);
  }
}

/** Writes the mappings of native frames as they occur, after the first mapping, which is the program's. */
class MappingIds {
  readonly #strings: StringTable;
  readonly #writer: ProtoWriter;
  readonly #ids = new Map<string, number>();

  constructor(strings: StringTable, writer: ProtoWriter) {
    this.#strings = strings;
    this.#writer = writer;
  }

  /** Returns the ID of a frame's mapping; 0, which means none, for machine code at an unknown place. */
  idOf({ native }: ProfileFrame): number {
    if (native === undefined) return MAPPING_ID;
    return native.mapping === undefined ? 0 : this.#idFor(native.mapping);
  }

  #idFor({ path, start, limit, fileOffset = 0 }: NativeMapping): number {
    const key = `${start} ${limit} ${fileOffset} ${path}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = MAPPING_ID + 1 + this.#ids.size;
    this.#ids.set(key, id);
    const writer = this.#writer;
    // Do not claim functions, files or lines: the names are only addresses, and a symbolizer may find better ones.
    const mapping = writer.open(PROFILE.MAPPING);
    writer.integer(MAPPING.ID, id);
    writer.integer(MAPPING.START, start);
    writer.bigInteger(MAPPING.LIMIT, limit === Infinity ? UNLIMITED : BigInt(limit));
    writer.integer(MAPPING.OFFSET, fileOffset);
    writer.integer(MAPPING.FILENAME, this.#strings.handleFor(path));
    writer.close(mapping);
    return id;
  }
}

/** Names that pprof treats as C++ or Rust symbols and shortens where `name` equals `system_name`. */
const SHORTENED = /[<>[\]]|::/;
const MANGLED = /^_{1,2}[ZR]/;

/**
 * Returns the `system_name` of a function. pprof demangles and shortens a name only where both names are equal. So it
 * is empty for names that would be shortened, such as `<module>` or `Map<K>.get`. Machine code may be demangled.
 */
function systemName({ functionName, file }: ProfileFrame): string {
  if (functionName === '') return ANONYMOUS;
  const isChanged = SHORTENED.test(functionName) || (file !== '' && MANGLED.test(functionName));
  return isChanged ? '' : functionName;
}

/** Returns the location and function ID of a frame. The format reserves 0. */
function idOf(frame: number): number {
  return frame + 1;
}
