import type { LastAnswers, PointsAnswer, PointsRequest } from '../../protocol/metric-points.js';
import { SafeMap, SafePromise } from '../../protocol/primordials.js';

/** A request without its numbers. */
export type PointsWanted = Omit<PointsRequest, 'request' | 'answered'>;

/** Sends requests in one message; resolves to their answers, or to undefined if none come in time. */
type Ask = (requests: readonly PointsRequest[]) => Promise<readonly PointsAnswer[] | undefined>;

interface Pending {
  readonly request: PointsRequest;
  readonly resolve: (answer: PointsAnswer | undefined) => void;
}

/**
 * Requests metric points from the profiler thread. Sends what is requested in one turn, as by a reader for its instruments
 * and its producer, in one message. Keeps the last answers, for the time without a profiler thread and for the next one.
 */
export class MetricRequests {
  readonly #ask: Ask;
  readonly #last = new SafeMap<number, PointsAnswer>();
  #pending: Pending[] = [];
  #requests = 0;

  /** @param ask must not throw, and its promise not reject */
  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Last answer to each consumer. */
  get lastAnswers(): LastAnswers {
    return [...this.#last];
  }

  /** Returns the points; without an answer in time, the last ones again, or undefined. Never rejects. */
  points(wanted: PointsWanted): Promise<PointsAnswer | undefined> {
    return new SafePromise((resolve) => {
      const answered = this.#last.get(wanted.consumer)?.request ?? 0;
      this.#pending.push({ request: { ...wanted, request: ++this.#requests, answered }, resolve });
      if (this.#pending.length === 1) void this.#send();
    });
  }

  async #send(): Promise<void> {
    // Wait until the reader has asked for everything that it wants.
    await undefined;
    const pending = this.#pending;
    this.#pending = [];
    const answers = await this.#ask(pending.map(({ request }) => request));
    pending.forEach(({ request: { consumer }, resolve }, at) => {
      const answer = answers?.[at];
      if (answer) this.#last.set(consumer, answer);
      resolve(this.#last.get(consumer));
    });
  }
}
