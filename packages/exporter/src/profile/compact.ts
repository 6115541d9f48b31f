import type { FrameTable } from './frame-table.js';
import type { LabelTable } from './label-table.js';
import { NONE, type ProfileTables } from './profile.js';
import { roundColumns } from './round-values.js';
import type { RowTable } from './row-table.js';

/** What a builder has gathered: samples are rows (stack or NONE, label set), stacks are rows (parent or NONE, frame). */
export interface Gathered {
  readonly frames: FrameTable;
  readonly stacks: RowTable;
  readonly labels: LabelTable;
  readonly samples: RowTable;
  /** Sample after sample, one number per column, not rounded. */
  readonly values: Float64Array;
  readonly columns: number;
}

/**
 * Rounds the values, drops samples that are zero in every column, and copies
 * only the stacks, frames and labels that the others use. So a small difference
 * of two large profiles is itself small.
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

/** Gives new numbers, from 0, to the old numbers it is asked about. */
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

  /** The number given before, or NONE for NONE. */
  newOf(old: number): number {
    return old === NONE ? NONE : this.#fresh[old]!;
  }
}

/** The stacks of the kept samples with all their callers, a caller always before its callees. */
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

/** `Int32Array.from` with a function goes through an iterator, which takes several times as long. */
function mapped(rows: readonly number[], to: (row: number) => number): Int32Array {
  const result = new Int32Array(rows.length);
  for (let at = 0; at < rows.length; at++) result[at] = to(rows[at]!);
  return result;
}
