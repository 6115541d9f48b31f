import { expect, test, vi } from 'vitest';
import { MetricRequests } from '../../../src/main-thread/profiler/metric-requests.js';
import type { PointsAnswer, PointsRequest } from '../../../src/protocol/metric-points.js';

/** Makes requests to a profiler thread that answers while it may. */
function newRequests() {
  const asked: (readonly PointsRequest[])[] = [];
  const thread = { isAnswering: true, failure: undefined as Error | undefined };
  const failed = vi.fn();
  const requests = new MetricRequests(async (wanted) => {
    if (thread.failure) throw thread.failure;
    asked.push(wanted);
    if (!thread.isAnswering) return undefined;
    return wanted.map(({ request }): PointsAnswer => {
      return { request, points: [], profiler: undefined, startedMillis: 0, nowMillis: request };
    });
  }, failed);
  const points = (consumer: number) => requests.points({ consumer, sites: undefined, withOwn: false });
  return { asked, thread, failed, requests, points };
}

test('go together in one message if they are made in one turn', async () => {
  const { asked, points } = newRequests();
  const answers = await Promise.all([points(0), points(1)]);
  expect(asked.map((wanted) => wanted.map(({ consumer }) => consumer))).toEqual([[0, 1]]);
  expect(answers.map((answer) => answer?.request)).toEqual([1, 2]);
  await points(0);
  expect(asked).toHaveLength(2);
});

test('repeat the last answer of the same consumer without a new one', async () => {
  const { thread, points, requests } = newRequests();
  await points(0);
  thread.isAnswering = false;
  expect((await points(0))?.request).toBe(1);
  expect(await points(1)).toBeUndefined();
  expect(requests.lastAnswers).toEqual([[0, expect.objectContaining({ request: 1 })]]);
});

test('say which answer came last', async () => {
  const { asked, thread, points } = newRequests();
  await points(0);
  thread.isAnswering = false;
  await points(0);
  thread.isAnswering = true;
  await points(0);
  await points(0);
  expect(asked.flat().map(({ request, answered }) => [request, answered])).toEqual([
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 3],
  ]);
});

test('never reject: what is thrown is reported, and the last answer repeated', async () => {
  const { thread, failed, points } = newRequests();
  await points(0);
  thread.failure = new Error('no thread');
  const answers = await Promise.all([points(0), points(1)]);
  expect(answers.map((answer) => answer?.request)).toEqual([1, undefined]);
  expect(failed.mock.calls).toEqual([[thread.failure]]);
});
