import {
  AGE_BUCKETS,
  bytesByAge,
  type CallSite,
  type Ledger,
  type SiteIndex,
  TYPICAL_OBJECT_BYTES,
} from '../ledger/index.js';

/** The values of a call site, or of all that have no series of their own. */
export interface SiteValues {
  /** Bytes since the start; never decreases. */
  readonly allocated: number;
  /** Rough number of objects since the start; never decreases. */
  readonly allocations: number;
  /** Bytes in use now, and the same by age, in the order of `AGE_BUCKETS`. */
  readonly retained: number;
  readonly retainedByAge: readonly number[];
  /** Rough number of objects in use. */
  readonly retainedObjects: number;
}

export interface CallSiteRow extends CallSite, SiteValues {}

/** What metrics say about call sites: the rows and the rest add up to the ledger's totals. */
export interface CallSiteView {
  readonly rows: readonly CallSiteRow[];
  readonly other: SiteValues;
}

interface Counters {
  readonly allocated: number;
  readonly allocations: number;
}

interface Series {
  /** What the site had allocated when it got a series of its own: that part stays in `other`. */
  readonly offset: Counters;
  /** Set when it was displaced: its counters stand still from then on. */
  frozen?: Counters;
}

/**
 * Chooses the call sites that get a series of their own: at most `maxCallSites` at a time, the largest
 * first, and sticky, so that series do not flap: once all places are taken, a site must be twice as large
 * as the smallest to displace it. Metric readers keep a series for ever, so at most `maxCallSites` sites
 * are ever displaced; they are reported at zero retained, with their counter standing still.
 */
export class CallSiteSeries {
  readonly #maxCallSites: number;
  readonly #admitted = new Map<SiteIndex, Series>();
  readonly #displaced = new Map<SiteIndex, Series>();
  /** The sums of the view before. */
  #last: SiteSums | undefined;
  #other: SiteValues = NOTHING;

  constructor(options: { readonly maxCallSites: number }) {
    this.#maxCallSites = options.maxCallSites;
  }

  /** @param atMillis now, on the clock of the ledger's readings */
  view(ledger: Ledger, atMillis: number): CallSiteView {
    const sums = sumBySite(ledger, atMillis);
    this.#choose(sums);
    this.#last = sums;
    const rows = [...this.#admitted, ...this.#displaced].map(([index, series]) => ({
      ...ledger.sites.site(index),
      ...ownValues(sums.of(index), series),
    }));
    this.#other = notBelow(rest(sums.total, rows), this.#other);
    return { rows, other: this.#other };
  }

  #choose(sums: SiteSums): void {
    const waiting = sums.largestFirst.filter(
      (index) => !this.#admitted.has(index) && !this.#displaced.has(index),
    );
    const bySize = [...this.#admitted.keys()].sort((a, b) => sums.weight(a) - sums.weight(b));
    for (const index of waiting) {
      if (this.#admitted.size >= this.#maxCallSites && !this.#makeRoom(bySize, index, sums)) return;
      // What earlier views reported of it was part of `other`, and a counter never goes back.
      this.#admitted.set(index, { offset: this.#last?.of(index) ?? NOTHING });
    }
  }

  #makeRoom(bySize: SiteIndex[], challenger: SiteIndex, sums: SiteSums): boolean {
    const smallest = bySize[0];
    if (smallest === undefined || this.#displaced.size >= this.#maxCallSites) return false;
    if (sums.weight(challenger) < 2 * sums.weight(smallest)) return false;
    bySize.shift();
    const series = this.#admitted.get(smallest);
    this.#admitted.delete(smallest);
    if (series) {
      series.frozen = minus(sums.of(smallest), series.offset);
      this.#displaced.set(smallest, series);
    }
    return true;
  }
}

const NOTHING: SiteValues = {
  allocated: 0,
  allocations: 0,
  retained: 0,
  retainedByAge: AGE_BUCKETS.map(() => 0),
  retainedObjects: 0,
};

function minus(values: Counters, offset: Counters): Counters {
  return {
    allocated: values.allocated - offset.allocated,
    allocations: values.allocations - offset.allocations,
  };
}

/** What a series says: counters since it exists; a displaced one stands still and holds nothing. */
function ownValues(values: SiteValues, series: Series): SiteValues {
  if (series.frozen) return { ...NOTHING, ...series.frozen };
  return { ...values, ...minus(values, series.offset) };
}

/** The counters no lower than they were: a byte less would read as a restart of the process. */
function notBelow(values: SiteValues, before: Counters): SiteValues {
  return {
    ...values,
    allocated: Math.max(values.allocated, before.allocated),
    allocations: Math.max(values.allocations, before.allocations),
  };
}

/** The total without the rows. Sums of doubles leave dust behind, which must not turn negative. */
function rest(total: SiteValues, rows: readonly SiteValues[]): SiteValues {
  const left = (all: number, of: (row: SiteValues) => number) =>
    Math.max(
      0,
      rows.reduce((sum, row) => sum - of(row), all),
    );
  return {
    allocated: left(total.allocated, (row) => row.allocated),
    allocations: left(total.allocations, (row) => row.allocations),
    retained: left(total.retained, (row) => row.retained),
    retainedByAge: total.retainedByAge.map((all, i) => left(all, (row) => row.retainedByAge[i] ?? 0)),
    retainedObjects: left(total.retainedObjects, (row) => row.retainedObjects),
  };
}

class SiteSums {
  readonly #bySite = new Map<SiteIndex, SiteValues>();
  total: SiteValues = NOTHING;

  add(site: SiteIndex, values: SiteValues): void {
    this.#bySite.set(site, plus(this.of(site), values));
    this.total = plus(this.total, values);
  }

  of(site: SiteIndex): SiteValues {
    return this.#bySite.get(site) ?? NOTHING;
  }

  /** A site matters for its share of what is allocated or of what is retained, whichever is larger. */
  weight(site: SiteIndex): number {
    const { allocated, retained } = this.of(site);
    return Math.max(allocated / (this.total.allocated || 1), retained / (this.total.retained || 1));
  }

  get largestFirst(): SiteIndex[] {
    const sites = [...this.#bySite.keys()].filter((site) => this.weight(site) > 0);
    return sites.sort((a, b) => this.weight(b) - this.weight(a));
  }
}

function plus(a: SiteValues, b: SiteValues): SiteValues {
  return {
    allocated: a.allocated + b.allocated,
    allocations: a.allocations + b.allocations,
    retained: a.retained + b.retained,
    retainedByAge: a.retainedByAge.map((bytes, i) => bytes + (b.retainedByAge[i] ?? 0)),
    retainedObjects: a.retainedObjects + b.retainedObjects,
  };
}

function sumBySite(ledger: Ledger, atMillis: number): SiteSums {
  const sums = new SiteSums();
  const ages = bytesByAge(ledger, atMillis);
  for (let node = 0; node < ledger.tree.size; node++) {
    const allocated = ledger.allocatedBytes(node);
    const retained = ledger.inUseBytes(node);
    if (allocated <= 0 && retained <= 0) continue;
    sums.add(ledger.sites.siteOf(node), {
      allocated,
      allocations: ledger.allocatedObjects(node),
      retained,
      retainedByAge: ages.get(node) ?? NOTHING.retainedByAge,
      retainedObjects: retained / (ledger.likelyObjectBytes(node) ?? TYPICAL_OBJECT_BYTES),
    });
  }
  return sums;
}
