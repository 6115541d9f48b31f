/**
 * The data of the page as JSON. Readers must refuse a `version` that they do not know. A key may be added without a new
 * version.
 */
export interface PageData {
  readonly format: 'heapray-page';
  readonly version: 1;
  readonly title: string;
  /** Meaning of the values, in the order of `totals` and `values`. */
  readonly columns: readonly PageColumn[];
  /** Index of the column to show first. */
  readonly column: number;
  /** Texts that `functions` and `labels` refer to by index. */
  readonly strings: readonly string[];
  readonly functions: PageFunctions;
  readonly tree: PageTree;
  readonly labels: PageLabels;
  /** One profile, or two to compare: before and after. All share the tables above. */
  readonly profiles: readonly PageProfile[];
}

export interface PageColumn {
  /** For example `inuse_space`. */
  readonly type: string;
  /** For example `bytes`. */
  readonly unit: string;
}

/** A table of functions; each array has one entry per function. */
export interface PageFunctions {
  /** Name, as an index of `strings`. */
  readonly names: readonly number[];
  /** Path or URL, as an index of `strings`; of the empty string when unknown. */
  readonly files: readonly number[];
  /** Line where the function starts, from 1; 0 when unknown. */
  readonly lines: readonly number[];
  /** Column on that line, from 1; 0 when unknown. */
  readonly columns: readonly number[];
  readonly kinds: readonly FunctionKind[];
}

/** 0: code of the program. 1: code of an installed package or library. 2: the runtime itself. */
export type FunctionKind = 0 | 1 | 2;

/** The call tree; each array has one entry per node. Callers have smaller numbers than their callees. */
export interface PageTree {
  /** Number of the node minus that of its caller; 0 for a root. */
  readonly callers: readonly number[];
  /** Index of the function. */
  readonly functions: readonly number[];
}

/** Sets of labels. Only labels that occur have a key. */
export interface PageLabels {
  readonly keys: readonly string[];
  /** For each set, the value of each key as an index of `strings`, or -1 without this label. */
  readonly sets: readonly (readonly number[])[];
}

/** The samples of one profile; `nodes`, `sets` and each array in `values` have one entry per sample. */
export interface PageProfile {
  readonly name: string;
  /** Time of collection in ms since the Unix epoch; null when unknown. */
  readonly timeMillis: number | null;
  /** Length of the time covered, in seconds; 0 for one moment. */
  readonly durationSeconds: number;
  readonly comments: readonly string[];
  /**
   * Mean bytes between samples; 0 when every allocation was recorded, null when unknown. The standard error of a sum of
   * `b` bytes is at most about `sqrt(b * samplingInterval)`: V8 takes an object of `s` bytes with the probability
   * `p = 1 - exp(-s / samplingInterval)` and counts it `1 / p` times (a Horvitz-Thompson estimate). Its variance,
   * `s * s * (1 - p) / p`, is below `s * samplingInterval`.
   */
  readonly samplingInterval: number | null;
  /** Sum of each column over all samples. */
  readonly totals: readonly number[];
  /** Standard error of each total, in the column's unit; null when unknown or exact. */
  readonly standardErrors: readonly (number | null)[];
  /** Node in which memory was allocated, as the distance from the node of the previous sample (from 0 for the first). */
  readonly nodes: readonly number[];
  /** Index of the label set. */
  readonly sets: readonly number[];
  /** Values, one array per column. */
  readonly values: readonly (readonly number[])[];
}

/** Labels that the page can filter by, in the order of its controls. */
export const PAGE_LABELS: readonly string[] = [
  'package',
  'component',
  'age',
  'kind',
  'thread',
  'process',
  'allocator',
];
