import type { Attributes, BatchObservableResult, Meter, Observable } from '@opentelemetry/api';
import type { CallSiteView } from '../../profiler-thread/metrics/call-site-series.js';
import { ObjectEntries, ObjectValues, SafeMap } from '../../protocol/primordials.js';
import { ATTR_MODE, ATTR_PAIR, ATTR_REASON } from '../../protocol/semconv.js';
import { contain } from '../containment/contain.js';
import { createInstruments, type Instruments } from './instruments.js';
import { observeProcess } from './process-metrics.js';
import type { Suspect } from './site-growth.js';
import { SiteMetrics, type SiteMetricsOptions } from './site-metrics.js';

/** The part of the profiler thread's view that metrics need. */
export interface HeapView {
  /** Undefined if not requested. */
  readonly sites: CallSiteView | undefined;
  readonly suspects: readonly Suspect[];
  readonly profiler: {
    readonly mode: string;
    /** Reason for mode `none`. */
    readonly noneReason: string;
    readonly samples: number;
    readonly unseenSamples: number;
    readonly shortLivedSamples: number;
    readonly liveSamples: number;
    readonly samplingInterval: number;
    readonly carriedOverBytes: number;
    readonly uncollectedBytes: number;
    readonly majorCollections: number;
    readonly leakWindows: number;
    readonly undecidedSites: number;
    readonly polls: number;
    readonly completePairs: number;
    readonly interruptedPairs: number;
    readonly pollMillis: readonly number[];
    readonly drops: Readonly<Record<string, number>>;
    readonly lostSampler: Readonly<Record<string, number>>;
    readonly cpuSeconds: number;
    readonly memoryBytes: number;
  };
}

export interface HeapMetricsOptions extends SiteMetricsOptions {
  /** True to report the metrics of OpenTelemetry's semantic conventions too. */
  readonly conventions: boolean;
  /**
   * Returns the newest view.
   *
   * @param withSites true to include call sites
   */
  readonly fetchView: (withSites: boolean) => Promise<HeapView | undefined>;
  readonly threadDeaths: () => number;
  /**
   * Returns the reason why memory is not profiled now, whatever the last view says; undefined while it is.
   */
  readonly notProfiling: () => string | undefined;
  /**
   * Adds metric producers to the readers where possible; returns true if they report call sites, so that
   * instruments must not. Called once per collection, before the reader calls its producers.
   */
  readonly serveReaders: () => boolean;
  /**
   * Returns true if a reader has collected from a producer made by the application, so that instruments must
   * not report call sites: two series of one name would make a scrape invalid.
   */
  readonly hasProducer: () => boolean;
  /** Called once with what a reader or a meter throws. */
  readonly failed?: (thrown: unknown) => void;
}

/**
 * Manages the instruments on one meter. Observes all in one callback, so that the values of one collection
 * are consistent. Fetches the newest values from the profiler thread when a reader collects.
 */
export class HeapMetrics {
  readonly #meter: Meter;
  readonly #options: HeapMetricsOptions;
  readonly #instruments: Instruments;
  readonly #observables: Observable[];
  readonly #sites: SiteMetrics;
  readonly #callback = (result: BatchObservableResult) => this.#observe(result);
  /**
   * Attributes of all modes reported so far, by mode and reason. Starts with `none`, which any mode may
   * become.
   */
  readonly #modes = new SafeMap<string, Attributes>([['none', { [ATTR_MODE]: 'none' }]]);
  #hasFailed = false;
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

  /** Observes a collection. Never rejects, because some readers do not handle that. */
  async #observe(result: BatchObservableResult): Promise<void> {
    try {
      const isServed = this.#options.serveReaders();
      // Continue after the reader has called its producers, which it does as soon as this function waits.
      await undefined;
      const hasProducer = isServed || this.#options.hasProducer();
      this.#observeView(result, await this.#options.fetchView(!hasProducer), hasProducer);
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  #observeView(result: BatchObservableResult, view: HeapView | undefined, hasProducer: boolean): void {
    // Keep the last view if the profiler thread does not answer; process-wide values are always fresh.
    this.#last = view ?? this.#last;
    observeProcess(result, this.#instruments, this.#last?.profiler.memoryBytes);
    this.#observeMode(result);
    if (!this.#last) return;
    const { sites, suspects } = this.#last;
    if (sites && !hasProducer) this.#sites.observe(result, sites, suspects);
    else this.#sites.observeNone(result);
    this.#observeProfiler(result, this.#last.profiler);
    for (const millis of view?.profiler.pollMillis ?? [])
      this.#instruments.pollDuration.record(millis / 1000);
  }

  /** Reports zero for past modes, because a reader keeps every series. */
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
    result.observe(to.shortLivedSamples, profiler.shortLivedSamples);
    result.observe(to.liveSamples, profiler.liveSamples);
    result.observe(to.samplingInterval, profiler.samplingInterval);
    result.observe(to.carriedOver, profiler.carriedOverBytes);
    result.observe(to.uncollected, profiler.uncollectedBytes);
    result.observe(to.majorCollections, profiler.majorCollections);
    result.observe(to.leakWindows, profiler.leakWindows);
    result.observe(to.undecidedSites, profiler.undecidedSites);
    result.observe(to.polls, profiler.polls);
    result.observe(to.pairs, profiler.completePairs, { [ATTR_PAIR]: 'complete' });
    result.observe(to.pairs, profiler.interruptedPairs, { [ATTR_PAIR]: 'interrupted' });
    result.observe(to.cpu, profiler.cpuSeconds);
    result.observe(to.memory, profiler.memoryBytes);
    observeByReason(result, to.drops, profiler.drops);
    const deaths = this.#options.threadDeaths();
    const lost = deaths > 0 ? { ...profiler.lostSampler, thread_died: deaths } : profiler.lostSampler;
    observeByReason(result, to.lostSampler, lost);
  }
}

/** Reports counts by reason; a zero if there are none, so that a rate is defined before the first event. */
function observeByReason(
  result: BatchObservableResult,
  instrument: Observable,
  counts: Readonly<Record<string, number>>,
): void {
  const entries = ObjectEntries(counts);
  if (entries.length === 0) result.observe(instrument, 0, { [ATTR_REASON]: 'none' });
  for (const [reason, count] of entries) result.observe(instrument, count, { [ATTR_REASON]: reason });
}
