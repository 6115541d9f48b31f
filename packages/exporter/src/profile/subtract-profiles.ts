import { assertSameColumns, copySamples } from './copy-samples.js';
import type { Profile } from './profile.js';
import { ProfileBuilder } from './profile-builder.js';

/**
 * What changed from `older` to `newer`: values of equal stack and labels are
 * subtracted, and what did not change is left out. In-use columns go negative
 * where memory was given back. The result covers the time from the end of
 * `older` to the end of `newer` (0 if the clock was set back in between);
 * everything else that is not a sample comes from `newer`.
 * @throws RangeError for different columns
 */
export function subtractProfiles(newer: Profile, older: Profile): Profile {
  assertSameColumns(newer, older);
  const from = older.timeNanos + older.durationNanos;
  const to = newer.timeNanos + newer.durationNanos;
  const builder = new ProfileBuilder({
    columns: newer.columns,
    defaultColumn: newer.defaultColumn,
    period: newer.period,
    timeNanos: from,
    durationNanos: to > from ? to - from : 0n,
    comments: newer.comments,
    labelUnits: newer.labelUnits,
  });
  copySamples(builder, newer, 1);
  copySamples(builder, older, -1);
  return builder.build();
}
