import { constants } from 'node:os';

/**
 * Signals that end a process and can be handled. Excludes faults in the process itself, and SIGUSR1 and SIGPROF, which
 * Node and V8 use. Also excludes SIGXFSZ: see `failWritesBeyondFileSizeLimit`.
 */
const ENDING = [
  ...['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTRAP', 'SIGABRT', 'SIGUSR2', 'SIGALRM', 'SIGTERM', 'SIGSTKFLT'],
  ...['SIGXCPU', 'SIGVTALRM', 'SIGIO', 'SIGPWR', 'SIGSYS', 'SIGBREAK'],
] as const;

/** Calls `listener` with any signal that would end this process. Returns a function that removes the listener. */
export function onEndingSignal(listener: (signal: NodeJS.Signals) => void): () => void {
  const heard = ENDING.filter((signal) => Object.hasOwn(constants.signals, signal)) as NodeJS.Signals[];
  for (const signal of heard) process.on(signal, listener);
  return () => {
    for (const signal of heard) process.removeListener(signal, listener);
  };
}

/** Makes a write beyond the file size limit fail with an error, instead of ending the process with SIGXFSZ. */
export function failWritesBeyondFileSizeLimit(): void {
  process.on('SIGXFSZ', () => {});
}
