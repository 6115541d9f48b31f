export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where heapray says what happens: OpenTelemetry's diagnostics, and what `register` adds. */
export type Log = (level: LogLevel, text: string) => void;
