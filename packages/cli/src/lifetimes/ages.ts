import { type Profile, ProfileBuilder, type TopRow, topOf } from '@heapray/exporter/profile';
import { symbolizeProfile } from '@heapray/exporter/symbols';
import { CommandError } from '../errors.js';
import { pickColumn } from '../inputs/columns.js';
import { copyStacks } from '../inputs/common-columns.js';

const LABEL = 'age';
/** The ages of heapray's profiles, the youngest first. */
const KNOWN: readonly string[] = ['<10s', '10s-1m', '1m-10m', '10m-1h', '>1h', 'unknown'];
const UNKNOWN = 'unknown';
/** Maximum number of other ages; any further age counts as unknown. */
const MAX_OTHERS = 10;

/** A function, and what it has in use by age. */
export interface AgeRow extends Pick<TopRow, 'name' | 'file' | 'line' | 'column'> {
  readonly total: number;
  /** One amount for each of {@link Ages.names}. */
  readonly byAge: readonly number[];
}

/** Memory in use by age. */
export interface Ages {
  /** Name of the profile's column. */
  readonly column: string;
  readonly unit: string;
  /** The youngest first. */
  readonly names: readonly string[];
  readonly byAge: readonly number[];
  readonly total: number;
  /** The largest first. */
  readonly rows: readonly AgeRow[];
}

/**
 * Splits what a profile has in use by the age in its labels, by function.
 *
 * @param name name of the profile, for messages
 * @throws CommandError when no sample has an age
 */
export function agesOf(profile: Profile, name: string): Ages {
  const { type: column, unit, index } = pickColumn(profile, 'inuse', name);
  const names = agesIn(profile);
  if (names.length === 0) {
    throw new CommandError(
      `${name}: its samples have no ages; lifetimes need a memray capture, or a heap profile of heapray`,
    );
  }
  const split = byAgeColumns(symbolizeProfile(profile, { keepPlaces: true }), index, names, unit);
  const rows = rowsOf(split, names);
  const byAge = names.map((_, at) => rows.reduce((sum, row) => sum + row.byAge[at]!, 0));
  return { column, unit, names, byAge, total: sumOf(byAge), rows };
}

/** Returns the ages in a profile, the youngest first; names that are not known come last. */
function agesIn(profile: Profile): readonly string[] {
  const found = new Set<string>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const age = ageOf(profile, sample);
    if (age !== undefined) found.add(age);
  }
  if (found.size === 0) return [];
  const others = [...found]
    .filter((age) => !KNOWN.includes(age))
    .sort()
    .slice(0, MAX_OTHERS);
  return [...KNOWN, ...others].filter((age) => found.has(age) || age === UNKNOWN);
}

function ageOf(profile: Profile, sample: number): string | undefined {
  const labels = profile.labelsOf(sample);
  return Object.hasOwn(labels, LABEL) ? String(labels[LABEL]) : undefined;
}

/** Returns a profile with a column for each age. */
function byAgeColumns(profile: Profile, index: number, names: readonly string[], unit: string): Profile {
  const { timeNanos, durationNanos, program } = profile;
  const columns = names.map((type) => ({ type, unit }));
  const builder = new ProfileBuilder({ columns, timeNanos, durationNanos, program });
  const stacks = copyStacks(builder, profile);
  const places = new Map(names.map((name, at) => [name, at]));
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const at = places.get(ageOf(profile, sample) ?? UNKNOWN) ?? places.get(UNKNOWN);
    const value = profile.value(sample, index);
    const stack = profile.stackOf(sample);
    if (value === 0) continue;
    builder.add(
      stack === undefined ? undefined : stacks[stack],
      names.map((_, column) => (column === at ? value : 0)),
    );
  }
  return builder.build();
}

function rowsOf(split: Profile, names: readonly string[]): readonly AgeRow[] {
  const rows = new Map<string, Omit<AgeRow, 'total' | 'byAge'> & { readonly byAge: number[] }>();
  for (const [at, age] of names.entries()) {
    for (const { name, file, line, column, flat } of topOf(split, { column: age, groupBy: 'function' })) {
      if (flat === 0) continue;
      const key = `${name}\0${file}\0${line}:${column}`;
      const row = rows.get(key) ?? { name, file, line, column, byAge: names.map(() => 0) };
      rows.set(key, row);
      row.byAge[at]! += flat;
    }
  }
  return [...rows.values()]
    .map((row) => ({ ...row, total: sumOf(row.byAge) }))
    .sort((a, b) => b.total - a.total);
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}
