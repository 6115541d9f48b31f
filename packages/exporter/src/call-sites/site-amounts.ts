/** Values of one call site, of several together, or of all. The caller defines the order of values. */
export interface SiteAmounts {
  /** Values that never decrease. The first one is bytes allocated. */
  readonly counters: readonly number[];
  /** Values that rise and fall, such as bytes in use. Never negative. */
  readonly gauges: readonly number[];
}

/** All call sites of a program at one moment. `K` is the key of a call site. */
export interface SiteReading<K> {
  readonly sites: ReadonlyMap<K, SiteAmounts>;
  readonly total: SiteAmounts;
}

/** Order of call sites. */
export interface SiteRanking<K> {
  /** Returns the weight of a site, from 0 to 1. A site of weight 0 gets no series. */
  readonly weightOf: (site: K) => number;
  /** Sites before all others, such as leak suspects, the most urgent first. */
  readonly pinned?: Iterable<K> | undefined;
}

/** The series of a call site. */
export interface SiteSeries {
  /** Counters of the site from before the series, which are not part of it. */
  readonly offset: readonly number[] | undefined;
  /** Counters in the previous view. */
  shown: readonly number[];
}

/** Returns zeros in the shape of `amounts`. */
export function zeros({ counters, gauges }: SiteAmounts): SiteAmounts {
  return { counters: counters.map(() => 0), gauges: gauges.map(() => 0) };
}

/** Updates a series, and returns the amounts to show. Counters never decrease. */
export function showSeries<K>(site: K, series: SiteSeries, { sites, total }: SiteReading<K>): SiteAmounts {
  const { counters, gauges } = sites.get(site) ?? zeros(total);
  series.shown = atLeast(minus(counters, series.offset), series.shown);
  return { counters: series.shown, gauges };
}

/** Returns `counters` minus `offset`. */
export function minus(counters: readonly number[], offset: readonly number[] | undefined): readonly number[] {
  return offset ? counters.map((value, at) => value - (offset[at] ?? 0)) : counters;
}

/** Returns the larger of `counters` and `before` for each counter: a decrease would be read as a restart. */
function atLeast(counters: readonly number[], before: readonly number[] | undefined): readonly number[] {
  return counters.map((value, at) => Math.max(value, before?.[at] ?? 0));
}

/** Returns the sum of two lists of counters. */
export function plus(counters: readonly number[] | undefined, more: readonly number[]): readonly number[] {
  return counters ? counters.map((value, at) => value + (more[at] ?? 0)) : more;
}

/**
 * Returns the total minus the rows. Values are at least 0 and counters at least `before`, because floating-point error
 * could make the remainder negative, or a counter smaller than before, which would be read as a restart.
 */
export function remainder(
  total: SiteAmounts,
  rows: readonly SiteAmounts[],
  before: readonly number[] | undefined,
): SiteAmounts {
  const left = (all: readonly number[], of: (row: SiteAmounts) => readonly number[]) =>
    all.map((value, at) => rows.reduce((sum, row) => sum - (of(row)[at] ?? 0), value));
  const counters = left(total.counters, (row) => row.counters);
  const gauges = left(total.gauges, (row) => row.gauges);
  return {
    counters: atLeast(counters, before),
    gauges: gauges.map((value) => Math.max(value, 0)),
  };
}

/**
 * Returns the first `max` sites: the pinned ones, then the largest. Among sites of equal weight, those that satisfy
 * `isPreferred` come first.
 */
export function largest<K>(
  { sites }: SiteReading<K>,
  { weightOf, pinned = [] }: SiteRanking<K>,
  max: number,
  isPreferred: (site: K) => boolean,
): readonly K[] {
  const first = new Set<K>();
  for (const site of pinned) if (sites.has(site)) first.add(site);
  const others: { readonly site: K; readonly weight: number; readonly preferred: number }[] = [];
  for (const site of sites.keys()) {
    const weight = first.has(site) ? 0 : weightOf(site);
    if (weight > 0) others.push({ site, weight, preferred: Number(isPreferred(site)) });
  }
  others.sort((a, b) => b.weight - a.weight || b.preferred - a.preferred);
  return [...first, ...others.map(({ site }) => site)].slice(0, max);
}
