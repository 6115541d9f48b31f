import type { Attributes } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type CollectionResult,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import { packageVersion } from '../../version.js';
import type { CaptureFollower } from '../follow/capture-follower.js';
import type { CaptureRun } from '../follow/capture-run.js';
import { CAPTURE_STATES } from '../follow/capture-state.js';
import type { CallSite, SiteValues } from '../follow/site-series.js';
import type { Hint, WatchedCapture } from '../follow/watched-capture.js';
import { CounterDeltas } from './counter-deltas.js';
import { type MetricPoint, metricData } from './metric-points.js';
import { CAPTURE_METRICS, type MetricSpec, SITE_METRICS } from './metric-table.js';

/** The captures whose metrics are collected. */
export interface CaptureSource {
  readonly captures: readonly WatchedCapture[];
  readonly hints: readonly Hint[];
}

const SCOPE = {
  name: 'heapray',
  version: packageVersion(),
  schemaUrl: 'https://opentelemetry.io/schemas/1.45.0',
};

const ATTR_COMPONENT = 'heapray.component';
/** ID of a forked process; absent for its parent. */
const ATTR_PROCESS_ID = 'heapray.process.id';
/** Distinguishes the traced process from its direct and indirect children. */
const ATTR_PROCESS_ROLE = 'heapray.process.role';
const ATTR_STATE = 'heapray.capture.state';
const ATTR_HINT = 'heapray.hint';

/** Node processes report what is in use by age. Captures do not have it by call site. */
const UNKNOWN_AGE: Attributes = { 'heapray.age': 'unknown' };

/** The sum of the call sites without series of their own. */
const OTHER: CallSite = { functionName: 'other', file: '', line: 0, packageName: '' };
/** The sum of the counters of removed series. */
const DROPPED: CallSite = { functionName: '(dropped)', file: '', line: 0, packageName: '' };

/**
 * Collects the metrics of captures for one reader of the SDK. Series exist as long as their captures. A reader with
 * delta temporality needs a producer of its own.
 */
export class CaptureMetrics implements MetricProducer {
  readonly #source: CaptureSource;
  readonly #temporality: AggregationTemporality;
  readonly #deltas: CounterDeltas | undefined;

  /** @param temporality of counters. Default: cumulative */
  constructor(
    source: CaptureSource,
    temporality: AggregationTemporality = AggregationTemporality.CUMULATIVE,
  ) {
    this.#source = source;
    this.#temporality = temporality;
    this.#deltas = temporality === AggregationTemporality.DELTA ? new CounterDeltas(captureKey) : undefined;
  }

  async collect(): Promise<CollectionResult> {
    const nowMillis = Date.now();
    // With deltas, what a removed series has counted was reported already.
    const metrics = pointsOf(this.#source, this.#deltas === undefined)
      .filter(([, points]) => points.length > 0)
      .map(([spec, points]) => {
        const isDelta = this.#deltas !== undefined && spec.kind === 'counter';
        const reported = isDelta ? this.#deltas.of(spec.name, points, nowMillis) : points;
        return metricData(spec, reported, { nowMillis, temporality: this.#temporality });
      });
    const runs = this.#source.captures.map((each) => {
      return [captureKey(captureAttributes(each)), each.follower.run?.series] as const;
    });
    this.#deltas?.endCollection(new Map(runs));
    const scopeMetrics = metrics.length > 0 ? [{ scope: SCOPE, metrics }] : [];
    return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] };
  }
}

type MetricPoints = readonly [spec: MetricSpec, points: readonly MetricPoint[]];

/** Returns the points of all metrics, with counters since their start. */
function pointsOf({ captures, hints }: CaptureSource, withDropped: boolean): readonly MetricPoints[] {
  return [...sitePoints(captures, withDropped), ...capturePoints(captures), hintPoints(hints)];
}

function sitePoints(captures: readonly WatchedCapture[], withDropped: boolean): readonly MetricPoints[] {
  const runs = captures.flatMap((each) => {
    const { run } = each.follower;
    return run === undefined ? [] : [{ attributes: captureAttributes(each), run }];
  });
  // An aggregated capture does not have what was allocated.
  const complete = runs.filter(({ run }) => run.capture.knowsAllocated);
  const { allocated, allocations, retained, retainedObjects, peak } = SITE_METRICS;
  return [
    [allocated, valuesBySite(complete, ({ allocatedBytes }) => allocatedBytes, { withDropped })],
    [allocations, valuesBySite(complete, ({ allocations: count }) => count, { withDropped })],
    [retained, valuesBySite(runs, ({ retainedBytes }) => retainedBytes, { more: UNKNOWN_AGE })],
    [retainedObjects, valuesBySite(runs, ({ retainedCount }) => retainedCount)],
    [peak, valuesBySite(runs, ({ peakBytes }) => peakBytes)],
  ];
}

function valuesBySite(
  runs: readonly { readonly attributes: Attributes; readonly run: CaptureRun }[],
  amountOf: (values: SiteValues) => number,
  { more = {}, withDropped = false }: { readonly more?: Attributes; readonly withDropped?: boolean } = {},
): readonly MetricPoint[] {
  return runs.flatMap(({ attributes, run: { capture, series } }): MetricPoint[] => {
    const { rows, other, mostDropped } = series.view(capture);
    const captureStart = capture.header?.startTimeMillis;
    const point = (site: CallSite, values: SiteValues, startMillis = captureStart): MetricPoint => {
      const all = { ...attributes, ...siteAttributes(site), ...more };
      return { attributes: all, value: amountOf(values), startMillis };
    };
    const sites = rows.map(({ site, values, sinceMillis }) => point(site, values, sinceMillis));
    const isDropped = withDropped && amountOf(mostDropped) > 0;
    return [...sites, point(OTHER, other), ...(isDropped ? [point(DROPPED, mostDropped)] : [])];
  });
}

/** Returns the attributes of a capture. Captures of one component are of a process and of the processes it forked. */
function captureAttributes({ component, process }: WatchedCapture): Attributes {
  return { [ATTR_COMPONENT]: component, ...(process !== undefined && { [ATTR_PROCESS_ID]: process }) };
}

/** Returns the part of a point's attributes that is of the capture, as one text. */
function captureKey(attributes: Attributes): string {
  return JSON.stringify([attributes[ATTR_COMPONENT], attributes[ATTR_PROCESS_ID]]);
}

function siteAttributes({ functionName, file, line, packageName }: CallSite): Attributes {
  return {
    'code.function.name': functionName,
    'code.file.path': file,
    ...(line > 0 && { 'code.line.number': line }),
    'heapray.package.name': packageName,
  };
}

function capturePoints(captures: readonly WatchedCapture[]): readonly MetricPoints[] {
  const { resident, events, data, size, age, startTime, damaged, runs, status, read } = CAPTURE_METRICS;
  const each = (amountOf: (follower: CaptureFollower) => number | undefined, startOf = captureStart) =>
    captures.flatMap((watched): MetricPoint[] => {
      const { follower } = watched;
      const value = amountOf(follower);
      if (value === undefined) return [];
      return [{ attributes: captureAttributes(watched), value, startMillis: startOf(follower) }];
    });
  return [
    [resident, captures.flatMap(residentPoints)],
    [events, each(({ run }) => run?.capture.events)],
    [data, each((follower) => (follower.state === 'reading' ? undefined : sizesOf(follower)?.data))],
    [size, each((follower) => sizesOf(follower)?.disk)],
    [age, each((follower) => (hasFile(follower) ? follower.ageMillis / 1000 : undefined))],
    [startTime, each(({ run, header }) => run && header && header.startTimeMillis / 1000)],
    [damaged, each((follower) => follower.run && (follower.state === 'damaged' ? 1 : 0))],
    [
      runs,
      each(
        (follower) => follower.runs.count,
        (follower) => follower.runs.sinceMillis,
      ),
    ],
    [
      read,
      each(
        (follower) => follower.bytesRead,
        (follower) => follower.sinceMillis,
      ),
    ],
    [status, captures.flatMap(statePoints)],
  ];
}

function captureStart({ header }: CaptureFollower): number | undefined {
  return header?.startTimeMillis;
}

/** Returns whether there is a file, at the path or moved away from it, with a known size and age. */
function hasFile(follower: CaptureFollower): boolean {
  return follower.inPlace || follower.run !== undefined;
}

function sizesOf(follower: CaptureFollower): CaptureFollower['sizes'] | undefined {
  return hasFile(follower) ? follower.sizes : undefined;
}

/**
 * Returns the resident memory. The children of a live process are not in its capture, and may hold much more than it
 * does.
 */
function residentPoints(watched: WatchedCapture): readonly MetricPoint[] {
  const { run, children, header } = watched.follower;
  const point = (role: string, value: number | undefined): MetricPoint[] => {
    if (value === undefined) return [];
    const attributes = { ...captureAttributes(watched), [ATTR_PROCESS_ROLE]: role };
    return [{ attributes, value, startMillis: header?.startTimeMillis }];
  };
  return [
    ...point('traced', run?.capture.resident?.residentBytes),
    ...point('children', run && children?.residentBytes),
  ];
}

/** Returns one series per state, so that previous states become 0. */
function statePoints(watched: WatchedCapture): readonly MetricPoint[] {
  return CAPTURE_STATES.map((state) => ({
    attributes: { ...captureAttributes(watched), [ATTR_STATE]: state },
    value: watched.follower.state === state ? 1 : 0,
  }));
}

function hintPoints(hints: readonly Hint[]): MetricPoints {
  const points = hints.map(({ component, hint }) => {
    return { attributes: { [ATTR_COMPONENT]: component, [ATTR_HINT]: hint }, value: 1 };
  });
  return [CAPTURE_METRICS.hint, points];
}
