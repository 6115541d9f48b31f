/** Times, timers and random numbers of exporters. Tests replace them. */
export interface ExportClock {
  /** Returns ms since the Unix epoch. May step. */
  now(): number;
  /** Returns ms since some moment. Never steps. */
  steady(): number;
  /** Calls `callback` after `millis`. The timer does not keep the process alive. Returns a function that cancels it. */
  after(millis: number, callback: () => void): () => void;
  /** Returns a number from 0 up to, but not including, 1. */
  random(): number;
}

export const systemClock: ExportClock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  after(millis, callback) {
    const timer = setTimeout(callback, millis).unref();
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

/** Resolves after `millis`, or when the signal is aborted. */
export function pause(clock: ExportClock, millis: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal?.aborted) return Promise.resolve();
  const end = () => {
    cancel();
    // The signal may live as long as the exporter, and would keep a listener of each pause.
    signal?.removeEventListener('abort', end);
    resolve();
  };
  const cancel = clock.after(millis, end);
  signal?.addEventListener('abort', end);
  return promise;
}

/** Resolves to the value of `work`, or to `late` after `millis`. */
export async function within<T, L>(
  clock: ExportClock,
  millis: number,
  work: Promise<T>,
  late: L,
): Promise<T | L> {
  const { promise, resolve } = Promise.withResolvers<L>();
  const cancel = clock.after(millis, () => resolve(late));
  try {
    return await Promise.race([work, promise]);
  } finally {
    cancel();
  }
}
