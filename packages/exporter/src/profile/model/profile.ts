import type { FrameRef, StackRef } from './handles.js';
import type { Labels, Period, ProfileFrame, ValueColumn } from './types.js';

/**
 * A finished profile: samples, each with a stack, labels and one integer per value column. It is immutable. Only a
 * {@link ProfileBuilder} makes it.
 *
 * Samples, stacks and frames are addressed by number: a profile of 50,000 stacks is stored in a few typed arrays, not
 * as objects.
 */
export interface Profile {
  readonly columns: readonly ValueColumn[];
  /** `type` of the column to display first. */
  readonly defaultColumn: string | undefined;
  readonly period: Period | undefined;
  /** Time of collection, which is the end of the time covered, in ns since the Unix epoch; 0 when unknown. */
  readonly timeNanos: bigint;
  /** Length of the time covered, up to the collection, in ns; 0 for a profile of one moment. */
  readonly durationNanos: bigint;
  readonly comments: readonly string[];
  /** Name of the profiled program, as viewers show it, for example `python`; undefined when unknown. */
  readonly program: string | undefined;
  /** Units of the numeric labels that occur, by key. A label without a unit has no entry. */
  readonly labelUnits: Readonly<Record<string, string>>;

  readonly sampleCount: number;
  readonly stackCount: number;
  readonly frameCount: number;

  /** Returns the value of sample `sample` (from 0) in column `column` (from 0). */
  value(sample: number, column: number): number;
  /** Returns the stack of a sample, or undefined when its origin is unknown. */
  stackOf(sample: number): StackRef | undefined;
  /** Returns the labels of a sample. Samples with equal labels share one object. */
  labelsOf(sample: number): Labels;
  /** Iterates the frames of a stack, leaf first; none for undefined. */
  frames(stack: StackRef | undefined): Generator<ProfileFrame, void, undefined>;
  /** Returns the stack of the caller, which always has a smaller number. Undefined at the root. */
  stackParent(stack: StackRef): StackRef | undefined;
  /** Returns the innermost frame of a stack. */
  stackFrame(stack: StackRef): FrameRef;
  frame(frame: FrameRef): ProfileFrame;
}

/** Represents "no stack" and "no parent" in the tables. */
export const NONE = -1;

/** The arrays behind a {@link Profile}, which takes ownership of them. */
export interface ProfileTables {
  readonly frames: readonly ProfileFrame[];
  /** Parent of each stack, or {@link NONE}. `stackFrames` has its frame. */
  readonly stackParents: Int32Array;
  readonly stackFrames: Int32Array;
  readonly labelSets: readonly Labels[];
  /** Stack of each sample, or {@link NONE}. `sampleLabels` has its label set. */
  readonly sampleStacks: Int32Array;
  readonly sampleLabels: Int32Array;
  /** Values, one row of integers per sample, one per column. */
  readonly values: Float64Array;
}

type Header = Pick<
  Profile,
  | 'columns'
  | 'defaultColumn'
  | 'period'
  | 'timeNanos'
  | 'durationNanos'
  | 'comments'
  | 'program'
  | 'labelUnits'
>;

/** The only implementation of {@link Profile}. Not exported from the package. */
export class StoredProfile implements Profile {
  readonly columns: readonly ValueColumn[];
  readonly defaultColumn: string | undefined;
  readonly period: Period | undefined;
  readonly timeNanos: bigint;
  readonly durationNanos: bigint;
  readonly comments: readonly string[];
  readonly program: string | undefined;
  readonly labelUnits: Readonly<Record<string, string>>;
  readonly #tables: ProfileTables;

  constructor(header: Header, tables: ProfileTables) {
    this.columns = header.columns;
    this.defaultColumn = header.defaultColumn;
    this.period = header.period;
    this.timeNanos = header.timeNanos;
    this.durationNanos = header.durationNanos;
    this.comments = Object.freeze([...header.comments]);
    this.program = header.program;
    this.labelUnits = Object.freeze(header.labelUnits);
    this.#tables = tables;
    Object.freeze(this);
  }

  /** Returns the arrays of a profile. Undefined for one of another copy of this package. */
  static tablesOf(profile: Profile): ProfileTables | undefined {
    return #tables in profile ? profile.#tables : undefined;
  }

  get sampleCount(): number {
    return this.#tables.sampleStacks.length;
  }

  get stackCount(): number {
    return this.#tables.stackParents.length;
  }

  get frameCount(): number {
    return this.#tables.frames.length;
  }

  value(sample: number, column: number): number {
    if (!(column >= 0 && column < this.columns.length)) throw outOfRange('column', column);
    const found = this.#tables.values[sample * this.columns.length + column];
    if (found === undefined) throw outOfRange('sample', sample);
    return found;
  }

  stackOf(sample: number): StackRef | undefined {
    return reference(entry(this.#tables.sampleStacks, 'sample', sample));
  }

  labelsOf(sample: number): Labels {
    return this.#tables.labelSets[entry(this.#tables.sampleLabels, 'sample', sample)]!;
  }

  *frames(stack: StackRef | undefined): Generator<ProfileFrame, void, undefined> {
    for (let at = stack; at !== undefined; at = this.stackParent(at)) yield this.frame(this.stackFrame(at));
  }

  stackParent(stack: StackRef): StackRef | undefined {
    return reference(entry(this.#tables.stackParents, 'stack', stack));
  }

  stackFrame(stack: StackRef): FrameRef {
    return entry(this.#tables.stackFrames, 'stack', stack) as FrameRef;
  }

  frame(frame: FrameRef): ProfileFrame {
    const found = this.#tables.frames[frame];
    if (found === undefined) throw outOfRange('frame', frame);
    return found;
  }
}

/**
 * Returns the arrays behind a profile, which must not be changed. Encoders read them, because a method call for each frame of each
 * sample takes several times as long.
 */
export function tablesOf(profile: Profile): ProfileTables {
  return StoredProfile.tablesOf(profile) ?? copiedTables(profile);
}

function copiedTables(profile: Profile): ProfileTables {
  const { stackCount, sampleCount, frameCount, columns } = profile;
  const labelSets = [...new Set(Array.from({ length: sampleCount }, (_, row) => profile.labelsOf(row)))];
  const setNumbers = new Map(labelSets.map((set, at) => [set, at]));
  const values = new Float64Array(sampleCount * columns.length);
  for (let at = 0; at < values.length; at++) {
    values[at] = profile.value(Math.floor(at / columns.length), at % columns.length);
  }
  const numbers = (length: number, numberOf: (at: number) => number) =>
    Int32Array.from({ length }, (_, at) => numberOf(at));
  return {
    frames: Array.from({ length: frameCount }, (_, ref) => profile.frame(ref as FrameRef)),
    stackParents: numbers(stackCount, (at) => profile.stackParent(at as StackRef) ?? NONE),
    stackFrames: numbers(stackCount, (at) => profile.stackFrame(at as StackRef)),
    labelSets,
    sampleStacks: numbers(sampleCount, (row) => profile.stackOf(row) ?? NONE),
    sampleLabels: numbers(sampleCount, (row) => setNumbers.get(profile.labelsOf(row))!),
    values,
  };
}

function reference(stored: number): StackRef | undefined {
  return stored === NONE ? undefined : (stored as StackRef);
}

/**
 * Returns one entry. It takes only one kind of array, because it runs for every frame of every sample, and V8 is
 * fastest when types agree.
 */
function entry(table: Int32Array, what: string, index: number): number {
  const found = table[index];
  if (found === undefined) throw outOfRange(what, index);
  return found;
}

function outOfRange(what: string, index: number): RangeError {
  return new RangeError(`this profile has no ${what} number ${index}`);
}
