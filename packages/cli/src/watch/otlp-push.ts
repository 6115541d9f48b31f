import type { MetricFamily, MetricPoint } from './prometheus-text.js';

export interface OtlpPushOptions {
  readonly intervalMillis: number;
  readonly note: (text: string) => void;
  /** Time that one request may take, ms. Default 10,000. */
  readonly timeoutMillis?: number;
  /** Time that the last request may take, ms. Default 3,000. */
  readonly lastTimeoutMillis?: number;
}

const SCOPE = 'heapray';
const TIMEOUT_MILLIS = 10_000;
/** Whoever ends heapray waits a few seconds only before the process is killed. */
const LAST_TIMEOUT_MILLIS = 3_000;
const CUMULATIVE = 2;
/** OTLP's flag of a data point that says that its series has ended. */
const NO_RECORDED_VALUE = 1;

/**
 * Sends metrics by OTLP over HTTP, as JSON, from time to time. What fails is said once and made good by the next
 * request, since values are cumulative.
 */
export class OtlpPush {
  readonly #url: URL;
  readonly #options: OtlpPushOptions;
  readonly #closing: AbortController = new AbortController();
  #due = 0;
  #running: Promise<void> | undefined;
  #failed = false;
  /** What the receiver knows. */
  #sent: readonly MetricFamily[] = [];

  constructor(url: URL, options: OtlpPushOptions) {
    this.#url = metricsUrl(url);
    this.#options = options;
  }

  sendWhenDue(families: () => readonly MetricFamily[]): void {
    const now = performance.now();
    if (this.#running !== undefined || now < this.#due) return;
    this.#due = now + this.#options.intervalMillis;
    const signal = AbortSignal.any([
      this.#closing.signal,
      timeout(this.#options.timeoutMillis ?? TIMEOUT_MILLIS),
    ]);
    this.#running = this.#send(families(), signal).finally(() => {
      this.#running = undefined;
    });
  }

  /** Gives up a request that was not answered yet, and sends the last values. Resolves when `lastTimeoutMillis` are over. */
  async close(families: () => readonly MetricFamily[]): Promise<void> {
    this.#closing.abort();
    await this.#running;
    await this.#send(families(), timeout(this.#options.lastTimeoutMillis ?? LAST_TIMEOUT_MILLIS));
  }

  async #send(families: readonly MetricFamily[], signal: AbortSignal): Promise<void> {
    try {
      const answer = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(otlpRequest(families, Date.now(), this.#sent)),
        signal,
      });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      this.#failed = false;
      this.#sent = families;
    } catch (error) {
      // The next request has newer values, and tells whether the receiver answers.
      if (error === this.#closing.signal.reason) return;
      if (!this.#failed) this.#options.note(`${this.#url.href}: metrics not sent: ${reasonOf(error)}`);
      this.#failed = true;
    }
  }
}

function timeout(millis: number): AbortSignal {
  const error = new Error(`no answer within ${millis / 1000} s`);
  const controller = new AbortController();
  setTimeout(() => controller.abort(error), millis).unref();
  return controller.signal;
}

/** The endpoint as OpenTelemetry's exporters take it: the path of the signal is added to a bare one. */
function metricsUrl(url: URL): URL {
  const full = new URL(url);
  if (!full.pathname.endsWith('/v1/metrics'))
    full.pathname = `${full.pathname.replace(/\/$/, '')}/v1/metrics`;
  return full;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}

/**
 * An ExportMetricsServiceRequest in OTLP's JSON.
 *
 * @param before what was sent last: series that are gone are told to have ended
 */
export function otlpRequest(
  families: readonly MetricFamily[],
  nowMillis: number,
  before: readonly MetricFamily[] = [],
): unknown {
  const resource = { attributes: attributes({ 'service.name': 'heapray-watch' }) };
  const metrics = families
    .map((family) => {
      const ended = endedPoints(
        family,
        before.find(({ name }) => name === family.name),
      );
      return metric(family, [...family.points, ...ended], nowMillis);
    })
    .filter((one) => one !== undefined);
  return { resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: SCOPE }, metrics }] }] };
}

function endedPoints({ points }: MetricFamily, before: MetricFamily | undefined): readonly EndedPoint[] {
  const known = new Set(points.map((point) => JSON.stringify(point.attributes)));
  const ended = (before?.points ?? []).filter((point) => !known.has(JSON.stringify(point.attributes)));
  return ended.map((point) => ({ attributes: point.attributes }));
}

/** The attributes of a series that has ended. */
type EndedPoint = Pick<MetricPoint, 'attributes'>;

function metric(
  { name, kind, unit, help }: MetricFamily,
  points: readonly (MetricPoint | EndedPoint)[],
  nowMillis: number,
): unknown {
  if (points.length === 0) return undefined;
  const dataPoints = points.map((point) => ({
    attributes: attributes(point.attributes),
    timeUnixNano: nanos(nowMillis),
    ...('value' in point ? recordedValue(point) : { flags: NO_RECORDED_VALUE }),
  }));
  const data =
    kind === 'counter'
      ? { sum: { dataPoints, aggregationTemporality: CUMULATIVE, isMonotonic: true } }
      : { gauge: { dataPoints } };
  return { name, unit, description: help, ...data };
}

function recordedValue({ value, startMillis }: MetricPoint): object {
  return {
    ...(startMillis === undefined ? {} : { startTimeUnixNano: nanos(startMillis) }),
    asDouble: value,
  };
}

/** Numbers are whole ones: 64-bit numbers are text in OTLP's JSON. */
function attributes(record: MetricPoint['attributes']): unknown {
  return Object.entries(record).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: `${value}` } : { stringValue: value.toWellFormed() },
  }));
}

/** 64-bit numbers are strings in OTLP's JSON. */
function nanos(millis: number): string {
  return `${Math.max(0, Math.round(millis))}000000`;
}
