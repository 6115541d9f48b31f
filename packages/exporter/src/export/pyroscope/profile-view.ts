import type {
  FrameRef,
  Labels,
  Period,
  Profile,
  ProfileFrame,
  StackRef,
  ValueColumn,
} from '../../profile/index.js';

/** Changes to a profile. */
export interface ViewChanges {
  readonly columns?: readonly ValueColumn[];
  readonly period?: Period | undefined;
  readonly timeNanos?: bigint;
  readonly durationNanos?: bigint;
  /** Returns the value of a sample of the original in a column of the view. */
  readonly value: (sample: number, column: number) => number;
}

/** A profile with other values or columns. Reads the original, and copies nothing. */
export class ProfileView implements Profile {
  readonly columns: readonly ValueColumn[];
  readonly period: Period | undefined;
  readonly timeNanos: bigint;
  readonly durationNanos: bigint;
  readonly #profile: Profile;
  readonly #value: (sample: number, column: number) => number;

  constructor(profile: Profile, changes: ViewChanges) {
    this.columns = changes.columns ?? profile.columns;
    this.period = changes.period ?? profile.period;
    this.timeNanos = changes.timeNanos ?? profile.timeNanos;
    this.durationNanos = changes.durationNanos ?? profile.durationNanos;
    this.#profile = profile;
    this.#value = changes.value;
  }

  get defaultColumn(): string | undefined {
    const name = this.#profile.defaultColumn;
    return this.columns.some(({ type }) => type === name) ? name : undefined;
  }

  get comments(): readonly string[] {
    return this.#profile.comments;
  }

  get program(): string | undefined {
    return this.#profile.program;
  }

  get labelUnits(): Readonly<Record<string, string>> {
    return this.#profile.labelUnits;
  }

  get sampleCount(): number {
    return this.#profile.sampleCount;
  }

  get stackCount(): number {
    return this.#profile.stackCount;
  }

  get frameCount(): number {
    return this.#profile.frameCount;
  }

  value(sample: number, column: number): number {
    return this.#value(sample, column);
  }

  stackOf(sample: number): StackRef | undefined {
    return this.#profile.stackOf(sample);
  }

  labelsOf(sample: number): Labels {
    return this.#profile.labelsOf(sample);
  }

  frames(stack: StackRef | undefined): Generator<ProfileFrame, void, undefined> {
    return this.#profile.frames(stack);
  }

  stackParent(stack: StackRef): StackRef | undefined {
    return this.#profile.stackParent(stack);
  }

  stackFrame(stack: StackRef): FrameRef {
    return this.#profile.stackFrame(stack);
  }

  frame(frame: FrameRef): ProfileFrame {
    return this.#profile.frame(frame);
  }
}
