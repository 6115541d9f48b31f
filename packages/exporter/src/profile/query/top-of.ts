import { displayName, isRuntimeFrame } from '../model/frame-kind.js';
import type { FrameRef, StackRef } from '../model/handles.js';
import { ownValue } from '../model/own-value.js';
import { NONE, type Profile } from '../model/profile.js';
import type { ProfileFrame } from '../model/types.js';
import { type FunctionPlace, functionName, functionPlace } from './function-place.js';
import { stacksInCallOrder } from './stack-order.js';
import { columnIndex } from './totals.js';

/**
 * The meaning of a row: a place in the code, or a value of the label with that name. `native` groups by the innermost
 * function of machine code of each stack.
 */
export type TopGroup =
  | 'function'
  | 'file'
  | 'native'
  | 'package'
  | 'component'
  | 'thread'
  | 'allocator'
  | 'kind'
  | 'process';

export interface TopOptions {
  /** `type` of the column to rank by. */
  readonly column: string;
  readonly groupBy: TopGroup;
  /** Maximum number of rows; all when absent. */
  readonly limit?: number | undefined;
  /**
   * Returns the position of a function: functions of equal name, file and position share a row. Default: where it
   * starts.
   */
  readonly placeOf?: ((frame: ProfileFrame) => FunctionPlace) | undefined;
}

export interface TopRow {
  /** Function, file or label value; `(none)` for samples without the label or the stack. */
  readonly name: string;
  /** The script of a function or file; empty otherwise. */
  readonly file: string;
  /** Line where a function starts, from 1; 0 when unknown, and for rows that are not functions. */
  readonly line: number;
  readonly column: number;
  /** Sum over samples whose call site is here, in the column's unit. */
  readonly flat: number;
  /** Sum over samples with this anywhere on the stack. Each sample counts once. */
  readonly cumulative: number;
  /**
   * `flat` as a share of the column's total, 0 to 1. If values are negative, the total is the sum of their absolute
   * values.
   */
  readonly share: number;
}

/**
 * Returns the largest places or labels of one column: sorted by `flat`, then `cumulative`, then name. Frames of the
 * runtime get a row only where they are the call site.
 *
 * @throws RangeError when the profile has no such column
 */
export function topOf(profile: Profile, options: TopOptions): TopRow[] {
  const column = columnIndex(profile, options.column);
  const groups = new Groups();
  if (['function', 'file', 'native'].includes(options.groupBy)) {
    addCode(profile, column, options, groups);
  } else {
    addLabels(profile, column, options.groupBy, groups);
  }
  let total = 0;
  for (let sample = 0; sample < profile.sampleCount; sample++)
    total += Math.abs(profile.value(sample, column));
  return groups.rows(total).slice(0, options.limit);
}

const NO_PLACE: FunctionPlace = { line: 0, column: 0 };

interface Group {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  flat: number;
  cumulative: number;
  /** Number of occurrences on the stack being visited, so that values of recursive calls count once. */
  open: number;
}

class Groups {
  readonly #groups = new Map<string, Group>();

  get(name: string, file = '', { line, column }: FunctionPlace = NO_PLACE): Group {
    const key = `${name}\0${file}\0${line}:${column}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { name, file, line, column, flat: 0, cumulative: 0, open: 0 };
      this.#groups.set(key, group);
    }
    return group;
  }

  rows(total: number): TopRow[] {
    const rows = [...this.#groups.values()]
      .filter(({ flat, cumulative }) => flat !== 0 || cumulative !== 0)
      .map(({ name, file, line, column, flat, cumulative }) => {
        return { name, file, line, column, flat, cumulative, share: total === 0 ? 0 : flat / total };
      });
    return rows.sort((a, b) => b.flat - a.flat || b.cumulative - a.cumulative || order(a, b));
  }
}

function addLabels(profile: Profile, column: number, label: string, groups: Groups): void {
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    addOwn(
      groups.get(`${ownValue(profile.labelsOf(sample), label) ?? '(none)'}`),
      profile.value(sample, column),
    );
  }
}

interface NamedPlace {
  readonly name: string;
  readonly place: FunctionPlace;
}

function placer({ groupBy, placeOf = functionPlace }: TopOptions): (frame: ProfileFrame) => NamedPlace {
  if (groupBy === 'file') return (frame) => ({ name: frame.file || displayName(frame), place: NO_PLACE });
  return (frame) => {
    const place = placeOf(frame);
    return { name: functionName(frame, place), place };
  };
}

/**
 * Adds the values of each function or file. Takes time linear in the number of samples and stacks, however deep they
 * are.
 */
function addCode(profile: Profile, column: number, options: TopOptions, groups: Groups): void {
  const placed = placer(options);
  const isNative = options.groupBy === 'native';
  const byFrame = Array.from({ length: profile.frameCount }, (_, ref) => {
    const frame = profile.frame(ref as FrameRef);
    const { name, place } = placed(frame);
    const group = groups.get(name, frame.file, place);
    if (isNative) return { group, hidden: frame.native === undefined, hasFile: true };
    return { group, hidden: isRuntimeFrame(frame), hasFile: frame.file !== '' };
  });
  const sites = visibleSites(profile, (frame) => byFrame[frame]!);
  const sums = new Float64Array(profile.stackCount);
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const value = profile.value(sample, column);
    const stack = profile.stackOf(sample);
    if (stack === undefined) {
      addOwn(groups.get('(none)'), value);
      continue;
    }
    sums[stack]! += value;
    const site = sites[stack]!;
    // If all frames of a stack belong to the runtime, its leaf is the call site.
    if (site === NONE)
      addOwn(isNative ? groups.get('(none)') : byFrame[profile.stackFrame(stack)]!.group, value);
    else byFrame[site]!.group.flat += value;
  }
  addCumulative(profile, sums, (stack) => {
    const { group, hidden } = byFrame[profile.stackFrame(stack)]!;
    return hidden ? undefined : group;
  });
}

function addOwn(group: Group, value: number): void {
  group.flat += value;
  group.cumulative += value;
}

/** Returns the frame of each stack's call site, see `callSite`, or {@link NONE} where all frames are hidden. */
function visibleSites(
  profile: Profile,
  kindOf: (frame: FrameRef) => { readonly hidden: boolean; readonly hasFile: boolean },
): Int32Array {
  const sites = new Int32Array(profile.stackCount);
  for (let stack = 0; stack < sites.length; stack++) {
    const frame = profile.stackFrame(stack as StackRef);
    const parent = profile.stackParent(stack as StackRef);
    const caller = parent === undefined ? NONE : sites[parent]!;
    const { hidden, hasFile } = kindOf(frame);
    // Code without a file is evaluated code: it is attributed to its caller, if that has a file.
    const isSite = !hidden && (hasFile || caller === NONE || !kindOf(caller as FrameRef).hasFile);
    sites[stack] = isSite ? frame : caller;
  }
  return sites;
}

/**
 * Adds to each group the values of its outermost frames and everything they call. Overwrites `sums`, which is by stack.
 */
function addCumulative(
  profile: Profile,
  sums: Float64Array,
  groupOf: (stack: StackRef) => Group | undefined,
): void {
  for (let stack = sums.length - 1; stack >= 0; stack--) {
    const parent = profile.stackParent(stack as StackRef);
    if (parent !== undefined) sums[parent]! += sums[stack]!;
  }
  /** The stacks from the root to the one being visited. */
  const path: StackRef[] = [];
  for (const at of stacksInCallOrder(profile)) {
    const parent = profile.stackParent(at as StackRef);
    while (path.at(-1) !== parent) {
      const left = groupOf(path.pop()!);
      if (left !== undefined) left.open -= 1;
    }
    path.push(at as StackRef);
    const group = groupOf(at as StackRef);
    if (group === undefined) continue;
    if (group.open === 0) group.cumulative += sums[at]!;
    group.open += 1;
  }
}

function order(a: TopRow, b: TopRow): number {
  const left = `${a.name}\0${a.file}`;
  const right = `${b.name}\0${b.file}`;
  if (left !== right) return left < right ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
