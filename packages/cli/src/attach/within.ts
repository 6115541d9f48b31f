import { setTimeout as delay } from 'node:timers/promises';

export interface WithinOptions {
  readonly millis: number;
  /** Returns the error for work that takes longer. */
  readonly late: () => Error;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Resolves or rejects as `work` does, which cannot be stopped. Rejects after the time, or with the reason of `signal`, if that
 * comes first.
 */
export async function within<T>(work: Promise<T>, { millis, late, signal }: WithinOptions): Promise<T> {
  const end = new AbortController();
  const timer = delay(millis, undefined, {
    signal: signal === undefined ? end.signal : AbortSignal.any([signal, end.signal]),
  });
  try {
    return await Promise.race([
      work,
      timer.then(() => {
        throw late();
      }),
    ]);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    end.abort();
  }
}
