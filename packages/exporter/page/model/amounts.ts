import type { PageColumn } from '../../src/page/page-data.ts';
import type { Model, ModelProfile } from './model.ts';

/** Chosen value of each label, by its key; the samples of all others are left out. */
export type Filters = ReadonlyMap<string, string>;

/** Text for samples without a label. */
export const NO_LABEL = '(none)';

/** Amounts of one column in the samples that pass the filters, by the node that allocated. */
export interface Amounts {
  /** In the earlier profile; zeros when there is one profile. */
  readonly before: Float64Array;
  readonly after: Float64Array;
  /** Size to draw: what is larger, and never negative. */
  readonly weight: Float64Array;
  /** Bytes that the standard error of what is shown depends on, see `Uncertainty`. */
  readonly sampled: Float64Array;
  readonly total: Amount;
  /** True if something shrank within a profile, as in one of `/debug/pprof/heap?seconds=10`. */
  readonly hasNegative: boolean;
}

export interface Amount {
  before: number;
  after: number;
  weight: number;
  sampled: number;
}

/** Sums up the samples that pass the filters. */
export function amountsOf(model: Model, column: number, filters: Filters): Amounts {
  const count = model.callers.length;
  const passes = passingSets(model, filters);
  const sumsOf = (profile: ModelProfile, of: number): Float64Array => {
    const sums = new Float64Array(count);
    const values = profile.values[of]!;
    for (let sample = 0; sample < values.length; sample++) {
      if (passes[profile.sets[sample]!]) sums[profile.nodes[sample]!]! += values[sample]!;
    }
    return sums;
  };
  const sides = model.profiles.map((profile) => sumsOf(profile, column));
  const bytes = bytesColumn(model.columns, column);
  const byteSides = bytes === column ? sides : model.profiles.map((profile) => sumsOf(profile, bytes));
  const after = sides.at(-1) ?? new Float64Array(count);
  const before = sides.length > 1 ? sides[0]! : new Float64Array(count);
  const total = { before: 0, after: 0, weight: 0, sampled: 0 };
  const weight = new Float64Array(count);
  const sampled = Float64Array.from(byteSides.at(-1) ?? after);
  const earlier = byteSides.length > 1 ? byteSides[0] : undefined;
  for (let node = 0; node < count; node++) {
    weight[node] = Math.max(Math.abs(before[node]!), Math.abs(after[node]!));
    sampled[node]! -= earlier?.[node] ?? 0;
    total.sampled += sampled[node]!;
    total.before += before[node]!;
    total.after += after[node]!;
    total.weight += weight[node]!;
  }
  return {
    before,
    after,
    weight,
    sampled,
    total,
    hasNegative: [before, after].some((side) => side.some((value) => value < 0)),
  };
}

/** Returns the column with the bytes of what a column counts: `inuse_space` for `inuse_objects`; else the column itself. */
export function bytesColumn(columns: readonly PageColumn[], column: number): number {
  const bytes = columns[column]!.type.replace(/_objects$/, '_space');
  const found = columns.findIndex(({ type }) => type === bytes);
  return found < 0 ? column : found;
}

/** Returns, for each set of labels, whether its samples pass the filters. */
export function passingSets({ labelKeys, labelSets }: Model, filters: Filters): boolean[] {
  const wanted = labelKeys.map((key) => filters.get(key));
  return labelSets.map((set) => {
    return set.every((value, key) => wanted[key] === undefined || wanted[key] === (value ?? NO_LABEL));
  });
}

/** Values of one label, from the largest in the column on, for the choices of a filter. */
export function labelValues(model: Model, key: number, column: number): string[] {
  const { labelSets, profiles } = model;
  const bySet = new Float64Array(labelSets.length);
  const isUsed = new Uint8Array(labelSets.length);
  for (const { sets, values } of profiles) {
    for (const [sample, set] of sets.entries()) {
      bySet[set]! += Math.abs(values[column]![sample]!);
      isUsed[set] = 1;
    }
  }
  const sums = new Map<string, number>();
  for (const [set, labels] of labelSets.entries()) {
    const label = labels[key] ?? NO_LABEL;
    if (isUsed[set]) sums.set(label, (sums.get(label) ?? 0) + bySet[set]!);
  }
  return [...sums].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([label]) => label);
}
