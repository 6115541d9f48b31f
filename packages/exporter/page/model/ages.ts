import { KNOWN_AGES } from '../charts/age-colors.ts';
import { type Filters, passingSets } from './amounts.ts';
import { rowFunctions } from './call-sites.ts';
import type { Model } from './model.ts';

const KEY = 'age';

/** Amounts of each function by age. */
export interface Ages {
  /** The youngest first. */
  readonly names: readonly string[];
  /** Returns the amounts of a function, one for each name. */
  amountsOf(fn: number): readonly number[];
}

/** Returns the ages of the last profile in a column; undefined if no sample with an amount has one. */
export function agesOf(model: Model, column: number, filters: Filters): Ages | undefined {
  const key = model.labelKeys.indexOf(KEY);
  const profile = model.profiles.at(-1);
  if (key < 0 || profile === undefined) return undefined;
  const names = inOrder(model.labelSets.flatMap((set) => set[key] ?? []));
  const ageOfSet = model.labelSets.map((set) => names.indexOf(set[key] ?? ''));
  const passes = passingSets(model, filters);
  const rows = rowFunctions(model);
  const sums = new Map<number, number[]>();
  for (const [sample, value] of profile.values[column]!.entries()) {
    const set = profile.sets[sample]!;
    const age = ageOfSet[set]!;
    if (value === 0 || age < 0 || !passes[set]) continue;
    const fn = rows[profile.nodes[sample]!]!;
    const own = sums.get(fn) ?? names.map(() => 0);
    sums.set(fn, own);
    own[age]! += value;
  }
  if (sums.size === 0) return undefined;
  return { names, amountsOf: (fn) => sums.get(fn) ?? names.map(() => 0) };
}

/** Returns names, the youngest age first; unknown ones follow in the order of the profile. */
function inOrder(found: readonly string[]): string[] {
  const names = new Set(found);
  return [
    ...KNOWN_AGES.filter((name) => names.has(name)),
    ...[...names].filter((name) => !KNOWN_AGES.includes(name)),
  ];
}
