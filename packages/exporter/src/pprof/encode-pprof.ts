import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import protobuf from 'protobufjs/minimal.js';
import { perftools } from '#generated/pprof.js';
import type { FrameRef, NativeMapping, Profile, ProfileFrame, StackRef } from '../profile/index.js';
import { ANONYMOUS, displayName } from '../profile/model/frame-kind.js';
import { ownValue } from '../profile/model/own-value.js';
import { NONE } from '../profile/model/profile.js';
import { StringTable } from '../tables/string-table.js';
import { int64FromBigInt } from './int64.js';

type Wire = perftools.profiles.Profile.$Properties;
type WireSample = perftools.profiles.Sample.$Properties;
type WireLabel = perftools.profiles.Label.$Properties;

const { Profile: ProfileMessage } = perftools.profiles;

export interface EncodePprofOptions {
  /** Name of the program, as viewers show it. Default: that of the profile, else `node`. */
  readonly mainBinary?: string | undefined;
}

/** Limit of a mapping whose addresses are those in the file, by pprof's convention. */
const UNLIMITED = int64FromBigInt(-1n);

/** Maximum number of stack entries of all samples together. Each takes one to three bytes. */
const MAX_ENTRIES = 2 ** 27;

/** ID of the one mapping for all code without an address. Without it, viewers treat the profile as not symbolized. */
const MAPPING_ID = 1;

/**
 * Returns the profile in pprof's format, not compressed. The order of frames and stacks is that of the format: leaf
 * first. Anonymous functions are named by where they start. Each frame stays a separate function, even where names are
 * equal.
 *
 * @throws RangeError when a value does not fit into 64 bits, or stacks are so deep that the samples, each of which
 *   repeats its stack, would take some hundreds of MiB
 */
export function encodePprof(profile: Profile, options: EncodePprofOptions = {}): Uint8Array {
  assertFewEntries(profile);
  const writer = protobuf.Writer.create();
  const strings = new StringTable();
  ProfileMessage.encode(
    encodeHeader(profile, strings, options.mainBinary ?? profile.program ?? 'node'),
    writer,
  );
  writeSamples(profile, strings, writer);
  writeFrames(profile, strings, writer, new MappingIds(strings, writer));
  // Strings come last, when all are known: the parts of a message may come in any order.
  ProfileMessage.encode({ stringTable: strings.all().map((text) => text.toWellFormed()) }, writer);
  return writer.finish();
}

const gzipAsync = promisify(gzip);

/**
 * Encodes as {@link encodePprof} does, and compresses with gzip off the calling thread. Uses level 1: higher levels
 * take several times as long and save a few percent.
 */
export function encodePprofGzip(profile: Profile, options: EncodePprofOptions = {}): Promise<Uint8Array> {
  return gzipAsync(encodePprof(profile, options), { level: constants.Z_BEST_SPEED });
}

function assertFewEntries(profile: Profile): void {
  const depths = new Int32Array(profile.stackCount);
  for (let stack = 0; stack < depths.length; stack++) {
    const parent = profile.stackParent(stack as StackRef);
    depths[stack] = parent === undefined ? 1 : depths[parent]! + 1;
  }
  let entries = 0;
  for (let row = 0; row < profile.sampleCount; row++) entries += depths[profile.stackOf(row) ?? NONE] ?? 0;
  if (entries <= MAX_ENTRIES) return;
  throw new RangeError(
    `as pprof its samples have ${entries} stack entries, over the limit of ${MAX_ENTRIES}; each repeats its whole stack`,
  );
}

function encodeHeader(profile: Profile, strings: StringTable, mainBinary: string): Wire {
  const valueType = ({ type, unit }: { type: string; unit: string }) => {
    return { type: strings.handleFor(type), unit: strings.handleFor(unit) };
  };
  return {
    sampleType: profile.columns.map(valueType),
    mapping: [
      {
        id: MAPPING_ID,
        filename: strings.handleFor(mainBinary),
        hasFunctions: true,
        hasFilenames: true,
        hasLineNumbers: true,
      },
    ],
    timeNanos: int64FromBigInt(profile.timeNanos),
    durationNanos: int64FromBigInt(profile.durationNanos),
    periodType: profile.period === undefined ? null : valueType(profile.period),
    period: profile.period?.value ?? 0,
    comment: profile.comments.map((comment) => strings.handleFor(comment)),
    defaultSampleType: strings.handleFor(profile.defaultColumn ?? ''),
  };
}

/**
 * Writes one sample after another with a single reused message, so that encoding a large profile needs memory for its
 * bytes only, not for objects.
 */
function writeSamples(profile: Profile, strings: StringTable, writer: protobuf.Writer): void {
  const locationId: number[] = [];
  const value: number[] = [];
  const sample: WireSample = { locationId, value, label: [] };
  const message: Wire = { sample: [sample] };
  const labelsOf = labelEncoder(profile, strings);
  for (let row = 0; row < profile.sampleCount; row++) {
    locationId.length = 0;
    let stack: StackRef | undefined = profile.stackOf(row);
    for (; stack !== undefined; stack = profile.stackParent(stack)) {
      locationId.push(idOf(profile.stackFrame(stack)));
    }
    for (let column = 0; column < profile.columns.length; column++) {
      value[column] = assertInt64(profile.value(row, column));
    }
    sample.label = labelsOf(row);
    ProfileMessage.encode(message, writer);
  }
}

function labelEncoder(profile: Profile, strings: StringTable): (sample: number) => WireLabel[] {
  const known = new Map<object, WireLabel[]>();
  return (sample) => {
    const labels = profile.labelsOf(sample);
    let encoded = known.get(labels);
    if (encoded === undefined) {
      encoded = Object.entries(labels).map(([key, value]) => {
        if (typeof value === 'string') return { key: strings.handleFor(key), str: strings.handleFor(value) };
        // Without a unit, readers cannot distinguish the number 0 from a missing label. They assume the key as the
        // unit.
        const unit = ownValue(profile.labelUnits, key) || key;
        return { key: strings.handleFor(key), num: value, numUnit: strings.handleFor(unit) };
      });
      known.set(labels, encoded);
    }
    return encoded;
  };
}

function writeFrames(
  profile: Profile,
  strings: StringTable,
  writer: protobuf.Writer,
  mappings: MappingIds,
): void {
  for (let ref = 0; ref < profile.frameCount; ref++) {
    const frame = profile.frame(ref as FrameRef);
    const id = idOf(ref as FrameRef);
    const line = { functionId: id, line: frame.line, column: frame.column };
    ProfileMessage.encode(
      {
        location: [
          { id, mappingId: mappings.idOf(frame), address: frame.native?.address ?? 0, line: [line] },
        ],
        function: [encodeFunction(id, frame, strings)],
      },
      writer,
    );
  }
}

/** Writes the mappings of native frames as they occur, after the first mapping, which is the program's. */
class MappingIds {
  readonly #strings: StringTable;
  readonly #writer: protobuf.Writer;
  readonly #ids = new Map<string, number>();

  constructor(strings: StringTable, writer: protobuf.Writer) {
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
    // Do not claim functions, files or lines: the names are only addresses, and a symbolizer may find better ones.
    const mapping = {
      id,
      memoryStart: start,
      memoryLimit: limit === Infinity ? UNLIMITED : limit,
      fileOffset,
      filename: this.#strings.handleFor(path),
    };
    ProfileMessage.encode({ mapping: [mapping] }, this.#writer);
    return id;
  }
}

function encodeFunction(
  id: number,
  frame: ProfileFrame,
  strings: StringTable,
): perftools.profiles.Function.$Properties {
  return {
    id,
    name: strings.handleFor(displayName(frame)),
    systemName: strings.handleFor(systemName(frame)),
    filename: strings.handleFor(frame.file),
    startLine: frame.startLine ?? frame.line,
  };
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
function idOf(frame: FrameRef): number {
  return frame + 1;
}

function assertInt64(value: number): number {
  if (value >= 2 ** 63 || value < -(2 ** 63))
    throw new RangeError(`value ${value} does not fit into 64 bits`);
  return value;
}
