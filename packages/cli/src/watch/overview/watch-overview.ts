import { isNodeCapture } from '@heapray/exporter/memray';
import type {
  OverviewData,
  OverviewDownload,
  OverviewFact,
  OverviewLevel,
  OverviewPart,
  OverviewSite,
  OverviewSubject,
  OverviewText,
} from '@heapray/exporter/page';
import { placeText } from '../../text/place.js';
import { printable } from '../../text/printable.js';
import { formatBytes } from '../../text/quantity.js';
import type { CaptureState } from '../follow/capture-state.js';
import type { CallSite, SiteValues } from '../follow/site-series.js';
import type { Hint, WatchedCapture } from '../follow/watched-capture.js';
import { residentOf, runsOf } from './component-figures.js';
import type { ComponentHistory } from './component-history.js';

/** Data that the overview is made of. */
export interface WatchOverviewSource {
  readonly captures: readonly WatchedCapture[];
  readonly hints: readonly Hint[];
  /** Reasons why paths cannot be searched. */
  readonly problems: readonly string[];
  /** Returns the past of a component; undefined before its first moment. */
  readonly history: (component: string) => ComponentHistory | undefined;
}

/** Time after which the page asks again, in seconds. */
const REFRESH_SECONDS = 5;
const MAX_SITES = 30;

const LEVELS: Readonly<Partial<Record<CaptureState, OverviewLevel>>> = {
  stopped: 'warning',
  damaged: 'problem',
  limited: 'problem',
  unreadable: 'problem',
};

const PROFILES = [
  ['heap', 'in use'],
  ['allocs', 'allocated since the start'],
  ['peak', 'in use when the heap was largest'],
] as const;

/** Returns what is known of all captures now. */
export function watchOverview(source: WatchOverviewSource, epochMillis: number): OverviewData {
  const byComponent = Map.groupBy(source.captures, ({ component }) => component);
  return {
    format: 'heapray-overview',
    version: 1,
    title: 'Memory captures',
    timeMillis: epochMillis,
    refreshSeconds: REFRESH_SECONDS,
    subjects: [...byComponent].map(([component, captures]) => subjectOf(component, captures, source)),
  };
}

function subjectOf(
  component: string,
  captures: readonly WatchedCapture[],
  { hints, problems, history }: WatchOverviewSource,
): OverviewSubject {
  const past = history(component);
  // The process that forked the others comes first.
  const main = captures.find(({ process }) => process === undefined) ?? captures[0]!;
  return {
    component,
    name: printable(component),
    state: stateText(main),
    notes: [
      ...hints
        .filter((hint) => hint.component === component)
        .map(({ text }): OverviewText => ({ level: 'warning', text: printable(text) })),
      ...problems.map((text): OverviewText => ({ level: 'warning', text: printable(text) })),
    ],
    facts: factsOf(main, captures),
    timesMillis: past?.timesMillis ?? [],
    resident: past?.resident ?? [],
    lines: past?.lines ?? [],
    limits: [],
    ages: [],
    suspects: [],
    sites: sitesOf(captures),
    profiler: readingFacts(captures),
    parts: captures.filter((each) => each !== main).map(partOf),
    momentsMillis: [],
    downloads: runsOf(captures).length === 0 ? [] : downloadsOf(component),
  };
}

function stateText({ follower: { state, reason } }: WatchedCapture): OverviewText {
  return { level: LEVELS[state] ?? 'ok', text: reason === '' ? state : `${state}: ${reason}` };
}

function factsOf(main: WatchedCapture, captures: readonly WatchedCapture[]): OverviewFact[] {
  const { header, path, sizes, ageMillis } = main.follower;
  const runs = runsOf(captures);
  const resident = residentOf(captures);
  const fact = (name: string, text: string | undefined): OverviewFact[] =>
    text === undefined ? [] : [{ name, text: printable(text) }];
  const bytes = (value: number | undefined) => (value === undefined ? undefined : formatBytes(value));
  const sum = (amountOf: (run: (typeof runs)[number]) => number) =>
    runs.length === 0 ? undefined : runs.reduce((total, run) => total + amountOf(run), 0);
  return [
    ...fact('In use', bytes(sum(({ capture }) => capture.liveBytes))),
    ...fact('Peak', bytes(sum(({ capture }) => capture.peakBytes))),
    ...fact('Resident', bytes(resident.traced)),
    ...fact('Resident, children', bytes(resident.children)),
    ...fact('Process', header && `${header.pid}`),
    ...fact('Command', header?.commandLine),
    ...fact('Started', header && new Date(header.startTimeMillis).toISOString()),
    ...fact('Capture', path),
    ...fact('Size', formatBytes(sizes.disk)),
    ...fact('Last growth', `${Math.round(ageMillis / 1000)} s ago`),
  ];
}

function readingFacts(captures: readonly WatchedCapture[]): OverviewFact[] {
  const events = runsOf(captures).reduce((sum, { capture }) => sum + capture.events, 0);
  const read = captures.reduce((sum, { follower }) => sum + follower.bytesRead, 0);
  return [
    { name: 'Allocations and deallocations read', text: events.toLocaleString('en-US') },
    { name: 'Read', text: formatBytes(read) },
  ];
}

/** Returns a forked process. */
function partOf({ process, follower }: WatchedCapture): OverviewPart {
  const { state, run } = follower;
  const resident = run?.capture.resident?.residentBytes;
  return {
    name: `process ${process ?? ''}`.trim(),
    facts: [
      { name: 'State', text: state, level: LEVELS[state] },
      ...(run === undefined ? [] : [{ name: 'In use', text: formatBytes(run.capture.liveBytes) }]),
      ...(resident === undefined ? [] : [{ name: 'Resident', text: formatBytes(resident) }]),
    ],
  };
}

function downloadsOf(component: string): OverviewDownload[] {
  const query = `component=${encodeURIComponent(component)}`;
  return PROFILES.map(([name, title]) => ({
    title: `${name}: ${title}, pprof`,
    href: `/debug/pprof/${name}?${query}`,
  }));
}

/** Returns the call sites with most in use, of all processes of the component. */
function sitesOf(captures: readonly WatchedCapture[]): OverviewSite[] {
  const runs = runsOf(captures);
  const isExact = runs.every(({ capture: { header } }) => header !== undefined && !isNodeCapture(header));
  const sums = new Map<string, { readonly site: CallSite; readonly values: SiteValues[] }>();
  for (const { capture, series } of runs) {
    for (const { site, values } of series.view(capture).rows) {
      const key = JSON.stringify(site);
      const sum = sums.get(key) ?? { site, values: [] };
      sum.values.push(values);
      sums.set(key, sum);
    }
  }
  const total = (values: readonly SiteValues[], of: keyof SiteValues) =>
    values.reduce((sum, each) => sum + each[of], 0);
  return [...sums.values()]
    .map(({ site, values }) => ({
      functionName: printable(site.functionName),
      place: printable(placeText({ file: site.file, line: site.line, column: 0 })),
      packageName: printable(site.packageName),
      inUseBytes: total(values, 'retainedBytes'),
      inUseObjects: total(values, 'retainedCount'),
      standardError: isExact ? 0 : null,
      allocatedBytes: total(values, 'allocatedBytes'),
      survivedShare: null,
    }))
    .sort((a, b) => b.inUseBytes - a.inUseBytes)
    .slice(0, MAX_SITES);
}
