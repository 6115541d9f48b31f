import type { GrowingCapture } from '@heapray/exporter/memray';

/** The function that allocated, and the package on whose behalf. */
export interface CallSite {
  readonly functionName: string;
  readonly file: string;
  readonly packageName: string;
}

/** Bytes and numbers of allocations of a call site, or of all that have no series of their own. */
export interface SiteValues {
  allocatedBytes: number;
  allocations: number;
  retainedBytes: number;
  retainedCount: number;
  peakBytes: number;
}

export interface CallSiteRow {
  readonly site: CallSite;
  readonly values: SiteValues;
}

/** What metrics say of a capture; rows and other add up to the total. */
export interface SiteView {
  readonly rows: readonly CallSiteRow[];
  readonly other: SiteValues;
  readonly total: SiteValues;
}

interface Series {
  readonly site: CallSite;
  /** What had been allocated when the series began: that part stays in `other`. */
  readonly offset: SiteValues;
  /** Set when it lost its place: its counters stand still from then on. */
  frozen?: SiteValues;
}

type Sums = ReadonlyMap<string, { readonly site: CallSite; readonly values: SiteValues }>;

/** Of one that has no stack, as memray calls it. */
const NO_STACK = '<stack trace unavailable>';

/**
 * Chooses the call sites that get a series of their own: the largest, and sticky, so that series do not flap.
 * Once all places are taken a site must be twice as large as the smallest to take its place, and only so many
 * places change hands in a run as there are: those that lost theirs keep their counters, which stand still.
 */
export class SiteSeries {
  readonly #maxCallSites: number;
  readonly #admitted: Map<string, Series> = new Map();
  readonly #displaced: Map<string, Series> = new Map();
  #grouping: SiteGrouping | undefined;
  #last: Sums = new Map();
  #view: { readonly capture: GrowingCapture; readonly offset: number; readonly view: SiteView } | undefined;

  constructor(maxCallSites: number) {
    this.#maxCallSites = maxCallSites;
  }

  view(capture: GrowingCapture): SiteView {
    const { offset } = capture;
    if (this.#view?.capture === capture && this.#view.offset === offset) return this.#view.view;
    if (this.#grouping?.capture !== capture) this.#grouping = new SiteGrouping(capture);
    const { sums, total } = this.#grouping.sum();
    this.#choose(sums, total);
    this.#last = sums;
    const rows = [...this.#admitted, ...this.#displaced].map(([key, series]) => ({
      site: series.site,
      values: ownValues(sums.get(key)?.values ?? nothing(), series),
    }));
    const view = { rows, other: rest(total, rows), total };
    this.#view = { capture, offset, view };
    return view;
  }

  #choose(sums: Sums, total: SiteValues): void {
    const weight = (key: string) => weightOf(sums.get(key)?.values, total);
    const waiting = [...sums.keys()]
      .filter((key) => !this.#admitted.has(key) && !this.#displaced.has(key))
      .map((key) => ({ key, weight: weight(key) }))
      .sort((a, b) => b.weight - a.weight);
    const smallest = [...this.#admitted.keys()].sort((a, b) => weight(a) - weight(b));
    for (const { key, weight: own } of waiting) {
      if (own === 0) return;
      if (this.#admitted.size >= this.#maxCallSites) {
        const loser = smallest.shift();
        const room = this.#displaced.size < this.#maxCallSites;
        if (loser === undefined || !room || own < 2 * weight(loser)) return;
        this.#displace(loser, sums.get(loser)?.values ?? nothing());
      }
      const { site } = sums.get(key)!;
      this.#admitted.set(key, { site, offset: this.#last.get(key)?.values ?? nothing() });
    }
  }

  #displace(key: string, values: SiteValues): void {
    const series = this.#admitted.get(key)!;
    this.#admitted.delete(key);
    series.frozen = ownValues(values, series);
    this.#displaced.set(key, series);
  }
}

/** Sums the sites of a capture by call site. Which one a site belongs to is found out once. */
class SiteGrouping {
  readonly capture: GrowingCapture;
  readonly #groups: Map<string, { readonly site: CallSite; readonly values: SiteValues }> = new Map();
  /** By number of the site. */
  readonly #groupOf: (SiteValues | undefined)[] = [];

  constructor(capture: GrowingCapture) {
    this.capture = capture;
  }

  sum(): { readonly sums: Sums; readonly total: SiteValues } {
    const { capture } = this;
    const total = nothing();
    for (const { values } of this.#groups.values()) Object.assign(values, nothing());
    for (let site = 1; site <= capture.siteCount; site += 1) {
      const values = this.#groupOf[site] ?? this.#group(site);
      const allocated = capture.allocated(site);
      const live = capture.live(site);
      values.allocatedBytes += allocated.bytes;
      values.allocations += allocated.count;
      values.retainedBytes += live.bytes;
      values.retainedCount += live.count;
      values.peakBytes += capture.atPeak(site).bytes;
    }
    const sums = new Map<string, { site: CallSite; values: SiteValues }>();
    for (const [key, { site, values }] of this.#groups) {
      sums.set(key, { site, values: { ...values } });
      add(total, values, 1);
    }
    return { sums, total };
  }

  #group(site: number): SiteValues {
    const { stack } = this.capture.site(site);
    const frame = this.capture.callSite(stack);
    const callSite = {
      functionName: frame?.functionName ?? NO_STACK,
      file: frame?.file ?? '',
      packageName: this.capture.packageOf(stack),
    };
    const key = JSON.stringify(callSite);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { site: callSite, values: nothing() };
      this.#groups.set(key, group);
    }
    this.#groupOf[site] = group.values;
    return group.values;
  }
}

/** A series says what was allocated since it exists; one that lost its place stands still and holds nothing. */
function ownValues(values: SiteValues, { offset, frozen }: Series): SiteValues {
  if (frozen !== undefined) return { ...frozen, retainedBytes: 0, retainedCount: 0, peakBytes: 0 };
  return {
    ...values,
    allocatedBytes: values.allocatedBytes - offset.allocatedBytes,
    allocations: values.allocations - offset.allocations,
  };
}

function rest(total: SiteValues, rows: readonly CallSiteRow[]): SiteValues {
  const left = { ...total };
  for (const { values } of rows) add(left, values, -1);
  return left;
}

/** A site matters for its share of what is allocated, retained or was alive at the peak. */
function weightOf(values: SiteValues | undefined, total: SiteValues): number {
  if (values === undefined) return 0;
  return Math.max(
    values.allocatedBytes / (total.allocatedBytes || 1),
    values.retainedBytes / (total.retainedBytes || 1),
    values.peakBytes / (total.peakBytes || 1),
  );
}

function add(sum: SiteValues, values: SiteValues, sign: 1 | -1): void {
  sum.allocatedBytes += sign * values.allocatedBytes;
  sum.allocations += sign * values.allocations;
  sum.retainedBytes += sign * values.retainedBytes;
  sum.retainedCount += sign * values.retainedCount;
  sum.peakBytes += sign * values.peakBytes;
}

function nothing(): SiteValues {
  return { allocatedBytes: 0, allocations: 0, retainedBytes: 0, retainedCount: 0, peakBytes: 0 };
}
