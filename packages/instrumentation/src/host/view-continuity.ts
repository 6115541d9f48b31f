import type { AgentView, ProfilerView, TopSitesView } from '../agent/messages.js';
import { MathMax, ObjectEntries, ObjectFromEntries, SafeMap } from '../containment/primordials.js';
import type { CallSiteRow, CallSiteView } from '../signal/call-site-series.js';
import { groupKey } from '../signal/site-groups.js';
import { countersOnly, NOTHING, type SiteCounters, type SiteValues } from '../signal/site-values.js';
import type { TopCallSiteRow } from '../signal/top-call-sites.js';

/** Counts of a profiler thread that a new thread begins at 0. */
const COUNTERS = [
  'samples',
  'unseenSamples',
  'earlyDeaths',
  'polls',
  'wholePairs',
  'cutPairs',
  'majorCollections',
  'cpuSeconds',
] as const satisfies readonly (keyof ProfilerView)[];

/**
 * Lets the counters of one process go on when its profiler thread dies and another one begins at 0. What the dead thread
 * had counted since it was last asked is lost.
 */
export class ViewContinuity {
  /** What earlier threads have counted, and what was told last. */
  #sitesBefore: CallSiteView | undefined;
  #lastSites: CallSiteView | undefined;
  #profilerBefore: ProfilerView | undefined;
  #lastProfiler: ProfilerView | undefined;
  /** By producer. */
  readonly #topBefore = new SafeMap<number, TopSitesView>();
  readonly #lastTop = new SafeMap<number, TopSitesView>();

  /** The profiler thread died: what was told last is what later views are added to. */
  threadDied(): void {
    this.#sitesBefore = this.#lastSites;
    this.#profilerBefore = this.#lastProfiler;
    for (const [producer, view] of this.#lastTop) this.#topBefore.set(producer, view);
  }

  /** A view of the present thread, with what was counted before it. */
  with(view: AgentView): AgentView {
    const sites = view.sites && sitesSince(this.#sitesBefore, view.sites);
    this.#lastSites = sites ?? this.#lastSites;
    const profiler = profilerSince(this.#profilerBefore, view.profiler);
    this.#lastProfiler = profiler;
    return { ...view, sites, profiler };
  }

  /** The same of what a metric producer is told. */
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

/** A row that is gone stands still, because its series does not end; it retains nothing. */
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

/** A row that is gone is counted with the dropped. */
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
