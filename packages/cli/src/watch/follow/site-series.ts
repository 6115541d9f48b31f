import { RecentAllocation, type SiteAmounts, type SiteReading, TopSites } from '@heapray/exporter/call-sites';
import type { GrowingCapture } from '@heapray/exporter/memray';
import { NO_STACK } from '../../text/place.js';

/** The function that allocated, and the package that it allocated for. */
export interface CallSite {
  readonly functionName: string;
  readonly file: string;
  /** Line where the function starts, from 1; 0 when unknown. */
  readonly line: number;
  readonly packageName: string;
}

/** Bytes and numbers of allocations of a call site, or of all without a series of their own. */
export interface SiteValues {
  readonly allocatedBytes: number;
  readonly allocations: number;
  readonly retainedBytes: number;
  readonly retainedCount: number;
  readonly peakBytes: number;
}

export interface CallSiteRow {
  readonly site: CallSite;
  readonly values: SiteValues;
  /** Start of its counters, in ms since the Unix epoch; undefined: the start of the capture. */
  readonly sinceMillis: number | undefined;
}

/** The metrics of a capture by call site. Rows, `other` and `dropped` add up to the total. */
export interface SiteView {
  readonly rows: readonly CallSiteRow[];
  readonly other: SiteValues;
  /** Sum of the counters of removed series, see `TopSites`. It falls when one of them returns. */
  readonly dropped: SiteValues;
  /** Largest `dropped` so far, because a counter must not fall. */
  readonly mostDropped: SiteValues;
  readonly total: SiteValues;
}

/** Indices in the gauges of a site. */
const RETAINED = 0;
const PEAK = 2;

/**
 * Selects the call sites of a capture that get series of their own: exactly the largest at each view. The series of a call
 * site that returns continues, because readers of Prometheus' text format do not know when a series began.
 */
export class SiteSeries {
  readonly #top: TopSites<string>;
  readonly #recent: RecentAllocation<string> = new RecentAllocation();
  #grouping: SiteGrouping | undefined;
  #view: { readonly capture: GrowingCapture; readonly offset: number; readonly view: SiteView } | undefined;
  #mostDropped: readonly number[] = [];

  constructor(maxCallSites: number) {
    this.#top = new TopSites({ maxSites: maxCallSites, continues: true });
  }

  /** Determines the call sites of new sites. For a large capture, this would take seconds all at once. */
  updateCallSites(capture: GrowingCapture): void {
    this.#groupingOf(capture).updateCallSites();
  }

  /** Returns the sums over all call sites. */
  total(capture: GrowingCapture): SiteValues {
    return valuesOf(this.#groupingOf(capture).sum().total);
  }

  /**
   * Returns the current view. It is unchanged until the capture grows.
   *
   * @param epochMillis now, in ms since the Unix epoch. Default `Date.now()`
   */
  view(capture: GrowingCapture, epochMillis: number = Date.now()): SiteView {
    const { offset } = capture;
    if (this.#view?.capture === capture && this.#view.offset === offset) return this.#view.view;
    const grouping = this.#groupingOf(capture);
    const reading = grouping.sum();
    this.#recent.observe(reading, performance.now());
    const weightOf = (key: string) => this.#weight(reading, key);
    const { rows, other, dropped } = this.#top.view(reading, { weightOf }, epochMillis);
    this.#mostDropped = dropped.map((value, at) => Math.max(value, this.#mostDropped[at] ?? 0));
    const view = {
      rows: rows.map((row) => ({
        site: grouping.site(row.site),
        values: valuesOf(row),
        sinceMillis: row.sinceMillis,
      })),
      other: valuesOf(other),
      dropped: valuesOf({ counters: dropped, gauges: [] }),
      mostDropped: valuesOf({ counters: this.#mostDropped, gauges: [] }),
      total: valuesOf(reading.total),
    };
    this.#view = { capture, offset, view };
    return view;
  }

  #groupingOf(capture: GrowingCapture): SiteGrouping {
    if (this.#grouping?.capture !== capture) this.#grouping = new SiteGrouping(capture);
    return this.#grouping;
  }

  /**
   * Returns the weight of a site: its largest share of recent allocations, of retained bytes, or of bytes at the peak.
   */
  #weight({ sites, total }: SiteReading<string>, key: string): number {
    const { gauges } = sites.get(key)!;
    const share = (at: number) => gauges[at]! / (total.gauges[at]! || 1);
    return Math.max(this.#recent.share(key), share(RETAINED), share(PEAK));
  }
}

/** Counters: bytes and number allocated. Gauges: bytes and number retained, bytes at the peak. */
interface Sum extends SiteAmounts {
  readonly counters: [number, number];
  readonly gauges: [number, number, number];
}

interface KeyedCallSite {
  readonly key: string;
  readonly callSite: CallSite;
}

/** Sums the sites of a capture by call site. Determines the call site of each site once. */
class SiteGrouping {
  readonly capture: GrowingCapture;
  readonly #callSites: Map<string, KeyedCallSite> = new Map();
  /** Key of the call site by site number. All sites of a call site share one string. */
  readonly #keys: string[] = [];

  constructor(capture: GrowingCapture) {
    this.capture = capture;
  }

  site(key: string): CallSite {
    return this.#callSites.get(key)!.callSite;
  }

  updateCallSites(): void {
    const { siteCount } = this.capture;
    for (let site = Math.max(1, this.#keys.length); site <= siteCount; site += 1) {
      this.#keys[site] = this.#keyOf(site);
    }
  }

  sum(): SiteReading<string> {
    const { capture } = this;
    this.updateCallSites();
    const sites = new Map<string, Sum>();
    for (let site = 1; site <= capture.siteCount; site += 1) {
      const key = this.#keys[site]!;
      let sum = sites.get(key);
      if (sum === undefined) {
        sum = nothing();
        sites.set(key, sum);
      }
      const { bytes, count } = capture.allocated(site);
      const live = capture.live(site);
      add(sum, [bytes, count], [live.bytes, live.count, capture.atPeak(site).bytes]);
    }
    const total = nothing();
    for (const { counters, gauges } of sites.values()) add(total, counters, gauges);
    return { sites, total };
  }

  #keyOf(site: number): string {
    const { stack } = this.capture.site(site);
    const frame = this.capture.callSite(stack);
    const callSite = {
      functionName: frame?.functionName ?? NO_STACK,
      file: frame?.file ?? '',
      line: Math.max(0, frame?.firstLine ?? 0),
      packageName: this.capture.packageOf(stack),
    };
    const key = JSON.stringify(callSite);
    const known = this.#callSites.get(key);
    if (known === undefined) this.#callSites.set(key, { key, callSite });
    return known?.key ?? key;
  }
}

function nothing(): Sum {
  return { counters: [0, 0], gauges: [0, 0, 0] };
}

function add({ counters, gauges }: Sum, moreCounters: Sum['counters'], moreGauges: Sum['gauges']): void {
  counters[0] += moreCounters[0];
  counters[1] += moreCounters[1];
  gauges[0] += moreGauges[0];
  gauges[1] += moreGauges[1];
  gauges[2] += moreGauges[2];
}

function valuesOf({ counters, gauges }: SiteAmounts): SiteValues {
  const [allocatedBytes = 0, allocations = 0] = counters;
  const [retainedBytes = 0, retainedCount = 0, peakBytes = 0] = gauges;
  return { allocatedBytes, allocations, retainedBytes, retainedCount, peakBytes };
}
