/** The meaning of one value of a sample, for example `{ type: 'inuse_space', unit: 'bytes' }`. */
export interface ValueColumn {
  readonly type: string;
  readonly unit: string;
}

/** Mean distance between two samples, for example 524288 of `space`/`bytes`. */
export interface Period {
  readonly type: string;
  readonly unit: string;
  /** An integer, at least 0; 0 when unknown. */
  readonly value: number;
}

/** One function on a stack. */
export interface ProfileFrame {
  /** Empty for an anonymous function. */
  readonly functionName: string;
  /** Path or URL of the script; empty when the runtime gives none. */
  readonly file: string;
  /** Line of the frame in the source, from 1: where the function starts, or the line that ran. 0 when unknown. */
  readonly line: number;
  /** Column on that line, from 1; 0 when unknown. */
  readonly column: number;
  /** Line on which the function starts, from 1; 0 when unknown. Absent if equal to `line`. */
  readonly startLine?: number;
  /** Place of the frame in memory, if it is machine code with a known address. It then has no file or line. */
  readonly native?: NativePlace;
}

/**
 * A place in the memory of a process. Addresses are integers below 2^53, as those of programs are. Two places in the
 * same file are equal wherever the file was loaded, because each process loads it at another address.
 */
export interface NativePlace {
  readonly address: number;
  /** The file loaded there; undefined when unknown. */
  readonly mapping: NativeMapping | undefined;
}

/**
 * A file loaded from `start` up to, but not including, `limit`. From 0 to `Infinity`, without an offset, it is a file
 * that was loaded at an unknown place: its addresses are those in the file itself, as in its symbol table.
 */
export interface NativeMapping {
  readonly path: string;
  readonly start: number;
  /** End address, exclusive. `Infinity` for a file loaded at an unknown place. */
  readonly limit: number;
  /** Offset in the file of the mapped part, in bytes; absent for 0. */
  readonly fileOffset?: number;
}

/**
 * Key-value pairs that distinguish samples of equal stacks. Numbers are safe integers. An empty string means that the
 * label is absent, because pprof cannot represent the difference.
 */
export type Labels = Readonly<Record<string, string | number>>;

/** The data that a {@link ProfileBuilder} needs before the first sample. */
export interface ProfileOptions {
  /** At least one column, each with its own `type`. Every sample has one number per column, in this order. */
  readonly columns: readonly ValueColumn[];
  /** `type` of the column that a viewer should display first. */
  readonly defaultColumn?: string | undefined;
  readonly period?: Period | undefined;
  /** Time of collection, which is the end of the time covered, in ns since the Unix epoch; 0 when unknown. */
  readonly timeNanos: bigint;
  /** Length of the time covered, up to the collection, in ns; 0 for a profile of one moment. */
  readonly durationNanos: bigint;
  /** Notes for the reader of the profile. */
  readonly comments?: readonly string[] | undefined;
  /** Name of the profiled program, as viewers show it. Default: unknown. */
  readonly program?: string | undefined;
  /** Units of numeric labels, by key. A unit equal to its key is redundant and not kept. */
  readonly labelUnits?: Readonly<Record<string, string>> | undefined;
}
