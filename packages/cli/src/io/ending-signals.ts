import { constants } from 'node:os';

/**
 * Signals that end a process and that it can hear of. Not those of faults in the process itself, and not SIGUSR1 and
 * SIGPROF, which Node and V8 have uses for. Not SIGXFSZ: see `failWritesBeyondFileSizeLimit`.
 */
const ENDING = [
  ...['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTRAP', 'SIGABRT', 'SIGUSR2', 'SIGALRM', 'SIGTERM', 'SIGSTKFLT'],
  ...['SIGXCPU', 'SIGVTALRM', 'SIGIO', 'SIGPWR', 'SIGSYS', 'SIGBREAK'],
] as const;

/** Calls `listener` with a signal that would end this process. Returns what takes that back. */
export function onEndingSignal(listener: (signal: NodeJS.Signals) => void): () => void {
  const heard = ENDING.filter((signal) => Object.hasOwn(constants.signals, signal)) as NodeJS.Signals[];
  for (const signal of heard) process.on(signal, listener);
  return () => {
    for (const signal of heard) process.removeListener(signal, listener);
  };
}

/** Lets a write beyond the limit of a file's size fail with an error, instead of ending the process by SIGXFSZ. */
export function failWritesBeyondFileSizeLimit(): void {
  process.on('SIGXFSZ', () => {});
}
