// Waits for another process without a guess about its duration.
import { setTimeout as delay } from 'node:timers/promises';
import { PATIENCE_MILLIS } from './patience.js';

export interface PollOptions {
  /** Name of the awaited result, for the message if it does not come. */
  what: string;
  timeoutMillis?: number;
  everyMillis?: number;
}

type Falsy = undefined | null | false;

/** Calls `check` until it returns something other than undefined, null or false; a throw counts as "not yet". */
export async function pollUntil<T>(
  check: () => T | Promise<T>,
  options: PollOptions,
): Promise<Exclude<T, Falsy>> {
  const { what, timeoutMillis = PATIENCE_MILLIS, everyMillis = 100 } = options;
  const until = performance.now() + timeoutMillis;
  for (;;) {
    const { value, error } = await attempt(check);
    if (value !== undefined && value !== null && value !== false) return value as Exclude<T, Falsy>;
    if (performance.now() > until) {
      const why = error instanceof Error ? `: ${error.message}` : '';
      throw new Error(`waited ${timeoutMillis} ms in vain for ${what}${why}`, { cause: error });
    }
    await delay(everyMillis);
  }
}

async function attempt<T>(check: () => T | Promise<T>): Promise<{ value?: T; error?: unknown }> {
  try {
    return { value: await check() };
  } catch (error) {
    return { error };
  }
}
