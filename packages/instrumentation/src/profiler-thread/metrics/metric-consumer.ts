import {
  INSTRUMENTS,
  type PointMetric,
  type PointsAnswer,
  type PointsRequest,
  type SitesWanted,
} from '../../protocol/metric-points.js';
import { METRICS } from '../../protocol/metric-table.js';
import { ContinuedCounters } from './continued-counters.js';
import { keyOf, type Series, seriesOf } from './series.js';
import { OTHER_SITES } from './site-groups.js';
import { growthOf, withOther } from './site-growth.js';
import type { Moment, NewSiteSelection, SiteSelection } from './site-selection.js';
import {
  DROPPED_SITES,
  namedSeries,
  type SelectedSites,
  type SiteSeries,
  siteSeries,
} from './site-series.js';
import { ZeroOnce } from './zero-once.js';

type SeriesByMetric = Map<PointMetric, readonly Series[]>;

const COUNTERS = ['allocated', 'allocations'] as const;
const IN_USE = ['retained', 'retainedObjects'] as const;

/**
 * Makes the series of one consumer: the instruments, whose series stay for the life of the process, or a
 * metric producer, whose series can end. Continues the series of an earlier profiler thread.
 */
export class MetricConsumer {
  readonly #isProducer: boolean;
  readonly #counters: ContinuedCounters;
  readonly #zeroOnce = new Map<PointMetric, ZeroOnce>();
  readonly #earlier: PointsAnswer | undefined;
  /** Reported sums of dropped series, by metric and series. */
  readonly #dropped = new Map<string, number>();
  /** Suspects that the instruments have reported. */
  readonly #suspected = new Set<string>();
  readonly #newSelection: NewSiteSelection;
  #selection: SiteSelection | undefined;

  constructor(consumer: number, newSelection: NewSiteSelection, earlier?: PointsAnswer) {
    this.#newSelection = newSelection;
    this.#isProducer = consumer !== INSTRUMENTS;
    this.#earlier = earlier;
    this.#counters = new ContinuedCounters(earlier);
  }

  get earlier(): PointsAnswer | undefined {
    return this.#earlier;
  }

  /** Number of call sites so far that got no series because too many have had one. */
  get refused(): number {
    return this.#selection?.refused ?? 0;
  }

  /** Selects call sites again, after the component was renamed: they are identified by its name too. */
  selectAnew(): void {
    this.#selection = undefined;
  }

  /** Returns the series of call sites, and the time to the limit. */
  sites(request: PointsRequest, moment: Moment): SeriesByMetric {
    const { sites: wanted } = request;
    const selected = wanted && this.#select(wanted, moment);
    const series = selected && siteSeries(selected, wanted, moment.component);
    const result: SeriesByMetric = new Map();
    if (wanted && selected && series) this.#addCounters(result, wanted, selected, series, moment);
    for (const metric of IN_USE) result.set(metric, this.#fading(metric, series?.[metric] ?? [], request));
    const growth = wanted && series ? this.#growth(wanted, series, moment) : [];
    result.set('growth', this.#fading('growth', growth, request));
    if (wanted && this.#isProducer) result.set('timeToLimit', timeToLimit(moment));
    return result;
  }

  /** Returns series of the profiler's own metrics, with the counters continued. */
  continued(metric: PointMetric, series: readonly Series[]): readonly Series[] {
    return METRICS[metric].kind === 'counter' ? this.#counters.keepGone(metric, series) : series;
  }

  #select(wanted: SitesWanted, moment: Moment): SelectedSites {
    this.#selection ??= this.#newSelection(wanted, this.#isProducer);
    return this.#selection.select(moment);
  }

  #addCounters(
    result: SeriesByMetric,
    wanted: SitesWanted,
    { dropped }: SelectedSites,
    series: SiteSeries,
    { component }: Moment,
  ): void {
    for (const metric of COUNTERS) {
      const counters = series[metric];
      if (!dropped) {
        result.set(metric, this.#counters.keepGone(metric, counters));
        continue;
      }
      const sum = namedSeries(DROPPED_SITES, wanted, component, dropped[metric]);
      const all = this.#counters.dropGone(metric, counters, sum, wanted.withDropped);
      result.set(
        metric,
        all.flatMap((one) => (one.key === sum.key ? this.#droppedSum(metric, one, wanted) : one)),
      );
    }
  }

  /** Returns the sum of dropped series. It does not fall when one of them continues, because it is a counter. */
  #droppedSum(metric: PointMetric, sum: Series, { withDropped }: SitesWanted): readonly Series[] {
    const key = `${metric} ${sum.key}`;
    const value = Math.max(sum.value, this.#dropped.get(key) ?? 0);
    this.#dropped.set(key, value);
    return withDropped && value > 0 ? [{ ...sum, value }] : [];
  }

  #fading(metric: PointMetric, series: readonly Series[], request: PointsRequest): readonly Series[] {
    const zeroOnce = this.#zeroOnce.get(metric) ?? new ZeroOnce(seriesIn(this.#earlier, metric));
    this.#zeroOnce.set(metric, zeroOnce);
    return zeroOnce.next(series, request);
  }

  /** Returns the growth of the fastest suspects, and that of the others as one. */
  #growth(
    wanted: SitesWanted,
    { allocated }: SiteSeries,
    { component, suspects }: Moment,
  ): readonly Series[] {
    const { groupBy, maxCallSites } = wanted;
    const growth = growthOf(groupBy, suspects);
    const other = namedSeries(OTHER_SITES, wanted, component, 0);
    if (this.#isProducer) return withOther(growth, (_, rank) => rank < maxCallSites, other);
    // Suspects have the other series of call sites too, unless these get no more new ones.
    const known = new Set(allocated.map(({ key }) => key));
    const mayHave = ({ key }: Series) =>
      this.#suspected.size < 2 * maxCallSites || this.#suspected.has(key) || known.has(key);
    return withOther(
      growth,
      (series) => {
        const isChosen = mayHave(series);
        if (isChosen) this.#suspected.add(series.key);
        return isChosen;
      },
      other,
    );
  }
}

/**
 * Returns the time to the limit; no series if there is none, also for an infinite one, which JSON cannot
 * express.
 */
function timeToLimit({ secondsToLimit }: Moment): readonly Series[] {
  return secondsToLimit !== undefined && Number.isFinite(secondsToLimit)
    ? [seriesOf({}, secondsToLimit)]
    : [];
}

function seriesIn(answer: PointsAnswer | undefined, metric: PointMetric): Series[] {
  return (answer?.points ?? [])
    .filter((points) => points.metric === metric)
    .flatMap(({ attributes, values }) =>
      attributes.map((each, at) => ({ key: keyOf(each), attributes: each, value: values[at] ?? 0 })),
    );
}
