import type { LastAnswers, PointsAnswer, PointsRequest } from '../../protocol/metric-points.js';
import { SafeMap } from '../../protocol/primordials.js';
import { containAsync } from '../containment/contain.js';

/** A request without its numbers. */
export type PointsWanted = Omit<PointsRequest, 'request' | 'answered'>;

/** Sends requests in one message; resolves to their answers, or to undefined if none come in time. */
type Ask = (requests: readonly PointsRequest[]) => Promise<readonly PointsAnswer[] | undefined>;

/** The requests of one turn. */
interface Batch {
  readonly requests: PointsRequest[];
  readonly answers: Promise<readonly PointsAnswer[] | undefined>;
}

/**
 * Requests metric points from the profiler thread. Sends what is requested in one turn, as by a reader for
 * its instruments and its producer, in one message. Keeps the last answers, for the time without a profiler
 * thread and for the next one.
 */
export class MetricRequests {
  readonly #ask: Ask;
  readonly #failed: (thrown: unknown) => void;
  readonly #last = new SafeMap<number, PointsAnswer>();
  #batch: Batch | undefined;
  #requests = 0;

  /** @param failed called with what `ask` or the application's built-ins throw */
  constructor(ask: Ask, failed: (thrown: unknown) => void) {
    this.#ask = ask;
    this.#failed = failed;
  }

  /** Last answer to each consumer. */
  get lastAnswers(): LastAnswers {
    return [...this.#last];
  }

  /** Returns the points; without an answer in time, the last ones again, or undefined. Never rejects. */
  async points(wanted: PointsWanted): Promise<PointsAnswer | undefined> {
    const { consumer } = wanted;
    await containAsync(async () => {
      const answered = this.#last.get(consumer)?.request ?? 0;
      const batch = this.#batch ?? this.#newBatch();
      const at = batch.requests.length;
      batch.requests[at] = { ...wanted, request: ++this.#requests, answered };
      const answer = (await batch.answers)?.[at];
      if (answer) this.#last.set(consumer, answer);
    }, this.#failed);
    return this.#last.get(consumer);
  }

  #newBatch(): Batch {
    const requests: PointsRequest[] = [];
    const send = async () => {
      // Wait until the reader has asked for everything that it wants.
      await undefined;
      this.#batch = undefined;
      return this.#ask(requests);
    };
    this.#batch = { requests, answers: containAsync(send, this.#failed) };
    return this.#batch;
  }
}
