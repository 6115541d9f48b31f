import type { Profile, ValueColumn } from '@heapray/exporter/profile';
import { CommandError } from '../errors.js';

/** What people ask for, and the columns that hold it, as different writers call them. */
const INUSE: readonly string[] = ['inuse_space', 'space'];
const MEANINGS: ReadonlyMap<string, readonly string[]> = new Map([
  ['inuse', INUSE],
  ['alloc', ['alloc_space']],
  ['peak', ['peak_space']],
  // Alive at the end of what the file covers, which is what in-use columns hold.
  ['leaked', ['leaked_space', ...INUSE]],
]);

/** The words for {@link pickColumn}, for help. */
export const COLUMN_WORDS: string = `${[...MEANINGS.keys()].join(', ')}, or the name of a column`;

/** A column and its number. */
export interface PickedColumn extends ValueColumn {
  readonly index: number;
}

/**
 * The column that `by` stands for; without it the profile's own choice, else the bytes in use, else the last, which
 * is the convention of pprof.
 * @throws CommandError naming what there is
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
