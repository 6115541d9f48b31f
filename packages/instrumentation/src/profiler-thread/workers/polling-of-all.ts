import type { PollLoop } from '../polling/poll-loop.js';
import type { Workers } from './workers.js';

/** The main thread's poll loop, except that a poll on request is one of all threads. */
export class PollingOfAll implements Pick<PollLoop, 'mode' | 'lastPollMillis' | 'cpuBudget' | 'pollNow'> {
  readonly #main: PollLoop;
  readonly #workers: Workers | undefined;

  constructor(main: PollLoop, workers: Workers | undefined) {
    this.#main = main;
    this.#workers = workers;
  }

  get mode(): PollLoop['mode'] {
    return this.#main.mode;
  }

  get lastPollMillis(): number | undefined {
    return this.#main.lastPollMillis;
  }

  get cpuBudget(): number {
    return this.#main.cpuBudget;
  }

  async pollNow(): Promise<void> {
    await Promise.all([this.#main.pollNow(), this.#workers?.pollNow()]);
  }
}
