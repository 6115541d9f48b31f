import type {
  OverviewData,
  OverviewDownload,
  OverviewFact,
  OverviewLimit,
  OverviewSubject,
  OverviewText,
} from '@heapray/exporter/page';
import type { ResidentMemory } from '../../protocol/resident-memory.js';
import type { MemoryHistory } from '../history/memory-history.js';
import { byteText, durationText } from '../leaks/leak-message.js';
import { outsideHeapText } from '../leaks/outside-heap.js';
import { isConclusive, progressText } from '../leaks/progress-text.js';
import type { OwnFigures } from '../metrics/own-series.js';
import type { AllLeaks } from '../sources/all-leaks.js';
import { partsOf } from './parts.js';
import { type ProfilerFactsDeps, profilerFacts } from './profiler-facts.js';
import { ageTotals, placeOf, sitesOf, topSites } from './sites.js';

/** Data that the overview is made of. */
export interface OverviewDeps extends ProfilerFactsDeps {
  readonly leaks: AllLeaks;
  readonly loop: { readonly mode: string | undefined; readonly cpuBudget: number };
  readonly process: ProcessFacts;
  readonly figures: () => OwnFigures;
  /** Newest known resident memory. */
  readonly resident?: { readonly last: ResidentMemory | undefined } | undefined;
  /** True if the page can have a heap snapshot taken. */
  readonly offersSnapshots?: boolean | undefined;
}

/** Facts about the process. */
export interface ProcessFacts {
  readonly pid: number;
  /** V8's heap limit, in bytes. */
  readonly heapLimit: number;
  /** Name of the component or service now. */
  readonly name: () => string;
}

/** The moment that an overview shows. */
export interface OverviewMoment {
  /** Time after which the page is to ask again, in seconds. */
  readonly refreshSeconds: number;
  /** Time on the clock of the ledger's polls. */
  readonly atMillis: number;
  /** Converts a time on the clock of the ledger's polls to ms since the epoch. */
  readonly epochMillis: (atMillis: number) => number;
}

/** A heap limit that is reached within this time is a problem, in seconds. */
const SOON_SECONDS = 6 * 3600;

const DOWNLOADS: readonly OverviewDownload[] = [
  { title: 'heap: in use, pprof', href: '/debug/pprof/heap' },
  { title: 'allocs: allocated since the start, pprof', href: '/debug/pprof/allocs' },
  { title: 'peak: the high-water mark, pprof', href: '/debug/pprof/peak' },
  { title: 'heap as text', href: '/debug/pprof/heap?debug=1' },
];

/** Returns what the profiler knows now about its process. */
export function makeOverview(deps: OverviewDeps, moment: OverviewMoment): OverviewData {
  const { sources, clock, process } = deps;
  const { atMillis } = moment;
  sources.attributeIfKnown(atMillis);
  return {
    format: 'heapray-overview',
    version: 1,
    title: process.name(),
    timeMillis: Math.round(clock()),
    refreshSeconds: moment.refreshSeconds,
    subjects: [subjectOf(deps, moment)],
  };
}

function subjectOf(deps: OverviewDeps, moment: OverviewMoment): OverviewSubject {
  const { sources, leaks, process } = deps;
  const { main } = sources;
  const { atMillis } = moment;
  const figures = deps.figures();
  const suspects = leaks.bySource(atMillis);
  const history = deps.history();
  const sites = sitesOf(sources, atMillis);
  const amounts = new Map(sites.map((site) => [site.key, site.amounts]));
  const { progress } = leaks;
  return {
    name: process.name(),
    state: stateText(deps, suspects.length),
    notes: notes(deps),
    facts: facts(deps),
    ...pastOf(history),
    limits: limits(process.heapLimit, figures.cgroup?.limit),
    ages: ageTotals(sources.all, atMillis),
    secondsToLimit: leaks.secondsToLimit(),
    suspects: suspects.map(({ view, siteKey }) => ({
      ...placeOf(view, view),
      bytes: Math.round(amounts.get(siteKey)?.inUseBytes ?? view.oldBytes),
      bytesPerSecond: Math.round(view.bytesPerSecond),
      message: view.message,
      values: history?.site(siteKey) ?? unknownAt(history),
    })),
    ...(suspects.length === 0 && {
      leakProgress: progressText(main.ledger, progress, atMillis),
    }),
    leakState: suspects.length > 0 ? 'suspected' : isConclusive(progress) ? 'none' : 'unknown',
    sites: topSites(sites, history),
    profiler: profilerFacts(deps, figures),
    parts: partsOf(sources.all),
    momentsMillis: main.past.moments.map((at) => Math.round(moment.epochMillis(at))),
    downloads: DOWNLOADS,
    ...(deps.offersSnapshots && { snapshots: true }),
  };
}

/** Returns the series of the last hour. */
function pastOf(
  history: MemoryHistory | undefined,
): Pick<OverviewSubject, 'timesMillis' | 'resident' | 'lines' | 'inUseByAge'> {
  if (history === undefined) return { timesMillis: [], resident: [], lines: [] };
  return {
    timesMillis: history.timesMillis,
    resident: history.resident.map(({ part, values }) => ({ name: part, unit: 'By', values })),
    lines: [
      { name: 'heap used', unit: 'By', values: history.heapUsed },
      { name: 'in use', unit: 'By', values: history.inUse },
      { name: 'allocation rate', unit: 'By/s', values: history.allocationRate },
    ],
    inUseByAge: history.ages.map(({ age, values }) => ({ name: age, unit: 'By', values })),
  };
}

function unknownAt(history: MemoryHistory | undefined): null[] {
  return (history?.timesMillis ?? []).map(() => null);
}

function stateText({ loop, leaks }: OverviewDeps, suspects: number): OverviewText {
  if (loop.mode === undefined) {
    return { level: 'problem', text: 'the heap sampler does not run: what is shown is of an earlier time' };
  }
  if (suspects === 0) return { level: 'ok', text: 'no leak suspects' };
  const seconds = leaks.secondsToLimit();
  // The heap limit does not limit Buffers.
  const limit = seconds === undefined ? '' : `; heap limit in ${durationText(seconds)} at this rate`;
  return {
    level: seconds !== undefined && seconds < SOON_SECONDS ? 'problem' : 'warning',
    text: `${suspects} leak suspect${suspects === 1 ? '' : 's'}${limit}`,
  };
}

function notes({ sources, loop, resident }: OverviewDeps): OverviewText[] {
  const { ledger } = sources.main;
  const { lostSamples } = ledger.counts;
  const texts: OverviewText[] = [];
  const outside = outsideHeapText(resident?.last);
  if (outside !== undefined) texts.push({ level: 'ok', text: outside });
  if (loop.mode !== undefined && !ledger.knowsAllocationBySite) {
    texts.push({
      level: 'warning',
      text: `allocation by call site is not known: the sampler was started in the mode ${loop.mode}`,
    });
  }
  if (lostSamples > 0) {
    const bytes = byteText(lostSamples * ledger.sampleBytes);
    texts.push({
      level: 'warning',
      text: `the heap sampler was stopped by other code: some ${bytes} in use before that are not shown`,
    });
  }
  const carriedOver = ledger.carriedOver.totalBytes;
  if (carriedOver >= 1) {
    texts.push({
      level: 'ok',
      text: `${byteText(carriedOver)} have an unknown age: they were in use when the sampling interval was changed`,
    });
  }
  return texts;
}

function facts({ sources, loop, clock, startedMillis, process: { pid } }: OverviewDeps): OverviewFact[] {
  const { ledger } = sources.main;
  const workers = new Set(sources.all.flatMap(({ thread }) => thread?.id ?? []));
  return [
    { name: 'Process', text: `${pid}` },
    ...(workers.size > 0 ? [{ name: 'Worker threads', text: `${workers.size} profiled` }] : []),
    { name: 'Node.js', text: process.version },
    { name: 'Profiled for', text: durationText((clock() - startedMillis) / 1000) },
    {
      name: 'Sampling',
      text: [
        `every ${byteText(ledger.samplingInterval)}`,
        ...(ledger.showsInlined ? ['accurate stacks'] : []),
        ...(loop.mode === undefined ? ['stopped now'] : []),
      ].join(', '),
    },
  ];
}

function limits(heap: number, cgroup: number | undefined): OverviewLimit[] {
  return [
    { name: 'heap', bytes: heap },
    ...(cgroup === undefined ? [] : [{ name: 'cgroup', bytes: cgroup }]),
  ];
}
