import os from 'node:os';
import v8 from 'node:v8';
import type { Attributes, BatchObservableResult, Histogram, Meter, Observable } from '@opentelemetry/api';
import { AGE_BUCKETS, type CallSite } from '../ledger/index.js';
import {
  ATTR_AGE,
  ATTR_CODE_FILE_PATH,
  ATTR_CODE_FUNCTION_NAME,
  ATTR_COMPONENT,
  ATTR_LIMIT_KIND,
  ATTR_MEMORY_KIND,
  ATTR_MODE,
  ATTR_PACKAGE,
  ATTR_PAIR,
  ATTR_REASON,
  ATTR_THREAD_ID,
  ATTR_THREAD_NAME,
} from '../semconv.js';
import type { CallSiteView, SiteValues } from './call-site-series.js';
import { residentByKind } from './resident-memory.js';

/** The part of the profiler thread's view that metrics need. */
export interface HeapView {
  readonly sites: CallSiteView;
  readonly suspects: readonly (CallSite & { readonly bytesPerSecond: number })[];
  readonly secondsToLimit: number | undefined;
  readonly profiler: {
    readonly mode: string;
    readonly samples: number;
    readonly unseenSamples: number;
    readonly earlyDeaths: number;
    readonly polls: number;
    readonly wholePairs: number;
    readonly cutPairs: number;
    readonly pollMillis: readonly number[];
    readonly drops: Readonly<Record<string, number>>;
    readonly lostSampler: Readonly<Record<string, number>>;
    readonly cpuSeconds: number;
    readonly memoryBytes: number;
  };
}

/** The name under which the sites without a series of their own are summed. */
export const OTHER_SITES = 'other';
const THREAD: Attributes = { [ATTR_THREAD_ID]: 0, [ATTR_THREAD_NAME]: 'main' };

/**
 * The `heapray.*` instruments on one meter. All are observed in one callback, so that the values of one
 * collection belong together; the newest values are fetched from the profiler thread when a reader asks.
 */
export class HeapMetrics {
  readonly #meter: Meter;
  readonly #instruments: ReturnType<typeof createInstruments>;
  readonly #observables: Observable[];
  readonly #component: string;
  readonly #fetchView: () => Promise<HeapView | undefined>;
  readonly #threadDeaths: () => number;
  readonly #callback = (result: BatchObservableResult) => this.#observe(result);
  readonly #modes = new Set<string>();
  readonly #suspected = new Map<string, Attributes>();
  #limitWasInSight = false;
  #last: HeapView | undefined;

  constructor(
    meter: Meter,
    options: {
      readonly component: string;
      readonly fetchView: () => Promise<HeapView | undefined>;
      readonly threadDeaths: () => number;
    },
  ) {
    this.#meter = meter;
    this.#component = options.component;
    this.#fetchView = options.fetchView;
    this.#threadDeaths = options.threadDeaths;
    this.#instruments = createInstruments(meter);
    const { pollDuration: _, ...observables } = this.#instruments;
    this.#observables = Object.values(observables);
    meter.addBatchObservableCallback(this.#callback, this.#observables);
  }

  /** Stops observing; instruments themselves cannot be removed from a meter. */
  dispose(): void {
    this.#meter.removeBatchObservableCallback(this.#callback, this.#observables);
  }

  async #observe(result: BatchObservableResult): Promise<void> {
    const view = await this.#fetchView();
    // When the profiler thread does not answer, its last word still stands; process-wide values are fresh.
    this.#last = view ?? this.#last;
    this.#observeProcess(result);
    if (!this.#last) return;
    this.#observeSites(result, this.#last.sites);
    this.#observeGrowth(result, this.#last);
    this.#observeProfiler(result, this.#last.profiler);
    for (const millis of view?.profiler.pollMillis ?? [])
      this.#instruments.pollDuration.record(millis / 1000);
  }

  #observeProcess(result: BatchObservableResult): void {
    const { resident, limit } = this.#instruments;
    for (const [kind, bytes] of Object.entries(residentByKind())) {
      result.observe(resident, bytes, { [ATTR_MEMORY_KIND]: kind });
    }
    result.observe(limit, v8.getHeapStatistics().heap_size_limit, { [ATTR_LIMIT_KIND]: 'heap' });
    const cgroup = process.constrainedMemory();
    // Without a limit the system answers with nothing or with more than there is.
    if (cgroup > 0 && cgroup <= os.totalmem()) result.observe(limit, cgroup, { [ATTR_LIMIT_KIND]: 'cgroup' });
  }

  #observeSites(result: BatchObservableResult, { rows, other }: CallSiteView): void {
    for (const row of rows) this.#observeSite(result, row, siteAttributes(row));
    const rest = { functionName: OTHER_SITES, file: '', packageName: '', component: this.#component };
    this.#observeSite(result, other, siteAttributes(rest));
  }

  #observeSite(result: BatchObservableResult, values: SiteValues, attributes: Attributes): void {
    const { allocated, allocations, retained, retainedObjects } = this.#instruments;
    result.observe(allocated, Math.round(values.allocated), attributes);
    result.observe(allocations, Math.round(values.allocations), attributes);
    result.observe(retainedObjects, Math.round(values.retainedObjects), attributes);
    AGE_BUCKETS.forEach((age, i) => {
      result.observe(retained, Math.round(values.retainedByAge[i] ?? 0), { ...attributes, [ATTR_AGE]: age });
    });
  }

  /** A reader keeps a series for ever, so a site that is no suspect any more says zero. */
  #observeGrowth(result: BatchObservableResult, { suspects, secondsToLimit }: HeapView): void {
    const { growth, timeToLimit } = this.#instruments;
    for (const suspect of suspects) this.#suspected.set(siteKey(suspect), siteAttributes(suspect));
    const rates = new Map(suspects.map((suspect) => [siteKey(suspect), suspect.bytesPerSecond]));
    for (const [key, attributes] of this.#suspected) result.observe(growth, rates.get(key) ?? 0, attributes);
    if (secondsToLimit !== undefined) this.#limitWasInSight = true;
    // For ever is what the end of a leak means, and the reader would keep the last number.
    if (this.#limitWasInSight) result.observe(timeToLimit, secondsToLimit ?? Number.POSITIVE_INFINITY);
  }

  #observeProfiler(result: BatchObservableResult, profiler: HeapView['profiler']): void {
    const to = this.#instruments;
    result.observe(to.samples, profiler.samples);
    this.#modes.add(profiler.mode);
    // A reader keeps a series for ever, so a mode that has passed says zero.
    for (const mode of this.#modes) {
      result.observe(to.mode, mode === profiler.mode ? 1 : 0, { [ATTR_MODE]: mode });
    }
    result.observe(to.unobserved, profiler.unseenSamples);
    result.observe(to.earlyDeaths, profiler.earlyDeaths);
    result.observe(to.polls, profiler.polls);
    result.observe(to.pairs, profiler.wholePairs, { [ATTR_PAIR]: 'whole' });
    result.observe(to.pairs, profiler.cutPairs, { [ATTR_PAIR]: 'cut' });
    result.observe(to.cpu, profiler.cpuSeconds);
    result.observe(to.memory, profiler.memoryBytes);
    observeByReason(result, to.drops, profiler.drops);
    const deaths = this.#threadDeaths();
    const lost = deaths > 0 ? { ...profiler.lostSampler, thread_died: deaths } : profiler.lostSampler;
    observeByReason(result, to.lostSampler, lost);
  }
}

function siteAttributes(site: CallSite): Attributes {
  return {
    [ATTR_CODE_FUNCTION_NAME]: site.functionName,
    [ATTR_CODE_FILE_PATH]: site.file,
    [ATTR_PACKAGE]: site.packageName,
    [ATTR_COMPONENT]: site.component,
    ...THREAD,
  };
}

function siteKey({ functionName, file, component }: CallSite): string {
  return `${functionName}\n${file}\n${component}`;
}

/** Always at least a zero, so that a rate over the counter is defined before the first event. */
function observeByReason(
  result: BatchObservableResult,
  instrument: Observable,
  counts: Readonly<Record<string, number>>,
): void {
  const entries = Object.entries(counts);
  if (entries.length === 0) result.observe(instrument, 0, { [ATTR_REASON]: 'none' });
  for (const [reason, count] of entries) result.observe(instrument, count, { [ATTR_REASON]: reason });
}

function createInstruments(meter: Meter) {
  const pollDuration: Histogram = meter.createHistogram('heapray.profiler.poll.duration', {
    description: 'How long the main thread was stopped for a reading of the heap sampler, at most',
    unit: 's',
    advice: {
      explicitBucketBoundaries: [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1],
    },
  });
  const counter = (name: string, unit: string, description: string) =>
    meter.createObservableCounter(name, { unit, description });
  const upDown = (name: string, unit: string, description: string) =>
    meter.createObservableUpDownCounter(name, { unit, description });
  return {
    pollDuration,
    allocated: counter(
      'heapray.memory.allocated',
      'By',
      'Heap bytes allocated, freed or not, by call site (sampled estimate)',
    ),
    retained: upDown(
      'heapray.memory.retained',
      'By',
      'Heap bytes in use, by the call site that allocated them (sampled estimate)',
    ),
    allocations: counter(
      'heapray.memory.allocations',
      '{allocation}',
      'Objects allocated, freed or not, by call site (rough estimate from sample sizes)',
    ),
    retainedObjects: upDown(
      'heapray.memory.retained.objects',
      '{object}',
      'Objects in use, by the call site that allocated them (rough estimate from sample sizes)',
    ),
    growth: meter.createObservableGauge('heapray.memory.growth', {
      unit: 'By/s',
      description: 'Growth of what leak suspects hold; zero for a site that is suspect no longer',
    }),
    timeToLimit: meter.createObservableGauge('heapray.memory.time_to_limit', {
      unit: 's',
      description:
        'Time until the heap limit if the leak suspects go on as they do; absent before the first, infinite after',
    }),
    resident: upDown(
      'heapray.memory.resident',
      'By',
      'Resident memory of the process, split by kind; the kinds add up to it',
    ),
    limit: upDown('heapray.memory.limit', 'By', 'The limits that memory may not exceed'),
    mode: upDown(
      'heapray.profiler.mode',
      '{profiler}',
      'How the heap sampler was started: 1 for the mode that is active',
    ),
    samples: counter('heapray.profiler.samples', '{sample}', 'Allocation samples that V8 has taken'),
    unobserved: counter(
      'heapray.profiler.unobserved_samples',
      '{sample}',
      'Samples born and dead between two polls: their number is exact, their call sites are estimated',
    ),
    earlyDeaths: counter(
      'heapray.profiler.early_deaths',
      '{sample}',
      'Samples of whole pairs gone at the next poll: the evidence for the unobserved',
    ),
    polls: counter('heapray.profiler.polls', '{poll}', 'Readings of the heap sampler'),
    pairs: counter(
      'heapray.profiler.pairs',
      '{pair}',
      'Pairs of polls, whole or cut by a garbage collection',
    ),
    drops: counter('heapray.profiler.drops', '{event}', 'What the profiler gave up or left out, by reason'),
    lostSampler: counter(
      'heapray.profiler.lost_sampler',
      '{event}',
      'How often the heap sampler was lost or refused, by reason',
    ),
    cpu: counter(
      'heapray.profiler.cpu',
      's',
      'CPU time of the profiler thread and of the readings on the main thread',
    ),
    memory: upDown('heapray.profiler.memory', 'By', 'Heap of the profiler thread'),
  };
}
