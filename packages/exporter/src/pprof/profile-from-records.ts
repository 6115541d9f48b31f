import { codeFrames, type RawLine } from '../profile/build/code-frames.js';
import { columnProblem } from '../profile/build/rules.js';
import {
  type FrameHandle,
  type Labels,
  type LabelsHandle,
  type Profile,
  ProfileBuilder,
  type StackHandle,
} from '../profile/index.js';
import { NONE } from '../profile/model/profile.js';
import type { Period, ValueColumn } from '../profile/model/types.js';
import { FormatError } from '../wire/errors.js';
import type { Id, PprofLabel, PprofLine, PprofRecords } from './pprof-records.js';

/**
 * Maximum number of frames of all stacks together: functions inlined at a location repeat in every stack through it.
 */
const MAX_FRAMES = 2 ** 24;

/**
 * Resolves all references between records.
 *
 * @throws FormatError for a missing target of a reference, and for missing or duplicate columns
 */
export function profileFromRecords(records: PprofRecords): Profile {
  const columns = records.columns.map((column) => valueColumn(records, column));
  const problem = columnProblem(columns);
  if (problem !== undefined) throw new FormatError('pprof', problem);
  const width = records.valuesPerSample ?? columns.length;
  if (width !== columns.length) {
    throw new FormatError('pprof', `samples have ${width} values, but there are ${columns.length} columns`);
  }
  const labels = new LabelResolver(records);
  const defaultColumn = stringAt(records, records.defaultSampleType);
  const builder = new ProfileBuilder({
    columns,
    defaultColumn: columns.some(({ type }) => type === defaultColumn) ? defaultColumn : undefined,
    period: period(records),
    timeNanos: atLeastZero(records.timeNanos),
    durationNanos: atLeastZero(records.durationNanos),
    comments: records.comments.map((comment) => stringAt(records, comment)),
    program: programOf(records),
    labelUnits: labels.units,
  });
  addSamples(builder, records, labels.sets);
  return builder.build();
}

/** Returns the file of the first mapping, which is the main program by convention. */
function programOf(records: PprofRecords): string | undefined {
  const [main] = records.mappings.values();
  return main && (stringAt(records, main.filename) || undefined);
}

function addSamples(builder: ProfileBuilder, records: PprofRecords, sets: readonly Labels[]): void {
  const stacks = resolveStacks(builder, records);
  const labels: readonly LabelsHandle[] = sets.map((set) => builder.labels(set));
  const width = records.columns.length;
  for (let sample = 0; sample < records.samples.count; sample++) {
    const values = records.values.subarray(sample * width, (sample + 1) * width);
    const stack = records.samples.at(sample, 0);
    const handle = stack === NONE || stacks[stack] === NONE ? undefined : (stacks[stack] as StackHandle);
    builder.add(handle, values, labels[records.samples.at(sample, 1)]!);
  }
}

/** Returns the profile's stack for each stack of the file. */
function resolveStacks(builder: ProfileBuilder, records: PprofRecords): Int32Array {
  const frames = records.usedLocations.map((id) => locationFrames(builder, records, id));
  assertFrameCount(records, frames);
  const stacks = new Int32Array(records.stacks.count);
  for (let row = 0; row < stacks.length; row++) {
    const caller = records.stacks.at(row, 0);
    let stack = caller === NONE ? undefined : (stacks[caller] as StackHandle);
    for (const frame of frames[records.stacks.at(row, 1)]!) stack = builder.stack(stack, frame);
    stacks[row] = stack ?? NONE;
  }
  return stacks;
}

/** Throws a FormatError if the stacks have too many frames, before any of them is made. */
function assertFrameCount(records: PprofRecords, frames: readonly (readonly FrameHandle[])[]): void {
  let count = 0;
  for (let row = 0; row < records.stacks.count; row++) {
    count += frames[records.stacks.at(row, 1)]!.length;
    if (count > MAX_FRAMES)
      throw new FormatError('pprof', `stacks have more than the limit of ${MAX_FRAMES} frames`);
  }
}

/** Returns the frames of a location, outermost first. There are several when functions were inlined. */
function locationFrames(builder: ProfileBuilder, records: PprofRecords, id: Id): FrameHandle[] {
  const location = records.location(id);
  if (location === undefined)
    throw new FormatError('pprof', `a sample uses location ${id}, which is not defined`);
  const { address, mappingId, lines } = location;
  const mapping = address === 0 ? undefined : records.mappings.get(mappingId);
  return codeFrames(
    builder,
    address,
    mapping && { ...mapping, path: stringAt(records, mapping.filename) },
    lines.map((line) => rawLine(records, line)),
  );
}

function rawLine(records: PprofRecords, { functionId, line, column }: PprofLine): RawLine {
  const fn = records.function(functionId);
  if (fn === undefined)
    throw new FormatError('pprof', `a location uses function ${functionId}, which is not defined`);
  return {
    name: stringAt(records, fn.name),
    systemName: stringAt(records, fn.systemName),
    file: stringAt(records, fn.filename),
    startLine: fn.startLine,
    line,
    column,
  };
}

/** Resolves the string indices of label sets, and collects the units of numeric labels. */
class LabelResolver {
  readonly units: Readonly<Record<string, string>>;
  readonly sets: readonly Labels[];
  readonly #units = new Map<string, string>();

  constructor(records: PprofRecords) {
    this.sets = records.labelSets.map((set) => this.#resolve(records, set));
    this.units = Object.fromEntries(this.#units);
  }

  /** Returns the labels of a set. Several values of one key are joined with commas into one text. */
  #resolve(records: PprofRecords, set: readonly PprofLabel[]): Labels {
    const labels = new Map<string, string | number>();
    for (const label of set) {
      const key = stringAt(records, label.key);
      const value = this.#value(records, label, key);
      if (key === '' || value === '') continue;
      const before = labels.get(key);
      labels.set(key, before === undefined ? value : `${before},${value}`);
    }
    return Object.fromEntries(labels);
  }

  #value(records: PprofRecords, label: PprofLabel, key: string): string | number {
    if (label.str !== 0) return stringAt(records, label.str);
    if (label.num === 0 && label.numUnit === 0) return '';
    const unit = stringAt(records, label.numUnit);
    // A unit equal to the key is redundant: readers assume it as the default.
    if (unit !== '' && unit !== key) this.#units.set(key, unit);
    return Number.isSafeInteger(label.num) ? label.num : `${label.num}`;
  }
}

function valueColumn(records: PprofRecords, { type, unit }: { type: number; unit: number }): ValueColumn {
  return { type: stringAt(records, type), unit: stringAt(records, unit) };
}

function period(records: PprofRecords): Period | undefined {
  if (records.periodType === undefined) return undefined;
  const value = Number.isSafeInteger(records.period) && records.period > 0 ? records.period : 0;
  return { ...valueColumn(records, records.periodType), value };
}

function stringAt(records: PprofRecords, index: number): string {
  const text = records.texts.at(index);
  if (text !== undefined) return text;
  // A profile without any text may omit the table.
  if (index === 0) return '';
  const reason = `string ${index} is used, but there are ${records.texts.count}; the input may be cut off`;
  throw new FormatError('pprof', reason);
}

function atLeastZero(nanos: bigint): bigint {
  return nanos > 0n ? nanos : 0n;
}
