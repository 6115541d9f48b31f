import type { Profile, ValueColumn } from '@heapray/exporter/profile';
import { CommandError } from '../errors.js';

/** Columns for bytes in use, by the names of different writers. */
const INUSE: readonly string[] = ['inuse_space', 'space'];
const MEANINGS: ReadonlyMap<string, readonly string[]> = new Map([
  ['inuse', INUSE],
  ['alloc', ['alloc_space']],
  ['peak', ['peak_space']],
  // Allocations alive at the end of the covered time, which in-use columns contain.
  ['leaked', ['leaked_space', ...INUSE]],
]);

/** Values accepted by {@link pickColumn}, for help texts. */
export const COLUMN_WORDS: string = `${[...MEANINGS.keys()].join(', ')}, or the name of a column`;

/** A column and its index. */
export interface PickedColumn extends ValueColumn {
  readonly index: number;
}

/**
 * Returns the column for `by`. Without `by`, it is the profile's default, else bytes in use, else the last column, by
 * pprof's convention.
 *
 * @throws CommandError naming the existing columns
 */
export function pickColumn(profile: Profile, by: string | undefined, name: string): PickedColumn {
  const types = profile.columns.map(({ type }) => type);
  const last = types.at(-1) ?? '';
  const wanted =
    by === undefined ? [profile.defaultColumn ?? '', ...INUSE, last] : (MEANINGS.get(by) ?? [by]);
  const type = wanted.find((candidate) => types.includes(candidate));
  if (type === undefined)
    throw new CommandError(`${name}: no column for ${by}; there are ${types.join(', ')}`);
  const index = types.indexOf(type);
  return { ...profile.columns[index]!, index };
}
