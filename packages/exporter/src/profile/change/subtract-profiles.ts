import { ProfileBuilder } from '../build/profile-builder.js';
import type { Profile } from '../model/profile.js';
import { assertSameColumns, copySamples } from './copy-samples.js';

/**
 * Returns the change from `older` to `newer`: values of equal stack and labels are subtracted, and samples without a
 * change are omitted. In-use columns are negative where memory was freed. All other data is that of `newer`, except the
 * duration: it is the time between both collections, or 0 if the clock was set back in between.
 *
 * @throws RangeError for different columns
 */
export function subtractProfiles(newer: Profile, older: Profile): Profile {
  assertSameColumns(newer, older);
  const builder = new ProfileBuilder({
    columns: newer.columns,
    defaultColumn: newer.defaultColumn,
    period: newer.period,
    timeNanos: newer.timeNanos,
    durationNanos: newer.timeNanos > older.timeNanos ? newer.timeNanos - older.timeNanos : 0n,
    comments: newer.comments,
    program: newer.program,
    labelUnits: newer.labelUnits,
  });
  copySamples(builder, newer, 1);
  copySamples(builder, older, -1);
  return builder.build();
}
