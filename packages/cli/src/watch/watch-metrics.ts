import type { CaptureFollower } from './capture-follower.js';
import type { CaptureRun } from './capture-run.js';
import { CAPTURE_STATES } from './capture-state.js';
import type { MetricFamily, MetricPoint } from './prometheus-text.js';
import type { CallSite, SiteValues } from './site-series.js';

/** A capture with the name of its component. */
export interface WatchedCapture {
  readonly component: string;
  /** ID of a process that was forked by the process of the component. */
  readonly process?: string | undefined;
  readonly follower: CaptureFollower;
}

export interface Hint {
  readonly component: string;
  /** Short fixed name of the hint. */
  readonly hint: string;
  /** One line for the user. */
  readonly text: string;
}

const COMPONENT = 'heapray.component';
/** Attribute for the ID of a forked process; absent for its parent. */
const PROCESS = 'heapray.process';
/** Attribute that distinguishes the traced process from its direct and indirect children. */
const ROLE = 'heapray.process.role';
/** The sum of the sites without series of their own. */
const OTHER: CallSite = { functionName: 'other', file: '', line: 0, packageName: '' };
/** The sum of the counters of removed series. */
const DROPPED: CallSite = { functionName: '(dropped)', file: '', line: 0, packageName: '' };

type Facts = readonly [
  name: string,
  kind: MetricFamily['kind'],
  unit: string,
  help: string,
  of: (watched: WatchedCapture) => number | undefined,
];

/** Metrics of each capture as a whole. */
const CAPTURE_FACTS: readonly Facts[] = [
  [
    'heapray.capture.events',
    'counter',
    '{event}',
    'Allocations and deallocations read from the capture',
    ({ follower }) => follower.run?.capture.events,
  ],
  [
    'heapray.capture.data',
    'gauge',
    'By',
    'Bytes of data in the capture file, without room reserved ahead',
    ({ follower }) => (isThere(follower) && follower.state !== 'reading' ? follower.sizes.data : undefined),
  ],
  [
    'heapray.capture.size',
    'gauge',
    'By',
    'Size of the capture file',
    ({ follower }) => (isThere(follower) ? follower.sizes.disk : undefined),
  ],
  [
    'heapray.capture.age',
    'gauge',
    's',
    'Time since the capture grew last',
    ({ follower }) => (isThere(follower) ? follower.ageMillis / 1000 : undefined),
  ],
  [
    'heapray.capture.start_time',
    'gauge',
    's',
    'When the capture was begun, in seconds since the Unix epoch',
    ({ follower }) => follower.run && follower.header && follower.header.startTimeMillis / 1000,
  ],
  [
    'heapray.capture.damaged',
    'gauge',
    '1',
    'Whether the capture cannot be read to its end; what came before the damage counts',
    ({ follower }) => follower.run && (follower.state === 'damaged' ? 1 : 0),
  ],
  [
    'heapray.capture.runs',
    'counter',
    '{run}',
    'Runs with a capture at this path since heapray watches it, also those whose file was moved away',
    ({ follower }) => follower.runs,
  ],
  [
    'heapray.watch.read',
    'counter',
    'By',
    'Bytes that heapray has read from the capture files',
    ({ follower }) => follower.bytesRead,
  ],
];

/** Returns whether there is a file, at the path or moved away from it, with a known size and age. */
function isThere(follower: CaptureFollower): boolean {
  return follower.inPlace || follower.run !== undefined;
}

type SiteFacts = readonly [
  name: string,
  kind: MetricFamily['kind'],
  unit: string,
  help: string,
  of: (values: SiteValues) => number,
];

/** Metrics by call site that an aggregated capture does not have. */
const ALLOCATED_FACTS: readonly SiteFacts[] = [
  [
    'heapray.memory.allocated',
    'counter',
    'By',
    'Bytes allocated, freed or not, by call site',
    (values) => values.allocatedBytes,
  ],
  [
    'heapray.memory.allocations',
    'counter',
    '{allocation}',
    'Allocations, freed or not, by call site',
    (values) => values.allocations,
  ],
];
const HEAP_FACTS: readonly SiteFacts[] = [
  [
    'heapray.memory.retained',
    'gauge',
    'By',
    'Bytes in use, by the call site that allocated them',
    (values) => values.retainedBytes,
  ],
  [
    'heapray.memory.retained.objects',
    'gauge',
    '{object}',
    'Allocations in use, by call site',
    (values) => values.retainedCount,
  ],
  [
    'heapray.memory.peak',
    'gauge',
    'By',
    'Bytes in use when the heap was largest, by call site',
    (values) => values.peakBytes,
  ],
];

/** Returns all metrics at the last poll. */
export function watchMetrics(
  watched: readonly WatchedCapture[],
  hints: readonly Hint[],
): readonly MetricFamily[] {
  const runs = watched.flatMap((each) => {
    const { run } = each.follower;
    return run === undefined ? [] : [{ attributes: captureAttributes(each), run }];
  });
  const exact = runs.filter(({ run }) => run.capture.knowsAllocated);
  return [
    ...ALLOCATED_FACTS.map((facts) => siteFamily(facts, exact)),
    ...HEAP_FACTS.map((facts) => siteFamily(facts, runs)),
    residentFamily(watched),
    ...CAPTURE_FACTS.map((facts) => captureFamily(facts, watched)),
    stateFamily(watched),
    hintFamily(hints),
  ];
}

function siteFamily(
  [name, kind, unit, help, of]: SiteFacts,
  runs: readonly { readonly attributes: Attributes; readonly run: CaptureRun }[],
): MetricFamily {
  const points = runs.flatMap(({ attributes, run: { capture, series } }): MetricPoint[] => {
    const { rows, other, dropped } = series.view(capture);
    const captureStart = capture.header?.startTimeMillis ?? 0;
    const point = (site: CallSite, values: SiteValues, startMillis = captureStart): MetricPoint => {
      return { attributes: { ...attributes, ...siteAttributes(site) }, value: of(values), startMillis };
    };
    const sites = rows.map(({ site, values, sinceMillis }) => point(site, values, sinceMillis));
    return [...sites, point(OTHER, other), ...(of(dropped) > 0 ? [point(DROPPED, dropped)] : [])];
  });
  return { name, kind, unit, help, points };
}

type Attributes = MetricPoint['attributes'];

/** Returns the attributes of a capture. Captures of one component are of a process and of the processes it forked. */
function captureAttributes({ component, process }: WatchedCapture): Attributes {
  return { [COMPONENT]: component, ...(process !== undefined && { [PROCESS]: process }) };
}

function siteAttributes({ functionName, file, line, packageName }: CallSite): Attributes {
  return {
    'code.function.name': functionName,
    'code.file.path': file,
    ...(line > 0 && { 'code.line.number': line }),
    'heapray.package': packageName,
  };
}

/**
 * Returns the resident memory. The children of a live process are not in its capture, and may hold much more than it
 * does.
 */
function residentFamily(watched: readonly WatchedCapture[]): MetricFamily {
  const points = watched.flatMap((each): MetricPoint[] => {
    const { follower } = each;
    const point = (role: string, value: number | undefined): MetricPoint[] =>
      value === undefined ? [] : [{ attributes: { ...captureAttributes(each), [ROLE]: role }, value }];
    const { run, children } = follower;
    return [
      ...point('traced', run?.capture.resident?.residentBytes),
      ...point('children', run && children?.residentBytes),
    ];
  });
  return {
    name: 'heapray.memory.resident',
    kind: 'gauge',
    unit: 'By',
    help: 'Resident memory: of the traced process as it wrote into its capture last, of its children as the system tells',
    points,
  };
}

function captureFamily(
  [name, kind, unit, help, of]: Facts,
  watched: readonly WatchedCapture[],
): MetricFamily {
  const points = watched.flatMap((each) => {
    const value = of(each);
    return value === undefined ? [] : [{ attributes: captureAttributes(each), value }];
  });
  return { name, kind, unit, help, points };
}

/** Returns one series per state, so that previous states become 0. */
function stateFamily(watched: readonly WatchedCapture[]): MetricFamily {
  const points = watched.flatMap((each) =>
    CAPTURE_STATES.map((state) => ({
      attributes: { ...captureAttributes(each), state },
      value: each.follower.state === state ? 1 : 0,
    })),
  );
  return {
    name: 'heapray.capture.state',
    kind: 'gauge',
    unit: '1',
    help: 'What is known of the program from its capture: 1 for the state that it is in',
    points,
  };
}

function hintFamily(hints: readonly Hint[]): MetricFamily {
  return {
    name: 'heapray.watch.hint',
    kind: 'gauge',
    unit: '1',
    help: 'What the operator should know about a capture; heapray says it in words on stderr',
    points: hints.map(({ component, hint }) => ({ attributes: { [COMPONENT]: component, hint }, value: 1 })),
  };
}
