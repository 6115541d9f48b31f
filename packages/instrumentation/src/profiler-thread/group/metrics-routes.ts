import type { HttpAnswer, HttpHandler, HttpRequest } from '@heapray/exporter/http';
import {
  BAD_GATEWAY,
  type GatherDeps,
  type Gathered,
  Gatherer,
  isPage,
  type Routes,
  textOf,
} from './gather.js';
import type { MetricsText } from './merge/merged-metrics.js';

/** Path of the page of metrics. */
export const METRICS = '/metrics';
export const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

/** Time for a process to answer, in ms. Prometheus waits 10 s. */
const ANSWER_MILLIS = 3_000;

/**
 * Returns the pages of a group's metrics: those of all processes in one. A process that ends is on the next page for the
 * last time, with the values that it had on the last one. While there is only one process, it is the page of that.
 */
export function metricsRoutes(deps: GatherDeps): Routes {
  const pages = new GroupMetrics(deps);
  const own = deps.own.get(METRICS)!;
  const handler: HttpHandler = (request) =>
    request.method === 'HEAD' || !deps.group.isShared ? own(request) : pages.answer(request);
  return new Map([[METRICS, handler]]);
}

class GroupMetrics {
  readonly #gatherer: Gatherer;
  /** Last page of each process, by its number in the group. */
  readonly #last = new Map<number, MetricsText>();
  /** The page in work, for all who ask meanwhile. */
  #working: Promise<HttpAnswer> | undefined;

  constructor(deps: GatherDeps) {
    this.#gatherer = new Gatherer(deps);
  }

  answer(request: HttpRequest): Promise<HttpAnswer> {
    // The first client must not abort the page: others may wait for it.
    const { signal } = new AbortController();
    this.#working ??= this.#make({ ...request, query: new URLSearchParams(), signal }).finally(() => {
      this.#working = undefined;
    });
    return this.#working;
  }

  async #make(request: HttpRequest): Promise<HttpAnswer> {
    const answers = await this.#gatherer.all(request, ANSWER_MILLIS);
    const pages = answers.filter(isPage);
    for (const gathered of answers) {
      // A process that does not answer in time is counted already.
      if (!isPage(gathered) && gathered.answer.status !== BAD_GATEWAY) this.#gatherer.missed();
    }
    const ended = this.#ended(answers);
    const texts = [...pages.map(textFrom), ...ended];
    if (texts.length === 0) return answers[0]!.answer;
    for (const { id, ...page } of pages.map((each) => ({ id: each.id, ...textFrom(each) })))
      this.#last.set(id, page);
    const { mergedMetrics } = await import('./merge/merged-metrics.js');
    return { type: PROMETHEUS_TEXT, body: mergedMetrics(texts, () => this.#gatherer.missed()) };
  }

  /** Returns the last pages of processes that have ended, and forgets them. */
  #ended(answers: readonly Gathered[]): MetricsText[] {
    const ids = new Set(answers.map(({ id }) => id));
    const pids = new Set(answers.map(({ pid }) => pid));
    const ended: MetricsText[] = [];
    for (const [id, page] of this.#last) {
      if (ids.has(id)) continue;
      this.#last.delete(id);
      // The system gives a process id again, and a process can leave a group and join it again.
      if (!pids.has(page.pid)) ended.push(page);
      pids.add(page.pid);
    }
    return ended;
  }
}

/** Status of a process whose main thread does not answer. */
export const BUSY = 503;

function textFrom({ pid, component, answer }: Gathered): MetricsText {
  return { pid, component, text: textOf(answer) };
}
