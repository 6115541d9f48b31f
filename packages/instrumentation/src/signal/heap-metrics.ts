import type { Attributes, BatchObservableResult, Meter, Observable } from '@opentelemetry/api';
import { contain } from '../containment/contain.js';
import { MathMin, ObjectEntries, ObjectValues, SafeMap } from '../containment/primordials.js';
import { ATTR_MODE, ATTR_PAIR, ATTR_REASON } from '../semconv.js';
import type { CallSiteView } from './call-site-series.js';
import { createInstruments, type Instruments } from './instruments.js';
import { observeProcess } from './process-metrics.js';
import type { Suspect } from './site-growth.js';
import { SiteMetrics, type SiteMetricsOptions } from './site-metrics.js';

/** The part of the profiler thread's view that metrics need. */
export interface HeapView {
  /** Undefined when they were not asked for. */
  readonly sites: CallSiteView | undefined;
  readonly suspects: readonly Suspect[];
  readonly secondsToLimit: number | undefined;
  readonly profiler: {
    readonly mode: string;
    /** Why the mode is `none`. */
    readonly noneReason: string;
    readonly samples: number;
    readonly unseenSamples: number;
    readonly earlyDeaths: number;
    readonly liveSamples: number;
    readonly samplingInterval: number;
    readonly frozenBytes: number;
    readonly uncollectedBytes: number;
    readonly majorCollections: number;
    readonly leakWindows: number;
    readonly undecidedSites: number;
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

/** A hundred years, s. */
const FOR_EVER = 100 * 365.25 * 86_400;

export interface HeapMetricsOptions extends SiteMetricsOptions {
  /** Whether the metrics that OpenTelemetry's conventions name are wanted too. */
  readonly conventions: boolean;
  /** @param withSites whether call sites are wanted */
  readonly fetchView: (withSites: boolean) => Promise<HeapView | undefined>;
  readonly threadDeaths: () => number;
  /** Why memory is not profiled now, whatever the last view says; undefined when it is. */
  readonly notProfiling: () => string | undefined;
  /** Whether a metric producer tells of call sites, so that instruments must not. Asked once for each collection. */
  readonly hasProducer: () => boolean;
  /** Told once of what a reader or a meter throws. */
  readonly failed?: (thrown: unknown) => void;
}

/**
 * The instruments on one meter. All are observed in one callback, so that the values of one
 * collection belong together; the newest values are fetched from the profiler thread when a reader asks.
 */
export class HeapMetrics {
  readonly #meter: Meter;
  readonly #options: HeapMetricsOptions;
  readonly #instruments: Instruments;
  readonly #observables: Observable[];
  readonly #sites: SiteMetrics;
  readonly #callback = (result: BatchObservableResult) => this.#observe(result);
  /** Attributes of the modes that were, by mode and reason, and of the one that any may give way to. */
  readonly #modes = new SafeMap<string, Attributes>([['none', { [ATTR_MODE]: 'none' }]]);
  #hasFailed = false;
  #limitWasInSight = false;
  #last: HeapView | undefined;

  constructor(meter: Meter, options: HeapMetricsOptions) {
    this.#meter = meter;
    this.#options = options;
    const instruments = createInstruments(meter, options);
    this.#instruments = instruments;
    this.#sites = new SiteMetrics(instruments.site, options);
    const { site, own, conventions } = instruments;
    this.#observables = [site, own, conventions ?? {}].flatMap((some) => ObjectValues<Observable>(some));
    meter.addBatchObservableCallback(this.#callback, this.#observables);
  }

  /** Stops observing; instruments themselves cannot be removed from a meter. */
  dispose(): void {
    this.#meter.removeBatchObservableCallback(this.#callback, this.#observables);
  }

  #failed(thrown: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    contain(
      () => this.#options.failed?.(thrown),
      () => {},
    );
  }

  /** Never rejects: not every reader takes care of that. */
  async #observe(result: BatchObservableResult): Promise<void> {
    try {
      const hasProducer = this.#options.hasProducer();
      this.#observeView(result, await this.#options.fetchView(!hasProducer), hasProducer);
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  #observeView(result: BatchObservableResult, view: HeapView | undefined, hasProducer: boolean): void {
    // When the profiler thread does not answer, its last word still stands; process-wide values are fresh.
    this.#last = view ?? this.#last;
    observeProcess(result, this.#instruments, this.#last?.profiler.memoryBytes);
    this.#observeMode(result);
    if (!this.#last) return;
    const { sites, suspects } = this.#last;
    if (sites && !hasProducer) this.#sites.observe(result, sites, suspects);
    else this.#sites.observeNone(result);
    this.#observeTimeToLimit(result, this.#last);
    this.#observeProfiler(result, this.#last.profiler);
    for (const millis of view?.profiler.pollMillis ?? [])
      this.#instruments.pollDuration.record(millis / 1000);
  }

  #observeTimeToLimit(result: BatchObservableResult, { secondsToLimit }: HeapView): void {
    if (secondsToLimit !== undefined) this.#limitWasInSight = true;
    if (!this.#limitWasInSight) return;
    // For ever is what the end of a leak means, and the reader would keep the last number. Infinity itself is no number
    // in JSON: it would spoil everything that is exported with it.
    result.observe(this.#instruments.own.timeToLimit, MathMin(secondsToLimit ?? FOR_EVER, FOR_EVER));
  }

  /** A reader keeps a series for ever, so a mode that has passed says zero. */
  #observeMode(result: BatchObservableResult): void {
    const problem = this.#options.notProfiling();
    const profiler = this.#last?.profiler;
    if (problem === undefined && !profiler) return;
    const mode = problem === undefined ? (profiler?.mode ?? 'none') : 'none';
    const reason = mode === 'none' ? (problem ?? profiler?.noneReason) : undefined;
    const key = `${mode} ${reason ?? ''}`;
    this.#modes.set(key, { [ATTR_MODE]: mode, ...(reason !== undefined && { [ATTR_REASON]: reason }) });
    for (const [other, attributes] of this.#modes)
      result.observe(this.#instruments.own.mode, other === key ? 1 : 0, attributes);
  }

  #observeProfiler(result: BatchObservableResult, profiler: HeapView['profiler']): void {
    const to = this.#instruments.own;
    result.observe(to.samples, profiler.samples);
    result.observe(to.unobserved, profiler.unseenSamples);
    result.observe(to.earlyDeaths, profiler.earlyDeaths);
    result.observe(to.liveSamples, profiler.liveSamples);
    result.observe(to.samplingInterval, profiler.samplingInterval);
    result.observe(to.frozen, profiler.frozenBytes);
    result.observe(to.uncollected, profiler.uncollectedBytes);
    result.observe(to.majorCollections, profiler.majorCollections);
    result.observe(to.leakWindows, profiler.leakWindows);
    result.observe(to.undecidedSites, profiler.undecidedSites);
    result.observe(to.polls, profiler.polls);
    result.observe(to.pairs, profiler.wholePairs, { [ATTR_PAIR]: 'whole' });
    result.observe(to.pairs, profiler.cutPairs, { [ATTR_PAIR]: 'cut' });
    result.observe(to.cpu, profiler.cpuSeconds);
    result.observe(to.memory, profiler.memoryBytes);
    observeByReason(result, to.drops, profiler.drops);
    const deaths = this.#options.threadDeaths();
    const lost = deaths > 0 ? { ...profiler.lostSampler, thread_died: deaths } : profiler.lostSampler;
    observeByReason(result, to.lostSampler, lost);
  }
}

/** Always at least a zero, so that a rate over the counter is defined before the first event. */
function observeByReason(
  result: BatchObservableResult,
  instrument: Observable,
  counts: Readonly<Record<string, number>>,
): void {
  const entries = ObjectEntries(counts);
  if (entries.length === 0) result.observe(instrument, 0, { [ATTR_REASON]: 'none' });
  for (const [reason, count] of entries) result.observe(instrument, count, { [ATTR_REASON]: reason });
}
