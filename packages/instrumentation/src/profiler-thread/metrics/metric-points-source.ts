import {
  INSTRUMENTS,
  type LastAnswers,
  type MetricPoints,
  type PointMetric,
  type PointsAnswer,
  type PointsRequest,
  type ProfilerState,
} from '../../protocol/metric-points.js';
import { plusDurations } from '../stats/poll-durations.js';
import { MetricConsumer } from './metric-consumer.js';
import { type OwnFigures, ownSeries } from './own-series.js';
import type { Series } from './series.js';
import type { SummedSources } from './site-groups.js';
import type { Suspect } from './site-growth.js';
import { type Moment, type NewSiteSelection, newSiteSelection } from './site-selection.js';

/**
 * Maximum number of producers, normally one for each reader. Beyond it, the least recently used is dropped.
 */
const MAX_PRODUCERS = 16;

/** Where the points come from. */
export interface MetricPointsDeps {
  readonly sources: SummedSources;
  /** Component name of this process at the start. */
  readonly component: string;
  /** When this thread began to count, in ms since the epoch. */
  readonly startedMillis: number;
  /** Present time, in ms since the epoch; never decreases. */
  readonly epochMillis: () => number;
  readonly suspects: () => readonly Suspect[];
  readonly secondsToLimit: () => number | undefined;
  /** Figures of this thread. */
  readonly figures: () => OwnFigures;
  /** State of the profiler; the durations are those of this thread. */
  readonly state: () => ProfilerState;
  /** Last answers of a thread that died. */
  readonly earlier: LastAnswers;
  /** Default: `newSiteSelection`. */
  readonly newSelection?: NewSiteSelection;
  /** Present time on the clock of the ledger's polls. Default: `performance.now`. */
  readonly nowMillis?: () => number;
}

/**
 * Makes the finished points of all metrics for the instruments and each metric producer. The main thread only
 * passes them on to OpenTelemetry.
 */
export class MetricPointsSource {
  readonly #deps: MetricPointsDeps;
  readonly #earlier: Map<number, PointsAnswer>;
  readonly #consumers = new Map<number, MetricConsumer>();
  #component: string;

  constructor(deps: MetricPointsDeps) {
    this.#deps = deps;
    this.#component = deps.component;
    this.#earlier = new Map(deps.earlier);
  }

  /** Renames the process's component from now on. */
  rename(component: string): void {
    this.#component = component;
    for (const consumer of this.#consumers.values()) consumer.selectAnew();
  }

  /** Returns the points that were asked for together. The ledgers must be attributed. */
  answers(requests: readonly PointsRequest[]): readonly PointsAnswer[] {
    const {
      sources,
      nowMillis = () => performance.now(),
      epochMillis,
      suspects,
      secondsToLimit,
    } = this.#deps;
    const moment: Moment = {
      sources,
      component: this.#component,
      atMillis: nowMillis(),
      epochMillis: epochMillis(),
      suspects: suspects(),
      secondsToLimit: secondsToLimit(),
    };
    return requests.map((request) => this.#answer(request, moment));
  }

  #answer(request: PointsRequest, moment: Moment): PointsAnswer {
    const consumer = this.#consumer(request.consumer);
    const series = consumer.sites(request, moment);
    const state = request.withOwn ? this.#deps.state() : undefined;
    if (state) this.#addOwn(series, consumer);
    const before = consumer.earlier;
    return {
      request: request.request,
      points: [...series].flatMap(([metric, some]) => (some.length > 0 ? [columns(metric, some)] : [])),
      profiler: state && {
        ...state,
        pollDurations: plusDurations(state.pollDurations, before?.profiler?.pollDurations),
      },
      startedMillis: before?.startedMillis ?? this.#deps.startedMillis,
      nowMillis: Math.max(moment.epochMillis, before?.nowMillis ?? 0),
    };
  }

  #addOwn(series: Map<PointMetric, readonly Series[]>, consumer: MetricConsumer): void {
    const figures = this.#deps.figures();
    const { refused } = consumer;
    const drops = refused > 0 ? { ...figures.drops, call_site_series: refused } : figures.drops;
    for (const [metric, some] of Object.entries(ownSeries({ ...figures, drops })))
      series.set(metric as PointMetric, consumer.continued(metric as PointMetric, some));
  }

  #newConsumer(number: number): MetricConsumer {
    const { newSelection = newSiteSelection } = this.#deps;
    return new MetricConsumer(number, newSelection, this.#earlier.get(number));
  }

  #consumer(number: number): MetricConsumer {
    const consumer = this.#consumers.get(number) ?? this.#newConsumer(number);
    // Reinsert: the map's order is from least to most recently used.
    this.#consumers.delete(number);
    this.#consumers.set(number, consumer);
    for (const idle of this.#consumers.keys()) {
      if (this.#consumers.size <= MAX_PRODUCERS + 1) break;
      if (idle !== INSTRUMENTS) this.#consumers.delete(idle);
    }
    return consumer;
  }
}

function columns(metric: PointMetric, series: readonly Series[]): MetricPoints {
  return {
    metric,
    attributes: series.map(({ attributes }) => attributes),
    values: series.map(({ value }) => value),
    sinceMillis: series.map(({ sinceMillis }) => sinceMillis),
  };
}
