import { assertSameColumns, copySamples } from './copy-samples.js';
import type { Profile } from './profile.js';
import { ProfileBuilder } from './profile-builder.js';

/**
 * What changed from `older` to `newer`: values of equal stack and labels are
 * subtracted, and what did not change is left out. In-use columns go negative
 * where memory was given back. Everything that is not a sample comes from
 * `newer`, but for the duration, which is the time between the collections of
 * both (0 if the clock was set back in between).
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
