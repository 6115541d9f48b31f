import { MetricRequests } from '../../src/main-thread/profiler/metric-requests.js';
import {
  type MetricPointsDeps,
  MetricPointsSource,
} from '../../src/profiler-thread/metrics/metric-points-source.js';
import { PollDurationBuckets } from '../../src/profiler-thread/stats/poll-durations.js';
import type { LastAnswers, PointsAnswer, PointsRequest } from '../../src/protocol/metric-points.js';
import type { HeapView } from './heap-views.js';

export interface FakeTimes {
  readonly startedMillis?: number;
  readonly nowMillis?: () => number;
}

/** Makes the points of a profiler thread that shows a view, by the real code behind the selection of call sites. */
export function sourceOf(
  view: () => HeapView,
  { startedMillis = 0, nowMillis = () => 60_000 }: FakeTimes = {},
  earlier: LastAnswers = [],
  more: Partial<MetricPointsDeps> = {},
): MetricPointsSource {
  return new MetricPointsSource({
    sources: { all: [] },
    component: 'api',
    startedMillis,
    epochMillis: nowMillis,
    suspects: () => view().suspects,
    secondsToLimit: () => view().secondsToLimit,
    figures: () => view().profiler,
    state: () => {
      const { mode, noneReason, pollMillis, memoryBytes, kernel } = view().profiler;
      const pollDurations = new PollDurationBuckets();
      for (const millis of pollMillis) pollDurations.add(millis);
      return { mode, noneReason, pollDurations, memoryBytes, kernel };
    },
    earlier,
    newSelection: () => ({ refused: 0, select: () => view().sites }),
    ...more,
  });
}

/** Makes requests that are answered by this function; what it throws fails the test. */
export function requestsFrom(
  answer: (requests: readonly PointsRequest[]) => Promise<readonly PointsAnswer[] | undefined>,
): MetricRequests {
  return new MetricRequests(answer, (thrown) => {
    throw thrown;
  });
}

/** Makes requests to a profiler thread that shows a view; undefined if it does not answer. */
export function requestsTo(view: () => HeapView | undefined, times: FakeTimes = {}): MetricRequests {
  const source = sourceOf(() => view()!, times);
  return requestsFrom(async (requests) => (view() ? structuredClone(source.answers(requests)) : undefined));
}
