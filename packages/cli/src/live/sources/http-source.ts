import { decodePprof } from '@heapray/exporter/pprof';
import { callSitesOnly, type Profile } from '@heapray/exporter/profile';
import { CommandError, codeOf, messageOf } from '../../errors.js';
import type { LivePoll, LiveSource, LiveState } from '../live-state.js';
import { type OverviewState, overviewUrl, readOverview } from './overview.js';
import { tokenHeaders } from './token-headers.js';

export interface HttpSourceOptions {
  readonly intervalMillis: number;
  /** Component of `heapray watch`; undefined for a debug server. */
  readonly component: string | undefined;
  /** True to wait for the server when it is gone. */
  readonly isWaiting: boolean;
}

const PROFILE_PATH = '/debug/pprof/heap';
const TIMEOUT_MILLIS = 30_000;
const START_TOLERANCE_MILLIS = 1_000;
/** Time between two requests for the overview, in ms; and after one that was not answered. */
const OVERVIEW_MILLIS = 10_000;
const NO_OVERVIEW_MILLIS = 60_000;
/** Time until the next try while no server listens, in ms. */
const RETRY_MILLIS = 500;
/** Largest response. Larger profiles do not occur: the profiler limits the number of its stacks. */
const MAX_BYTES = 256 * 2 ** 20;
const MAX_ERROR_CHARS = 300;
const NANOS_PER_MILLI = 1_000_000n;
const SUSPECT = /^leak suspected: /;
/** Codes of a connection that no server accepts, or that it has closed. */
const ABSENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'EHOSTUNREACH',
]);

/** Returns the URL of the heap profile of a server. An address may already be that of the profile. */
export function profileUrl(address: URL, component: string | undefined): URL {
  const url = new URL(address);
  if (!url.pathname.endsWith(PROFILE_PATH)) {
    url.pathname = `${url.pathname.replace(/\/(?:debug\/(?:pprof\/?|ui\/?)?)?$/, '')}${PROFILE_PATH}`;
  }
  url.hash = '';
  if (component !== undefined) url.searchParams.set('component', component);
  return url;
}

/** The heap profile of a heapray debug server, or of `heapray watch`. */
export class HttpSource implements LiveSource {
  readonly name: string;
  readonly intervalMillis: number;
  readonly #url: URL;
  readonly #options: HttpSourceOptions;
  #isConnected = false;
  /** Start of the current run on the clock of the server, in ms since the Unix epoch; 0 if unknown. */
  #runStart = 0;
  #overview: OverviewState | undefined;
  /** Time of the next request for the overview. */
  #overviewDue = 0;

  constructor(address: URL, options: HttpSourceOptions) {
    this.#url = profileUrl(address, options.component);
    this.#options = options;
    this.name = this.#url.href;
    this.intervalMillis = options.intervalMillis;
  }

  async poll(signal: AbortSignal): Promise<LivePoll> {
    let response: Response;
    let body: Uint8Array;
    try {
      const timeout = AbortSignal.timeout(TIMEOUT_MILLIS);
      response = await fetch(this.#url, {
        signal: AbortSignal.any([signal, timeout]),
        redirect: 'manual',
        headers: tokenHeaders(),
      });
      body = await bodyOf(response);
    } catch (cause) {
      return this.#handleFailure(cause);
    }
    if (response.status !== 200) return this.#handleStatus(response, body);
    this.#isConnected = true;
    await this.#refreshOverview(signal);
    return { state: this.#stateOf(body), status: '' };
  }

  reconnect(): void {}

  async close(): Promise<void> {}

  /** Reads the overview more rarely than the profile: it costs the program another poll, and changes slowly. */
  async #refreshOverview(signal: AbortSignal): Promise<void> {
    const now = performance.now();
    if (now < this.#overviewDue) return;
    this.#overview = await readOverview(overviewUrl(this.#url), this.#options.component, signal);
    this.#overviewDue = now + (this.#overview === undefined ? NO_OVERVIEW_MILLIS : OVERVIEW_MILLIS);
  }

  #stateOf(body: Uint8Array): LiveState {
    let profile: Profile;
    try {
      // The header shows the resident memory.
      profile = callSitesOnly(decodePprof(body));
    } catch (cause) {
      throw new CommandError(`${this.name}: ${messageOf(cause)}`, { cause });
    }
    if (!profile.columns.some(({ type }) => type === 'inuse_space')) {
      throw new CommandError(`${this.name}: the profile has no column inuse_space`);
    }
    const { timeNanos, durationNanos, comments } = profile;
    const nowMillis = Date.now();
    const { component } = this.#options;
    return {
      // The clock of this machine: that of the server may differ, and a profile of an ended program has its end as time.
      atMillis: nowMillis,
      run: this.#runOf(timeNanos - durationNanos, durationNanos > 0n),
      program: component === undefined ? this.#url.origin : `${component} at ${this.#url.origin}`,
      startMillis: durationNanos > 0n ? nowMillis - Number(durationNanos / NANOS_PER_MILLI) : undefined,
      profile,
      residentParts: [],
      facts: [],
      warnings: comments.filter((comment) => SUSPECT.test(comment)),
      ...this.#overview,
    };
  }

  /** Returns the name of the run that began at this time. Rounding may shift the time a little between two profiles. */
  #runOf(startNanos: bigint, isKnown: boolean): string {
    const startMillis = isKnown ? Number(startNanos / NANOS_PER_MILLI) : 0;
    if (Math.abs(startMillis - this.#runStart) > START_TOLERANCE_MILLIS) this.#runStart = startMillis;
    return `${this.#runStart}`;
  }

  #handleStatus({ status, headers }: Response, body: Uint8Array): LivePoll {
    const reason = Buffer.from(body.subarray(0, MAX_ERROR_CHARS)).toString('utf8').split('\n', 1)[0]!.trim();
    const answer = `HTTP ${status}${reason === '' ? '' : `: ${reason}`}`;
    const isTemporary = status === 429 || status >= 500;
    if (!isTemporary) throw new CommandError(`${this.name}: ${answer}`);
    const waitMillis = Math.max(
      this.intervalMillis,
      retryAfterMillis(headers.get('retry-after'), Date.now()),
    );
    return {
      state: undefined,
      status: `${answer}; trying again in ${Math.round(waitMillis / 1000)} s`,
      waitMillis,
    };
  }

  #handleFailure(thrown: unknown): LivePoll {
    if (thrown instanceof CommandError) throw thrown;
    const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
    if (isTimeout(thrown)) return { state: undefined, status: `no answer in ${TIMEOUT_MILLIS / 1000} s` };
    if (!isAbsent(cause)) throw new CommandError(`${this.name}: ${messageOf(cause)}`, { cause: thrown });
    if (this.#isConnected && !this.#options.isWaiting) {
      const message = 'the program has ended, or does not listen any more';
      return { state: undefined, status: message, end: { kind: 'lost', message } };
    }
    return { state: undefined, status: `waiting for ${this.#url.origin}`, waitMillis: RETRY_MILLIS };
  }
}

/** Reads a body of limited size. */
async function bodyOf(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > MAX_BYTES)
      throw new CommandError(`${response.url}: the response has more than ${MAX_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Returns the time of a `Retry-After` in ms: seconds, or a date. 0 without one. */
export function retryAfterMillis(header: string | null, nowMillis: number): number {
  if (header === null) return 0;
  if (/^\d{1,6}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - nowMillis);
}

function isTimeout(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'TimeoutError';
}

/** Returns whether no server listens. Several addresses of a name are tried, and one that is refused is enough. */
function isAbsent(cause: unknown): boolean {
  if (cause instanceof AggregateError) return cause.errors.some(isAbsent);
  return ABSENT.has(codeOf(cause) ?? '');
}
