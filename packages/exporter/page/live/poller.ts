import type { OverviewData } from '../../src/page/overview-data.ts';
import { readOverview } from './read-overview.ts';
import { request } from './request.ts';
import { backOffSeconds } from './retry.ts';

/** State of the connection to the server. */
export interface Connection {
  readonly kind: 'connecting' | 'live' | 'busy' | 'gone' | 'failed';
  /** The server's line, unless live. */
  readonly message: string;
  /** Time of the next request, in ms since the Unix epoch. */
  readonly nextMillis: number;
}

/** Shortest time between two requests, whatever the server says. */
const MIN_REFRESH_SECONDS = 1;
const FAILED_RETRY_SECONDS = 30;

/** Asks for the overview again and again: as often as the server says, later while it is busy or gone. */
export class Poller {
  readonly #url: string;
  readonly #changed: (connection: Connection, data: OverviewData | undefined) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #data: OverviewData | undefined;
  #isAsking = false;
  /** True if a request was due while the page was hidden. */
  #isDue = false;

  constructor(url: string, changed: (connection: Connection, data: OverviewData | undefined) => void) {
    this.#url = url;
    this.#changed = changed;
  }

  start(): void {
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.#isDue) this.now();
    });
    this.now();
  }

  /** Asks at once. */
  now(): void {
    if (this.#isAsking) return;
    clearTimeout(this.#timer);
    void this.#ask();
  }

  /** Asks unless the page is hidden, because each request costs the process a poll. */
  #askIfSeen(): void {
    this.#isDue = document.hidden;
    if (!this.#isDue) void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#isDue = false;
    this.#isAsking = true;
    const answer = await request(this.#url, AbortSignal.timeout(60_000));
    this.#isAsking = false;
    if (answer.kind === 'text') this.#read(answer.text);
    else if (answer.kind === 'busy') this.#next('busy', answer.message, answer.retrySeconds);
    else if (answer.kind === 'refused') this.#next('failed', answer.message, FAILED_RETRY_SECONDS);
    else this.#next('gone', 'no answer', backOffSeconds(++this.#failures));
  }

  #read(text: string): void {
    try {
      this.#data = readOverview(text);
    } catch (error) {
      const message = error instanceof Error ? error.message : 'unknown';
      this.#next('failed', `the data cannot be read: ${message}`, FAILED_RETRY_SECONDS);
      return;
    }
    this.#failures = 0;
    this.#next('live', '', Math.max(MIN_REFRESH_SECONDS, this.#data.refreshSeconds));
  }

  #next(kind: Connection['kind'], message: string, seconds: number): void {
    this.#timer = setTimeout(() => this.#askIfSeen(), 1000 * seconds);
    this.#changed({ kind, message, nextMillis: Date.now() + 1000 * seconds }, this.#data);
  }
}
