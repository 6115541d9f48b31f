const HELD = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs `work`, which is synchronous, to its end even when somebody ends the process; then the signal takes its course. */
export function withSignalsHeld<T>(work: () => T): T {
  const listeners = HELD.map((signal) => {
    // Node calls listeners only when `work` is over.
    const listener = (): void => {
      process.removeListener(signal, listener);
      process.kill(process.pid, signal);
    };
    process.on(signal, listener);
    return { signal, listener };
  });
  try {
    return work();
  } finally {
    // The loop looks for signals before the second of these, but maybe not before the first.
    setImmediate(() => {
      setImmediate(() => {
        for (const { signal, listener } of listeners) process.removeListener(signal, listener);
      });
    });
  }
}

/** Does `cleanUp` before a signal ends this process. Returns what takes that back. */
export function onSignal(cleanUp: () => void): () => void {
  const listener = (signal: NodeJS.Signals): void => {
    forget();
    cleanUp();
    process.kill(process.pid, signal);
  };
  const forget = (): void => {
    for (const signal of HELD) process.removeListener(signal, listener);
  };
  for (const signal of HELD) process.on(signal, listener);
  return forget;
}
