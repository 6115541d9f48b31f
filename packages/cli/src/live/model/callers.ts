import { displayName, functionPlace, type Profile, type StackRef } from '@heapray/exporter/profile';
import { placeText } from '../../text/place.js';
import { inUseOf, type ProfileRow } from './live-rows.js';

/** A stack that allocated memory that is in use. */
export interface CallerStack {
  readonly inUse: number;
  /** Functions from the one that allocated outwards. */
  readonly frames: readonly CallerFrame[];
  /** True if outer frames were left out. */
  readonly isCut: boolean;
}

export interface CallerFrame {
  readonly name: string;
  /** Empty if unknown. */
  readonly place: string;
}

/** Maximum number of stacks, and of frames of one stack. */
const MAX_STACKS = 50;
const MAX_FRAMES = 100;

/** Returns the stacks with most in use of a row, the largest first. */
export function callersOf(profile: Profile, row: Pick<ProfileRow, 'samples'>): readonly CallerStack[] {
  const inUse = inUseOf(profile);
  const sums = new Map<StackRef | undefined, number>();
  for (const sample of row.samples) {
    const stack = profile.stackOf(sample);
    sums.set(stack, (sums.get(stack) ?? 0) + inUse(sample));
  }
  const largest = [...sums].sort(([, a], [, b]) => b - a).slice(0, MAX_STACKS);
  return largest.map(([stack, bytes]) => stackOf(profile, stack, bytes));
}

function stackOf(profile: Profile, stack: StackRef | undefined, inUse: number): CallerStack {
  const frames: CallerFrame[] = [];
  for (const frame of profile.frames(stack)) {
    if (frames.length === MAX_FRAMES) return { inUse, frames, isCut: true };
    const { line, column } = functionPlace(frame);
    const name = frame.functionName === '' ? '(anonymous)' : displayName(frame);
    // The line that ran, if known, is where to look; else where the function starts.
    const place = placeText({ file: frame.file, line: frame.line || line, column: frame.line ? 0 : column });
    frames.push({ name, place });
  }
  return { inUse, frames, isCut: false };
}
