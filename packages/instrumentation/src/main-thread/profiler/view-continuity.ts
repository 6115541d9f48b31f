import type { CallSiteRow, CallSiteView } from '../../profiler-thread/metrics/call-site-series.js';
import { groupKey } from '../../profiler-thread/metrics/site-groups.js';
import {
  countersOnly,
  NOTHING,
  type SiteCounters,
  type SiteValues,
} from '../../profiler-thread/metrics/site-values.js';
import type { TopCallSiteRow } from '../../profiler-thread/metrics/top-call-sites.js';
import type { ProfilerSnapshot, ProfilerView, TopSitesView } from '../../protocol/messages.js';
import { MathMax, ObjectEntries, ObjectFromEntries, SafeMap } from '../../protocol/primordials.js';

/** Counters that restart at 0 in a new profiler thread. */
const COUNTERS = [
  'samples',
  'unseenSamples',
  'shortLivedSamples',
  'polls',
  'completePairs',
  'interruptedPairs',
  'majorCollections',
  'cpuSeconds',
] as const satisfies readonly (keyof ProfilerView)[];

/**
 * Continues the counters of a process when its profiler thread dies and a new one begins at 0. Counts of the
 * dead thread since its last view are lost.
 */
export class ViewContinuity {
  /** Totals of earlier threads, and the last reported totals. */
  #sitesBefore: CallSiteView | undefined;
  #lastSites: CallSiteView | undefined;
  #profilerBefore: ProfilerView | undefined;
  #lastProfiler: ProfilerView | undefined;
  /** Views of metric producers, by producer number. */
  readonly #topBefore = new SafeMap<number, TopSitesView>();
  readonly #lastTop = new SafeMap<number, TopSitesView>();

  /** Continues from the last reported totals, after the death of the profiler thread. */
  threadDied(): void {
    this.#sitesBefore = this.#lastSites;
    this.#profilerBefore = this.#lastProfiler;
    for (const [producer, view] of this.#lastTop) this.#topBefore.set(producer, view);
  }

  /** Returns a view of the present thread, with the totals of earlier ones added. */
  with(view: ProfilerSnapshot): ProfilerSnapshot {
    const sites = view.sites && sitesSince(this.#sitesBefore, view.sites);
    this.#lastSites = sites ?? this.#lastSites;
    const profiler = profilerSince(this.#profilerBefore, view.profiler);
    this.#lastProfiler = profiler;
    return { ...view, sites, profiler };
  }

  /** Does the same for the view of a metric producer. */
  withTop(producer: number, view: TopSitesView): TopSitesView {
    const before = this.#topBefore.get(producer);
    const { startedMillis } = before ?? view;
    const nowMillis = MathMax(view.nowMillis, before?.nowMillis ?? 0);
    const sites = before ? topSince(before.sites, view.sites) : view.sites;
    const continued = { ...view, sites, startedMillis, nowMillis };
    this.#lastTop.set(producer, continued);
    return continued;
  }
}

function profilerSince(before: ProfilerView | undefined, view: ProfilerView): ProfilerView {
  if (!before) return view;
  const counters = ObjectFromEntries(COUNTERS.map((name) => [name, before[name] + view[name]]));
  return {
    ...view,
    ...(counters as Pick<ProfilerView, (typeof COUNTERS)[number]>),
    drops: sumByReason(before.drops, view.drops),
    lostSampler: sumByReason(before.lostSampler, view.lostSampler),
  };
}

function sumByReason(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): Record<string, number> {
  const sum = new SafeMap(ObjectEntries(before));
  for (const [reason, count] of ObjectEntries(now)) sum.set(reason, (sum.get(reason) ?? 0) + count);
  return ObjectFromEntries(sum);
}

/**
 * Keeps rows that are gone at their last counts, because their series do not end; they have nothing in use.
 */
function sitesSince(before: CallSiteView | undefined, view: CallSiteView): CallSiteView {
  if (!before) return view;
  const left = new SafeMap(before.rows.map((row) => [groupKey(row), row]));
  const rows: CallSiteRow[] = view.rows.map((row) => added(row, take(left, groupKey(row))));
  const gone = [...left.values()].map((row) => {
    const { allocated, allocations } = row;
    return { ...row, ...countersOnly({ allocated, allocations }) };
  });
  return { rows: [...rows, ...gone], other: added(view.other, before.other) };
}

/** Adds the counts of rows that are gone to the dropped ones. */
function topSince(before: TopSitesView['sites'], view: TopSitesView['sites']): TopSitesView['sites'] {
  const left = new SafeMap(before.rows.map((row) => [groupKey(row), row]));
  const rows = view.rows.map((row): TopCallSiteRow => {
    const earlier = take(left, groupKey(row));
    return { ...added(row, earlier), sinceMillis: earlier?.sinceMillis ?? row.sinceMillis };
  });
  const dropped = [before.dropped, view.dropped, ...left.values()].reduce<SiteCounters>(
    (sum, more) => ({
      allocated: sum.allocated + more.allocated,
      allocations: sum.allocations + more.allocations,
    }),
    NOTHING,
  );
  return { ...view, rows, other: added(view.other, before.other), dropped };
}

function take<Row>(rows: SafeMap<string, Row>, key: string): Row | undefined {
  const row = rows.get(key);
  rows.delete(key);
  return row;
}

function added<Values extends SiteValues>(values: Values, before: SiteCounters | undefined): Values {
  if (!before) return values;
  return {
    ...values,
    allocated: values.allocated + before.allocated,
    allocations: values.allocations + before.allocations,
  };
}
