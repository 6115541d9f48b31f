import { diag } from '@opentelemetry/api';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where heapray says what happens: OpenTelemetry's diagnostics, and what `register` adds. */
export type Log = (level: LogLevel, text: string) => void;

const component = diag.createComponentLogger({ namespace: 'heapray' });

/** Logs through OpenTelemetry's diagnostics: silent unless the application set a logger. */
export const logToDiag: Log = (level, text) => {
  try {
    component[level](text);
  } catch {
    // A broken logger is not the profiler's to report, and must not reach the application.
  }
};
