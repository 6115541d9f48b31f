import { setTimeout as delay } from 'node:timers/promises';
import { onEndingSignal } from '../io/ending-signals.js';
import type { LiveEnd, LivePoll, LiveSource } from './live-state.js';
import type { LiveView, ViewHandlers } from './live-view.js';
import type { LiveModel } from './model/live-model.js';

/** Largest part of the time for reading and drawing, so that a large capture does not take a whole processor. */
const MAX_BUSY_SHARE = 0.2;
/** Longest time of a timer, in ms. */
const FOREVER = 2 ** 31 - 1;

export interface SessionOptions {
  readonly source: LiveSource;
  readonly model: LiveModel;
  /** Creates the view. */
  openView(handlers: ViewHandlers): LiveView;
}

/**
 * Shows a source until it ends or the user leaves. Resolves to the end of the source; undefined if the user has left. A
 * signal closes the view, and then ends the process as usual.
 *
 * @throws CommandError (rejects) if the source cannot be read
 */
export async function runSession(options: SessionOptions): Promise<LiveEnd | undefined> {
  let signalled: NodeJS.Signals | undefined;
  const session = new Session(options);
  const forget = onEndingSignal((signal) => {
    signalled = signal;
    session.quit();
  });
  try {
    return await session.run();
  } finally {
    forget();
    await options.source.close();
    if (signalled !== undefined) process.kill(process.pid, signalled);
  }
}

class Session {
  readonly #source: LiveSource;
  readonly #model: LiveModel;
  readonly #view: LiveView;
  readonly #stop: AbortController = new AbortController();
  readonly #stopped: Promise<undefined>;
  /** Ends the current wait. */
  #wake: AbortController = new AbortController();
  #isReconnecting = false;

  constructor({ source, model, openView }: SessionOptions) {
    this.#source = source;
    this.#model = model;
    const { signal } = this.#stop;
    this.#stopped = new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    this.#view = openView({
      quit: () => this.quit(),
      reconnect: () => {
        this.#isReconnecting = true;
        this.#wake.abort();
      },
      resume: () => this.#wake.abort(),
    });
  }

  quit(): void {
    this.#stop.abort();
  }

  async run(): Promise<LiveEnd | undefined> {
    let end: LiveEnd | undefined;
    try {
      end = await this.#poll();
    } finally {
      this.#view.close(end);
    }
    return end;
  }

  /** Polls until the source has ended for the view, or the user has left. */
  async #poll(): Promise<LiveEnd | undefined> {
    for (;;) {
      this.#wake = new AbortController();
      if (this.#isReconnecting) this.#source.reconnect();
      this.#isReconnecting = false;
      const started = performance.now();
      const polling = this.#source.poll(this.#stop.signal);
      // A poll that is abandoned may fail later.
      polling.catch(() => {});
      const poll = await Promise.race([polling, this.#stopped]);
      if (poll === undefined || this.#stop.signal.aborted) return undefined;
      if (poll.state !== undefined) this.#model.update(poll.state);
      this.#view.show(poll);
      if (poll.end !== undefined && !this.#view.staysAfter(poll.end)) return poll.end;
      await this.#wait(this.#waitMillis(poll, performance.now() - started));
      while (this.#view.isPaused && !this.#stop.signal.aborted) {
        this.#wake = new AbortController();
        await this.#wait(undefined);
      }
      if (this.#stop.signal.aborted) return undefined;
    }
  }

  /** Returns the time until the next poll; undefined for until the user asks for it. */
  #waitMillis(
    { end, waitMillis = this.#source.intervalMillis }: LivePoll,
    busyMillis: number,
  ): number | undefined {
    if (end?.kind === 'lost') return undefined;
    return waitMillis === 0 ? 0 : Math.max(waitMillis, busyMillis / MAX_BUSY_SHARE - busyMillis);
  }

  async #wait(millis: number | undefined): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, this.#wake.signal]);
    await delay(millis ?? FOREVER, undefined, { signal }).catch(() => {});
  }
}
