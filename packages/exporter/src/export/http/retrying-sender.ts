import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { type ExportClock, pause } from '../export-clock.js';
import { quoted, reasonOf } from '../export-log.js';
import { type HttpTarget, urlText } from './http-target.js';
import { retryAfterMillis } from './retry-after.js';
import { type HttpAnswer, sendOverHttp, type Transport } from './transport.js';

/** End of an attempt to send a body. */
export type SendOutcome =
  /** The receiver answered 2xx. */
  | { readonly kind: 'answered'; readonly answer: HttpAnswer }
  /** It refused the body for good. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It could not be reached, or has no capacity. Another attempt may succeed. */
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface SenderDeps {
  readonly clock: ExportClock;
  /** Default: {@link sendOverHttp}. */
  readonly transport?: Transport | undefined;
}

/** Statuses after which the same body may be accepted later. */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const FIRST_BACKOFF_MILLIS = 1_000;
const MAX_BACKOFF_MILLIS = 30_000;
const gzipAsync = promisify(gzip);

/** Returns the body as it is sent. */
export async function compressed(
  body: Uint8Array,
  compression: HttpTarget['compression'],
): Promise<Uint8Array> {
  return compression === 'gzip' ? gzipAsync(body, { level: constants.Z_BEST_SPEED }) : body;
}

/**
 * Sends bodies by POST. Repeats an attempt that failed for lack of a connection or capacity, with exponential backoff and
 * jitter, until the timeout of the target. Follows no redirects.
 */
export class RetryingSender {
  readonly #target: HttpTarget;
  readonly #clock: ExportClock;
  readonly #transport: Transport;
  readonly #ended: AbortController = new AbortController();
  /** Steady time before which the receiver wants no request. */
  #notBefore = 0;

  constructor(target: HttpTarget, { clock, transport = sendOverHttp }: SenderDeps) {
    this.#target = target;
    this.#clock = clock;
    this.#transport = transport;
  }

  /**
   * Sends a body. Never rejects.
   *
   * @param body as it is sent, compressed where the target says so
   */
  async send(body: Uint8Array, contentType: string): Promise<SendOutcome> {
    const { timeoutMillis, compression, headers } = this.#target;
    const clock = this.#clock;
    const until = clock.steady() + timeoutMillis;
    const wait = this.#notBefore - clock.steady();
    if (wait >= timeoutMillis) return this.#unavailable(`it asked for a pause of ${seconds(wait)} more`);
    if (wait > 0) await pause(clock, wait, this.#ended.signal);
    const all = {
      ...headers,
      'Content-Type': contentType,
      ...(compression === 'gzip' && { 'Content-Encoding': 'gzip' }),
    };
    for (let attempt = 0; ; attempt += 1) {
      const left = until - clock.steady();
      const tried = await this.#attempt(all, body, left);
      if (tried.outcome.kind !== 'unavailable' || this.#ended.signal.aborted) return tried.outcome;
      const delay = tried.waitMillis ?? this.#backoff(attempt);
      if (tried.waitMillis !== undefined) this.#notBefore = clock.steady() + delay;
      if (clock.steady() + delay >= until) return tried.outcome;
      await pause(clock, delay, this.#ended.signal);
      if (this.#ended.signal.aborted) return tried.outcome;
    }
  }

  /** Ends the request under way. */
  abort(): void {
    this.#ended.abort(new Error('the exporter ends'));
  }

  async #attempt(
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    millis: number,
  ): Promise<{ readonly outcome: SendOutcome; readonly waitMillis?: number | undefined }> {
    // AbortSignal.any leaks here: on some versions of Node, each of its signals stays known to that of the exporter.
    const stop = new AbortController();
    const { signal } = stop;
    const cancel = this.#clock.after(millis, () =>
      stop.abort(new Error(`no answer within ${seconds(this.#target.timeoutMillis)}`)),
    );
    const end = () => stop.abort(this.#ended.signal.reason);
    this.#ended.signal.addEventListener('abort', end);
    if (this.#ended.signal.aborted) end();
    try {
      signal.throwIfAborted();
      const answer = await this.#transport(this.#target, headers, body, signal);
      const outcome = this.#judge(answer);
      if (outcome.kind !== 'unavailable') return { outcome };
      return { outcome, waitMillis: retryAfterMillis(answer.headers['retry-after'], this.#clock.now()) };
    } catch (error) {
      const reason = signal.aborted ? reasonOf(signal.reason) : connectionText(error);
      return { outcome: this.#unavailable(reason) };
    } finally {
      cancel();
      this.#ended.signal.removeEventListener('abort', end);
    }
  }

  /** Returns the time to wait before the next attempt, in ms: half of it is random, so that senders spread out. */
  #backoff(attempt: number): number {
    const longest = Math.min(FIRST_BACKOFF_MILLIS * 2 ** attempt, MAX_BACKOFF_MILLIS);
    return longest * (0.5 + this.#clock.random() / 2);
  }

  #judge(answer: HttpAnswer): SendOutcome {
    const { status } = answer;
    if (status >= 200 && status < 300) return { kind: 'answered', answer };
    const text = `status ${status}${this.#messageIn(answer)}`;
    if (RETRYABLE.has(status)) return this.#unavailable(text);
    const reason =
      status >= 300 && status < 400
        ? `status ${status}: redirects are not followed; set the endpoint to the final address`
        : text;
    return { kind: 'refused', reason: `${urlText(this.#target.url)}: ${reason}` };
  }

  #unavailable(reason: string): SendOutcome {
    return { kind: 'unavailable', reason: `${urlText(this.#target.url)}: ${reason}` };
  }

  /** Returns the start of a text answer, without the values of our own headers. Empty for other answers. */
  #messageIn({ headers, body }: HttpAnswer): string {
    if (!/^(?:text\/plain|application\/json)\b/.test(headers['content-type'] ?? '')) return '';
    let text = Buffer.from(body).toString('utf8');
    for (const value of secretsOf(this.#target.headers)) text = text.replaceAll(value, '***');
    const shown = quoted(text);
    return shown === '' ? '' : ` (${shown})`;
  }
}

/** Returns the values of headers and the words in them, such as a token without `Bearer`. */
function secretsOf(headers: Readonly<Record<string, string>>): readonly string[] {
  const parts = Object.values(headers).flatMap((value) => [value, ...value.split(/\s+/)]);
  return parts.filter((part) => part.length >= 4);
}

function connectionText(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  // An error for several addresses has no message of its own.
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  const text = reasonOf(errors[0] ?? error);
  return text.includes(code.slice(2, -1)) ? text : `${text}${code}`;
}

function seconds(millis: number): string {
  return `${Math.ceil(millis / 100) / 10} s`;
}
