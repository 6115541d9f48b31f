// A clock whose time passes only when a test says so.
import { setImmediate as turn } from 'node:timers/promises';
import type { ExportClock } from '../../../src/export/index.js';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

export class FakeClock implements ExportClock {
  #millis = 0;
  #wall: number;
  readonly #timers: Set<Timer> = new Set();

  constructor(wall: number = Date.UTC(2026, 10, 23, 12)) {
    this.#wall = wall;
  }

  now(): number {
    return this.#wall + this.#millis;
  }

  steady(): number {
    return this.#millis;
  }

  random(): number {
    return 0.5;
  }

  after(millis: number, callback: () => void): () => void {
    const timer = { at: this.#millis + Math.max(0, millis), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Number of timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Sets the wall clock forward or back. */
  step(millis: number): void {
    this.#wall += millis;
  }

  /** Lets time pass, with all timers that are due. */
  async advance(millis: number): Promise<void> {
    const until = this.#millis + millis;
    for (;;) {
      await settle();
      const next = this.#next();
      if (next === undefined || next.at > until) break;
      this.#run(next);
    }
    this.#millis = until;
    await settle();
  }

  /** Lets time pass, from timer to timer, until the promise is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const done = promise.finally(() => {
      isSettled = true;
    });
    done.catch(() => {});
    while (!isSettled) {
      await settle();
      const next = isSettled ? undefined : this.#next();
      if (next !== undefined) this.#run(next);
    }
    return done;
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.at < next.at) next = timer;
    return next;
  }

  #run(timer: Timer): void {
    this.#timers.delete(timer);
    this.#millis = Math.max(this.#millis, timer.at);
    timer.callback();
  }
}

/** Waits for what needs no time: promises, and their consequences. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 3; turns += 1) await turn();
}
