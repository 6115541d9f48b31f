/** Resolves after `millis` ms, or at once when the signal is aborted. Does not keep the thread alive. */
export function sleep(millis: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // An already aborted signal fires no event.
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, millis).unref();
    signal?.addEventListener('abort', done, { once: true });
  });
}
