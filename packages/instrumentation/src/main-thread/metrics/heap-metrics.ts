import type { Attributes, BatchObservableResult, Meter, Observable } from '@opentelemetry/api';
import {
  INSTRUMENTS,
  type PointsAnswer,
  type ProfilerState,
  type SitesWanted,
} from '../../protocol/metric-points.js';
import { ObjectValues, SafeMap } from '../../protocol/primordials.js';
import { ATTR_MODE, ATTR_REASON } from '../../protocol/semconv.js';
import { contain } from '../containment/contain.js';
import type { PointsWanted } from '../profiler/metric-requests.js';
import { createInstruments, type Instruments } from './instruments.js';
import { type PollDurationRecorder, recorderFor } from './poll-duration-recorder.js';
import { observeProcess } from './process-metrics.js';

export interface HeapMetricsOptions {
  /** Call sites that the instruments report, if no producer does. */
  readonly sites: SitesWanted;
  /** True to report the metrics of OpenTelemetry's semantic conventions too. */
  readonly conventions: boolean;
  /** Returns the newest points; the last ones again if the profiler thread does not answer. */
  readonly fetchPoints: (wanted: PointsWanted) => Promise<PointsAnswer | undefined>;
  readonly threadDeaths: () => number;
  /**
   * Returns the reason why memory is not profiled now, whatever the last points say; undefined while it is.
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
 * are consistent. Fetches the newest points from the profiler thread when a reader collects.
 */
export class HeapMetrics {
  readonly #meter: Meter;
  readonly #options: HeapMetricsOptions;
  readonly #instruments: Instruments;
  readonly #observables: Observable[];
  readonly #pollDurations: PollDurationRecorder;
  readonly #callback = (result: BatchObservableResult) => this.#observe(result);
  /**
   * Attributes of all modes reported so far, by mode and reason. Starts with `none`, which any mode may
   * become.
   */
  readonly #modes = new SafeMap<string, Attributes>([['none', { [ATTR_MODE]: 'none' }]]);
  #hasFailed = false;

  constructor(meter: Meter, options: HeapMetricsOptions) {
    this.#meter = meter;
    this.#options = options;
    const instruments = createInstruments(meter, options);
    this.#instruments = instruments;
    this.#pollDurations = recorderFor(meter, instruments.pollDuration);
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
      const sites = isServed || this.#options.hasProducer() ? undefined : this.#options.sites;
      const answer = await this.#options.fetchPoints({ consumer: INSTRUMENTS, sites, withOwn: true });
      this.#observeAll(result, answer);
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  #observeAll(result: BatchObservableResult, answer: PointsAnswer | undefined): void {
    observeProcess(result, this.#instruments, answer?.profiler);
    this.#observeStatus(result, answer?.profiler);
    if (!answer) return;
    const { site, own } = this.#instruments;
    const observables: Readonly<Record<string, Observable | undefined>> = { ...site, ...own };
    for (const { metric, attributes, values } of answer.points) {
      const observable = observables[metric];
      if (!observable) continue;
      for (let at = 0; at < values.length; at++) result.observe(observable, values[at] ?? 0, attributes[at]);
    }
    const deaths = this.#options.threadDeaths();
    if (deaths > 0) result.observe(own.lostSampler, deaths, { [ATTR_REASON]: 'thread_died' });
    if (answer.profiler) this.#pollDurations.record(answer.profiler.pollDurations, answer.startedMillis);
  }

  /** Reports zero for past modes, because a reader keeps every series. */
  #observeStatus(result: BatchObservableResult, profiler: ProfilerState | undefined): void {
    const problem = this.#options.notProfiling();
    if (problem === undefined && !profiler) return;
    const mode = problem === undefined ? (profiler?.mode ?? 'none') : 'none';
    const reason = mode === 'none' ? (problem ?? profiler?.noneReason) : undefined;
    const key = `${mode} ${reason ?? ''}`;
    this.#modes.set(key, { [ATTR_MODE]: mode, ...(reason !== undefined && { [ATTR_REASON]: reason }) });
    for (const [other, attributes] of this.#modes)
      result.observe(this.#instruments.own.status, other === key ? 1 : 0, attributes);
  }
}
