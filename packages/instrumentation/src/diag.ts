import { diag } from '@opentelemetry/api';
import { safeLog } from './containment/safe-log.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where heapray says what happens: OpenTelemetry's diagnostics, and what `register` adds. */
export type Log = (level: LogLevel, text: string) => void;

const component = diag.createComponentLogger({ namespace: 'heapray' });

/** Logs through OpenTelemetry's diagnostics: silent unless the application set a logger. Never throws. */
export const logToDiag: Log = safeLog((level, text) => component[level](text));
