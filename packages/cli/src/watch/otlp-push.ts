import type { MetricFamily, MetricPoint } from './prometheus-text.js';

export interface OtlpPushOptions {
  readonly intervalMillis: number;
  readonly note: (text: string) => void;
  /** Timeout of a request in ms. Default 10,000. */
  readonly timeoutMillis?: number;
  /** Timeout of the last request in ms. Default 3,000. */
  readonly lastTimeoutMillis?: number;
}

const SCOPE = 'heapray';
const TIMEOUT_MILLIS = 10_000;
/** Default for the last request: after a few seconds, supervisors kill the process. */
const LAST_TIMEOUT_MILLIS = 3_000;
const CUMULATIVE = 2;
/** OTLP's data point flag for a series that has ended. */
const NO_RECORDED_VALUE = 1;

/**
 * Sends metrics by OTLP over HTTP, as JSON, at regular intervals. A failure is reported once. The next request makes up
 * for it, because values are cumulative.
 */
export class OtlpPush {
  readonly #url: URL;
  readonly #options: OtlpPushOptions;
  readonly #closing: AbortController = new AbortController();
  #due = 0;
  #running: Promise<void> | undefined;
  #failed = false;
  /** The metrics last received by the receiver. */
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

  /** Aborts an unanswered request, and sends the last values. Resolves after `lastTimeoutMillis` at the latest. */
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
      // Ignore: the next request has newer values, and will show whether the receiver responds.
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

/** Returns the endpoint by the rule of OpenTelemetry's exporters: the path of the signal is added. */
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
 * Returns an ExportMetricsServiceRequest in OTLP's JSON.
 *
 * @param before the metrics sent last: series that are missing now are marked as ended
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

/** Encodes attributes. Numbers are integers, and 64-bit integers are strings in OTLP's JSON. */
function attributes(record: MetricPoint['attributes']): unknown {
  return Object.entries(record).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: `${value}` } : { stringValue: value.toWellFormed() },
  }));
}

/** Encodes a time. 64-bit integers are strings in OTLP's JSON. */
function nanos(millis: number): string {
  return `${Math.max(0, Math.round(millis))}000000`;
}
