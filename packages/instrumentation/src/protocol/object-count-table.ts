import type { RawFrame } from './code-place.js';

/**
 * Number of objects that each stack has in use, as counted by V8's own API (unbiased). The main thread makes
 * it from the native binding's profile and sends it to the profiler thread as plain columns: a row for each
 * stack, callers before callees.
 */
export interface ObjectCountTable {
  readonly parents: readonly number[];
  readonly frames: readonly RawFrame[];
  readonly counts: readonly number[];
  readonly bytes: readonly number[];
}
