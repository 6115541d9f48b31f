import { ProfileBuilder } from '../build/profile-builder.js';
import type { StackRef } from '../model/handles.js';
import type { Profile } from '../model/profile.js';
import { NO_CALL_SITE } from '../model/pseudo-frames.js';
import type { ProfileOptions } from '../model/types.js';
import { copySamples } from './copy-samples.js';

/** Memory that belongs to no call site, such as compiled code or mapped files. */
export interface MemoryPart {
  /** Name of its frame, for example `(mapped files)`. */
  readonly name: string;
  readonly value: number;
}

/**
 * Returns the samples of a profile that belong to call sites. A profile of a heapray debug server also has a sample for each
 * other part of the process's resident memory. Returns the profile itself if it has none.
 */
export function callSitesOnly(profile: Profile): Profile {
  const others = othersOf(profile);
  if (others === undefined) return profile;
  const comments = profile.comments.filter((comment) => !comment.startsWith(NO_CALL_SITE));
  const builder = new ProfileBuilder({ ...headerOf(profile), comments });
  const isWanted = (sample: number) => !others.has(profile.stackOf(sample));
  copySamples(builder, profile, 1, undefined, undefined, isWanted);
  return builder.build();
}

/**
 * Returns the parts of one column that belong to no call site, the largest first. Empty for a profile without such parts.
 *
 * @param column index of the column
 */
export function partsWithoutCallSite(profile: Profile, column: number): readonly MemoryPart[] {
  const others = othersOf(profile);
  if (others === undefined) return [];
  const sums = new Map<string, number>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const stack = profile.stackOf(sample);
    if (stack === undefined || !others.has(stack)) continue;
    const { functionName } = profile.frame(profile.stackFrame(stack));
    sums.set(functionName, (sums.get(functionName) ?? 0) + profile.value(sample, column));
  }
  const parts = [...sums].map(([name, value]) => ({ name, value })).filter(({ value }) => value !== 0);
  return parts.sort((a, b) => b.value - a.value);
}

function headerOf(profile: Profile): ProfileOptions {
  const { columns, defaultColumn, period, timeNanos, durationNanos, program, labelUnits } = profile;
  return { columns, defaultColumn, period, timeNanos, durationNanos, program, labelUnits };
}

/** Returns the stacks without a call site; undefined if all have one. */
function othersOf(profile: Profile): ReadonlySet<StackRef | undefined> | undefined {
  const others = new Set<StackRef | undefined>();
  for (let at = 0; at < profile.stackCount; at++) {
    const stack = at as StackRef;
    const parent = profile.stackParent(stack);
    if (parent !== undefined ? others.has(parent) : isNoCallSite(profile, stack)) others.add(stack);
  }
  return others.size === 0 ? undefined : others;
}

function isNoCallSite(profile: Profile, stack: StackRef): boolean {
  const { functionName, file } = profile.frame(profile.stackFrame(stack));
  return functionName === NO_CALL_SITE && file === '';
}
