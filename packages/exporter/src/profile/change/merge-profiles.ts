import { ProfileBuilder } from '../build/profile-builder.js';
import type { Profile } from '../model/profile.js';
import type { Labels, Period } from '../model/types.js';
import { assertSameColumns, copySamples } from './copy-samples.js';

/** Additions to a merged profile. */
export interface MergeOptions {
  /** Labels for the samples of each profile, by its index. A sample that has a label of the same key keeps its own. */
  readonly labels?: readonly Labels[];
  readonly comments?: readonly string[];
}

/**
 * Returns one profile with the samples of all: values of equal stack and labels are summed. The operation is
 * associative.
 *
 * - Time of collection: the earliest. Duration: the sum, as in Google's implementation.
 * - Comments: all, each once. Default column and program: the first that is set.
 * - Period: the longest; none when the profiles count different things.
 *
 * @throws RangeError for no profiles, or for different columns
 */
export function mergeProfiles(
  profiles: readonly Profile[],
  { labels = [], comments = [] }: MergeOptions = {},
): Profile {
  const [first, ...rest] = profiles;
  if (first === undefined) throw new RangeError('no profiles to merge');
  for (const profile of rest) assertSameColumns(first, profile);
  const builder = new ProfileBuilder({
    columns: first.columns,
    defaultColumn: profiles.find((profile) => profile.defaultColumn !== undefined)?.defaultColumn,
    period: rest.reduce((period, profile) => longerPeriod(period, profile.period), first.period),
    timeNanos: rest.reduce(
      (time, profile) => (profile.timeNanos < time ? profile.timeNanos : time),
      first.timeNanos,
    ),
    durationNanos: profiles.reduce((sum, profile) => sum + profile.durationNanos, 0n),
    comments: [...profiles.flatMap((profile) => profile.comments), ...comments],
    program: profiles.find(({ program }) => program !== undefined)?.program,
    labelUnits: mergedUnits(profiles),
  });
  for (const [at, profile] of profiles.entries())
    copySamples(builder, profile, 1, (set) => ({ ...labels[at], ...set }));
  return builder.build();
}

/** Returns the units of all labels. If profiles disagree about a label, the first unit is used. */
function mergedUnits(profiles: readonly Profile[]): Record<string, string> {
  const units = new Map<string, string>();
  for (const { labelUnits } of profiles) {
    for (const [key, unit] of Object.entries(labelUnits)) if (!units.has(key)) units.set(key, unit);
  }
  return Object.fromEntries(units);
}

function longerPeriod(a: Period | undefined, b: Period | undefined): Period | undefined {
  if (a === undefined || b === undefined || a.type !== b.type || a.unit !== b.unit) return undefined;
  return a.value >= b.value ? a : b;
}
