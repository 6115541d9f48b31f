import { callSite, displayName, isRuntimeFrame } from './frame-kind.js';
import type { FrameRef, StackRef } from './handles.js';
import { ownValue } from './own-value.js';
import type { Profile } from './profile.js';
import { columnIndex } from './totals.js';
import type { ProfileFrame } from './types.js';

/** What the rows stand for: places in the code, or the values of the label of that name. */
export type TopGroup = 'function' | 'file' | 'package' | 'component' | 'thread' | 'allocator';

export interface TopOptions {
  /** `type` of the column to rank by. */
  readonly column: string;
  readonly groupBy: TopGroup;
  /** Most rows to return; all when absent. */
  readonly limit?: number | undefined;
}

export interface TopRow {
  /** Function, file or label value; `(none)` for samples without the label or the stack. */
  readonly name: string;
  /** The script of a function or file; empty otherwise. */
  readonly file: string;
  /** Sum over samples whose call site is here, in the column's unit. */
  readonly flat: number;
  /** Sum over samples with this anywhere on the stack, each counted once. */
  readonly cumulative: number;
  /** `flat` as a part of the column's total, 0 to 1; where values are negative, of the sum of their sizes. */
  readonly share: number;
}

/**
 * The biggest places or labels of one column: by `flat`, then by `cumulative`,
 * then by name. Frames of the runtime get a row only where they are the call site.
 * @throws RangeError when the profile has no such column
 */
export function topOf(profile: Profile, options: TopOptions): TopRow[] {
  const column = columnIndex(profile, options.column);
  const groups = new Groups();
  const byCode = options.groupBy === 'function' || options.groupBy === 'file';
  const walk = byCode
    ? codeWalk(profile, options.groupBy, groups)
    : labelWalk(profile, options.groupBy, groups);
  let total = 0;
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const value = profile.value(sample, column);
    total += Math.abs(value);
    walk(sample, value);
  }
  return groups.rows(total).slice(0, options.limit);
}

interface Group {
  readonly name: string;
  readonly file: string;
  flat: number;
  cumulative: number;
  /** The last sample that was counted, so that recursion counts once. */
  lastSample: number;
}

class Groups {
  readonly #groups = new Map<string, Group>();

  get(name: string, file: string): Group {
    const key = `${name}\0${file}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { name, file, flat: 0, cumulative: 0, lastSample: -1 };
      this.#groups.set(key, group);
    }
    return group;
  }

  rows(total: number): TopRow[] {
    const rows = [...this.#groups.values()]
      .filter(({ flat, cumulative }) => flat !== 0 || cumulative !== 0)
      .map(({ name, file, flat, cumulative }) => {
        return { name, file, flat, cumulative, share: total === 0 ? 0 : flat / total };
      });
    return rows.sort((a, b) => b.flat - a.flat || b.cumulative - a.cumulative || order(a, b));
  }
}

type Walk = (sample: number, value: number) => void;

function labelWalk(profile: Profile, label: string, groups: Groups): Walk {
  return (sample, value) => {
    const group = groups.get(`${ownValue(profile.labelsOf(sample), label) ?? '(none)'}`, '');
    group.flat += value;
    group.cumulative += value;
  };
}

function codeWalk(profile: Profile, groupBy: 'function' | 'file', groups: Groups): Walk {
  const nameOf = (frame: ProfileFrame) =>
    groupBy === 'file' ? frame.file || displayName(frame) : displayName(frame);
  const groupOf = (frame: ProfileFrame) => groups.get(nameOf(frame), frame.file);
  const byFrame = Array.from({ length: profile.frameCount }, (_, ref) => {
    const frame = profile.frame(ref as FrameRef);
    return { group: groupOf(frame), hidden: isRuntimeFrame(frame) };
  });
  return (sample, value) => {
    const stack = profile.stackOf(sample);
    const leaf = callSite(profile.frames(stack));
    const own = leaf === undefined ? groups.get('(none)', '') : groupOf(leaf);
    own.flat += value;
    own.cumulative += value;
    own.lastSample = sample;
    for (let at: StackRef | undefined = stack; at !== undefined; at = profile.stackParent(at)) {
      const { group, hidden } = byFrame[profile.stackFrame(at)]!;
      if (hidden || group.lastSample === sample) continue;
      group.cumulative += value;
      group.lastSample = sample;
    }
  };
}

function order(a: TopRow, b: TopRow): number {
  const left = `${a.name}\0${a.file}`;
  const right = `${b.name}\0${b.file}`;
  return left < right ? -1 : left > right ? 1 : 0;
}
