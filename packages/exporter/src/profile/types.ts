/** What one number of a sample means, for example `{ type: 'inuse_space', unit: 'bytes' }`. */
export interface ValueColumn {
  readonly type: string;
  readonly unit: string;
}

/** Mean distance between two samples, for example 524288 of `space`/`bytes`. */
export interface Period {
  readonly type: string;
  readonly unit: string;
  /** A whole number, at least 0; 0 means unknown. */
  readonly value: number;
}

/** One function on a stack. */
export interface ProfileFrame {
  /** Empty for an anonymous function. */
  readonly functionName: string;
  /** Path or URL of the script; empty when the runtime gives none. */
  readonly file: string;
  /** Line of the frame, from 1: where the function starts, or the line that ran, as the source has it; 0 when unknown. */
  readonly line: number;
  /** Column on that line, from 1; 0 when unknown. */
  readonly column: number;
  /** Line on which the function starts, where that is not `line`: from 1; 0 when unknown. */
  readonly startLine?: number;
  /** Where the frame is in memory, if it is machine code that is known by its address; then it has no file or line. */
  readonly native?: NativePlace;
}

/**
 * A place in the memory of a process. Addresses are whole numbers below 2^53, as those of programs are. Two places of the
 * same file are the same wherever it was loaded: every process has it elsewhere.
 */
export interface NativePlace {
  readonly address: number;
  /** What was loaded there; undefined when unknown. */
  readonly mapping: NativeMapping | undefined;
}

/**
 * A file that is loaded from `start` up to, but not including, `limit`. From 0 to `Infinity`, without an offset, it is a
 * file that was loaded at an unknown place: its addresses are those in the file itself, as symbols have them.
 */
export interface NativeMapping {
  readonly path: string;
  readonly start: number;
  /** `Infinity` for a file without a known place. */
  readonly limit: number;
  /** Where in the file that begins, in bytes; absent for 0. */
  readonly fileOffset?: number;
}

/**
 * Key and value pairs that keep equal stacks apart. Numbers are safe integers.
 * An empty string means the label is absent, because pprof cannot tell the two apart.
 */
export type Labels = Readonly<Record<string, string | number>>;

/** Everything a {@link ProfileBuilder} must know before the first sample. */
export interface ProfileOptions {
  /** At least one, each with its own `type`; every sample carries one number per column, in this order. */
  readonly columns: readonly ValueColumn[];
  /** The `type` of the column that a viewer should show first. */
  readonly defaultColumn?: string | undefined;
  readonly period?: Period | undefined;
  /** Time of collection, which ends the time the profile covers, in nanoseconds since the Unix epoch; 0 when unknown. */
  readonly timeNanos: bigint;
  /** Length of the time the profile covers, up to the collection, in nanoseconds; 0 for a profile of one moment. */
  readonly durationNanos: bigint;
  /** Notes for people. */
  readonly comments?: readonly string[] | undefined;
  /** Name of the profiled program, as viewers show it; default unknown. */
  readonly program?: string | undefined;
  /** Units of numeric labels, by key; a unit equal to its key says nothing and is not kept. */
  readonly labelUnits?: Readonly<Record<string, string>> | undefined;
}
