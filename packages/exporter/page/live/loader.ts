import { request } from './request.ts';
import { backOffSeconds } from './retry.ts';

/** State of what is loaded. */
export type LoadState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'loading'; readonly sinceMillis: number }
  /** To be tried again by itself. */
  | { readonly kind: 'waiting'; readonly message: string; readonly untilMillis: number }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'loaded' };

/** Callbacks of a {@link Loader}. */
export interface LoaderEvents {
  /** Reads the answer; a thrown Error has a message for the user. */
  readonly loaded: (text: string) => void;
  readonly changed: (state: LoadState) => void;
}

/** Loads one URL at a time, and tries again while the server is busy or gone. */
export class Loader {
  readonly #events: LoaderEvents;
  #url: string | undefined;
  #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  constructor(events: LoaderEvents) {
    this.#events = events;
  }

  /** URL that is loaded, or being loaded. */
  get url(): string | undefined {
    return this.#url;
  }

  load(url: string): void {
    this.cancel();
    this.#url = url;
    this.#failures = 0;
    void this.#try(url);
  }

  /** Tries again at once. */
  retry(): void {
    if (this.#url !== undefined) this.load(this.#url);
  }

  /** Ends what is under way; nothing is called for it any more. */
  cancel(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    clearTimeout(this.#timer);
    this.#url = undefined;
  }

  async #try(url: string): Promise<void> {
    const { signal } = this.#abort;
    this.#events.changed({ kind: 'loading', sinceMillis: Date.now() });
    const answer = await request(url, signal);
    if (signal.aborted || answer.kind === 'aborted') return;
    if (answer.kind === 'text') this.#read(answer.text);
    else if (answer.kind === 'refused') this.#events.changed({ kind: 'failed', message: answer.message });
    else if (answer.kind === 'busy') this.#wait(url, answer.message, answer.retrySeconds);
    else this.#wait(url, 'no answer from the server', backOffSeconds(++this.#failures));
  }

  #read(text: string): void {
    try {
      this.#events.loaded(text);
    } catch (error) {
      const message = error instanceof Error ? error.message : 'unknown';
      this.#events.changed({ kind: 'failed', message: `the data cannot be read: ${message}` });
      return;
    }
    this.#events.changed({ kind: 'loaded' });
  }

  #wait(url: string, message: string, seconds: number): void {
    this.#events.changed({ kind: 'waiting', message, untilMillis: Date.now() + 1000 * seconds });
    this.#timer = setTimeout(() => void this.#try(url), 1000 * seconds);
  }
}
