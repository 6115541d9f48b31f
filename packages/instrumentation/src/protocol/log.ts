export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Receives heapray's log messages. */
export type Log = (level: LogLevel, text: string) => void;
