import type { RowTable } from '../../tables/row-table.js';
import { NONE, type ProfileTables } from '../model/profile.js';
import type { FrameTable } from './frame-table.js';
import type { LabelTable } from './label-table.js';
import { roundColumns } from './round-values.js';

/**
 * The tables of a profile builder. A row of `samples` is (stack or NONE, label set), a row of `stacks` (parent or NONE,
 * frame).
 */
export interface Gathered {
  readonly frames: FrameTable;
  readonly stacks: RowTable;
  readonly labels: LabelTable;
  readonly samples: RowTable;
  /** Values, one row of `columns` numbers per sample, not rounded. */
  readonly values: Float64Array;
  readonly columns: number;
}

/**
 * Rounds the values, drops samples that are zero in every column, and copies only the stacks, frames and labels that
 * the remaining samples use. This keeps the difference of two large profiles small.
 */
export function compact(gathered: Gathered): ProfileTables {
  const width = gathered.columns;
  const rounded = gathered.values.slice(0, gathered.samples.count * width);
  roundColumns(rounded, width);
  const kept = nonZeroRows(rounded, width);

  const stacks = usedStacks(gathered, kept);
  const frames = new Renumbering(gathered.frames.count);
  const labels = new Renumbering(gathered.labels.count);
  const stackFrames = mapped(stacks.old, (old) => frames.newFor(gathered.stacks.at(old, 1)));
  const sampleLabels = mapped(kept, (row) => labels.newFor(gathered.samples.at(row, 1)));
  return {
    values: pickRows(rounded, width, kept),
    sampleStacks: mapped(kept, (row) => stacks.newOf(gathered.samples.at(row, 0))),
    sampleLabels,
    stackParents: mapped(stacks.old, (old) => stacks.newOf(gathered.stacks.at(old, 0))),
    stackFrames,
    frames: frames.old.map((old) => gathered.frames.at(old)),
    labelSets: labels.old.map((old) => gathered.labels.at(old)),
  };
}

/** Assigns new numbers, from 0, to old numbers in the order in which they are requested. */
class Renumbering {
  readonly old: number[] = [];
  readonly #fresh: Int32Array;

  constructor(oldCount: number) {
    this.#fresh = new Int32Array(oldCount).fill(NONE);
  }

  newFor(old: number): number {
    if (this.#fresh[old] === NONE) this.#fresh[old] = this.old.push(old) - 1;
    return this.#fresh[old]!;
  }

  /** Returns the new number assigned before, or NONE for NONE. */
  newOf(old: number): number {
    return old === NONE ? NONE : this.#fresh[old]!;
  }
}

/** Returns the stacks of the kept samples with all their callers, each caller before its callees. */
function usedStacks(gathered: Gathered, kept: readonly number[]): Renumbering {
  const used = new Uint8Array(gathered.stacks.count);
  for (const row of kept) {
    let stack = gathered.samples.at(row, 0);
    while (stack !== NONE && used[stack] === 0) {
      used[stack] = 1;
      stack = gathered.stacks.at(stack, 0);
    }
  }
  const stacks = new Renumbering(used.length);
  for (let old = 0; old < used.length; old++) if (used[old] === 1) stacks.newFor(old);
  return stacks;
}

function nonZeroRows(values: Float64Array, width: number): number[] {
  const rows: number[] = [];
  for (let row = 0; row * width < values.length; row++) {
    for (let column = 0; column < width; column++) {
      if (values[row * width + column] === 0) continue;
      rows.push(row);
      break;
    }
  }
  return rows;
}

function pickRows(values: Float64Array, width: number, rows: readonly number[]): Float64Array {
  if (rows.length * width === values.length) return values;
  const picked = new Float64Array(rows.length * width);
  rows.forEach((row, at) => {
    picked.set(values.subarray(row * width, (row + 1) * width), at * width);
  });
  return picked;
}

/** Same as `Int32Array.from` with a function, which uses an iterator and is several times slower. */
function mapped(rows: readonly number[], to: (row: number) => number): Int32Array {
  const result = new Int32Array(rows.length);
  for (let at = 0; at < rows.length; at++) result[at] = to(rows[at]!);
  return result;
}
