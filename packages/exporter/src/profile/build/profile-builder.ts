import { RowTable } from '../../tables/row-table.js';
import type { FrameHandle, LabelsHandle, StackHandle } from '../model/handles.js';
import { ownValue } from '../model/own-value.js';
import { NONE, type Profile, StoredProfile } from '../model/profile.js';
import type {
  Labels,
  NativePlace,
  Period,
  ProfileFrame,
  ProfileOptions,
  ValueColumn,
} from '../model/types.js';
import { compact } from './compact.js';
import { FrameTable } from './frame-table.js';
import { LabelTable } from './label-table.js';
import { columnProblem } from './rules.js';

const INT64_MAX = 2n ** 63n - 1n;

/**
 * Collects samples and builds a {@link Profile}, which cannot be made in any other way.
 *
 * Handles are valid only for the builder that created them. Equal frames, stacks and label sets get the same handle.
 * Misuse throws `RangeError`.
 */
export class ProfileBuilder {
  readonly #columns: readonly ValueColumn[];
  readonly #defaultColumn: string | undefined;
  readonly #period: Period | undefined;
  readonly #timeNanos: bigint;
  readonly #durationNanos: bigint;
  readonly #labelUnits: Readonly<Record<string, string>>;
  readonly #comments: Set<string>;
  readonly #program: string | undefined;
  readonly #frames = new FrameTable();
  readonly #stacks = new RowTable(2);
  readonly #labels = new LabelTable();
  readonly #samples = new RowTable(2);
  #values: Float64Array;

  /**
   * Creates an empty builder.
   *
   * @throws RangeError for no columns, two of the same type, an unknown default, or a time outside int64
   */
  constructor(options: ProfileOptions) {
    const problem = columnProblem(options.columns, options.defaultColumn);
    if (problem !== undefined) throw new RangeError(problem);
    assertNanos('timeNanos', options.timeNanos);
    assertNanos('durationNanos', options.durationNanos);
    if (options.period !== undefined) assertPeriod(options.period);
    this.#columns = Object.freeze(options.columns.map(({ type, unit }) => Object.freeze({ type, unit })));
    this.#defaultColumn = options.defaultColumn;
    this.#period = options.period && Object.freeze({ ...options.period });
    this.#timeNanos = options.timeNanos;
    this.#durationNanos = options.durationNanos;
    this.#labelUnits = Object.freeze({ ...options.labelUnits });
    this.#comments = new Set(options.comments);
    this.#program = options.program || undefined;
    this.#values = new Float64Array(16 * this.#columns.length);
  }

  /**
   * Returns the frame with these parts.
   *
   * @param functionName empty or `(anonymous)` for an anonymous function
   * @param file path or URL; empty when unknown
   * @param line of the frame, from 1; 0 when unknown
   * @param column on that line, from 1; 0 when unknown. Default 0
   * @param startLine where the function starts, from 1; 0 when unknown. Default: `line`
   */
  frame(functionName: string, file: string, line: number, column = 0, startLine: number = line): FrameHandle {
    return this.#frames.handleFor(functionName, file, line, column, startLine) as FrameHandle;
  }

  /**
   * Returns the frame of machine code at this place.
   *
   * @param functionName name to display
   */
  nativeFrame(functionName: string, native: NativePlace): FrameHandle {
    return this.#frames.nativeHandleFor(functionName, native) as FrameHandle;
  }

  /** Returns the equivalent of another profile's frame. */
  copyFrame({ functionName, file, line, column, startLine, native }: ProfileFrame): FrameHandle {
    if (native !== undefined) return this.nativeFrame(functionName, native);
    return this.frame(functionName, file, line, column, startLine);
  }

  /** Returns the stack in which `parent` (undefined for none) called `frame`. */
  stack(parent: StackHandle | undefined, frame: FrameHandle): StackHandle {
    if (parent !== undefined) assertHandle('stack', parent, this.#stacks.count);
    assertHandle('frame', frame, this.#frames.count);
    return this.#stacks.handleFor(parent ?? NONE, frame) as StackHandle;
  }

  /** Returns the label set with these entries, whatever their order. Empty strings are omitted. */
  labels(record: Labels): LabelsHandle {
    return this.#labels.handleFor(record) as LabelsHandle;
  }

  /**
   * Adds one sample. Samples with the same stack and labels are summed.
   *
   * @param stack undefined when the place is unknown
   * @param values one finite number per column, in their order; fractions and negative numbers are allowed
   */
  add(stack: StackHandle | undefined, values: readonly number[] | Float64Array, labels?: LabelsHandle): void {
    const width = this.#columns.length;
    if (stack !== undefined) assertHandle('stack', stack, this.#stacks.count);
    if (labels !== undefined) assertHandle('labels', labels, this.#labels.count);
    if (values.length !== width) throw new RangeError(`${values.length} values for ${width} columns`);
    for (let column = 0; column < width; column++) {
      if (!Number.isFinite(values[column])) throw new RangeError(`value ${values[column]} is not finite`);
    }
    const at = this.#samples.handleFor(stack ?? NONE, labels ?? 0) * width;
    if (at >= this.#values.length) this.#grow();
    for (let column = 0; column < width; column++) this.#values[at + column]! += values[column]!;
  }

  /** Adds a comment, unless it is already there. */
  comment(text: string): void {
    this.#comments.add(text);
  }

  /**
   * Returns the profile of all samples so far. Values are rounded so that the rounded sum of each column is kept.
   * Samples that are zero in every column are dropped. The builder can still be used and stays independent of the
   * result.
   */
  build(): Profile {
    const tables = compact({
      frames: this.#frames,
      stacks: this.#stacks,
      labels: this.#labels,
      samples: this.#samples,
      values: this.#values,
      columns: this.#columns.length,
    });
    return new StoredProfile(
      {
        columns: this.#columns,
        defaultColumn: this.#defaultColumn,
        period: this.#period,
        timeNanos: this.#timeNanos,
        durationNanos: this.#durationNanos,
        comments: [...this.#comments],
        program: this.#program,
        labelUnits: usedUnits(this.#labelUnits, tables.labelSets),
      },
      tables,
    );
  }

  #grow(): void {
    const bigger = new Float64Array(this.#values.length * 2);
    bigger.set(this.#values);
    this.#values = bigger;
  }
}

/** Returns the units of the numeric labels that occur. A unit that repeats the key is redundant and omitted. */
function usedUnits(units: Readonly<Record<string, string>>, sets: readonly Labels[]): Record<string, string> {
  const used = Object.entries(units).filter(([key, unit]) => {
    return unit !== '' && unit !== key && sets.some((set) => typeof ownValue(set, key) === 'number');
  });
  return Object.fromEntries(used);
}

function assertPeriod({ value }: Period): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`period must be a whole number from 0, not ${value}`);
  }
}

function assertNanos(what: string, nanos: bigint): void {
  if (nanos < 0n || nanos > INT64_MAX)
    throw new RangeError(`${what} must be from 0 to 2^63 - 1, not ${nanos}`);
}

function assertHandle(what: string, handle: number, count: number): void {
  if (!(handle >= 0 && handle < count)) {
    throw new RangeError(`${what} handle ${handle} was not made by this builder`);
  }
}
