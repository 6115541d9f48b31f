import { HttpError } from '@heapray/exporter/http';

/** Maximum number of waiting requests: of one client, and of all clients. */
const MAX_OF_CLIENT = 8;
const MAX_WAITING = 32;

/** Bounds the requests that wait for the next poll. One client alone cannot take all places. */
export class RequestPlaces {
  readonly #byClient = new Map<string, number>();
  #waiting = 0;

  /**
   * Runs the wait of a client's request while it holds a place.
   *
   * @throws HttpError 429 (rejects) when the client, or all clients together, have no place left
   */
  async wait(client: string, millis: number, wait: () => Promise<void>): Promise<void> {
    const own = this.#byClient.get(client) ?? 0;
    if (own >= MAX_OF_CLIENT || this.#waiting >= MAX_WAITING) throw tooMany(millis);
    this.#byClient.set(client, own + 1);
    this.#waiting++;
    try {
      await wait();
    } finally {
      this.#waiting--;
      const left = (this.#byClient.get(client) ?? 1) - 1;
      if (left > 0) this.#byClient.set(client, left);
      else this.#byClient.delete(client);
    }
  }
}

/**
 * Returns the 429 error.
 *
 * @param millis time until asking again makes sense
 */
export function tooMany(millis: number): HttpError {
  const seconds = Math.max(1, Math.ceil(millis / 1000));
  return new HttpError(
    429,
    `profiles are asked for more often than the CPU budget allows; ask again in ${seconds} s`,
    seconds,
  );
}
