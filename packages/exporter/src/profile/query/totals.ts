import type { Profile } from '../model/profile.js';

/** Returns the sum of each column, by its `type`, in the column's unit. */
export function totals(profile: Profile): Record<string, number> {
  return Object.fromEntries(profile.columns.map(({ type }, column) => [type, columnTotal(profile, column)]));
}

function columnTotal(profile: Profile, column: number): number {
  let total = 0;
  for (let sample = 0; sample < profile.sampleCount; sample++) total += profile.value(sample, column);
  return total;
}

/**
 * Returns the index of the column with this `type`.
 *
 * @throws RangeError naming the existing columns
 */
export function columnIndex(profile: Profile, type: string): number {
  const index = profile.columns.findIndex((column) => column.type === type);
  if (index >= 0) return index;
  const known = profile.columns.map((column) => column.type).join(', ');
  throw new RangeError(`no column ${type}; this profile has ${known}`);
}
