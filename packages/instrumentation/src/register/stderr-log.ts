import { DiagLogLevel } from '@opentelemetry/api';
import { type Log, type LogLevel, logToDiag } from '../diag.js';

const SEVERITY: Readonly<Record<LogLevel, number>> = {
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
};
/** Where the API keeps what was registered; the diagnostics logger is there once an application set one. */
const API = Symbol.for('opentelemetry.js.api.1');

/**
 * Logs through OpenTelemetry's diagnostics if the application set a logger there, otherwise to stderr, as
 * far as `OTEL_LOG_LEVEL` (default INFO) allows: with a preload there is no code that could set one.
 */
export function stderrLog(env: NodeJS.ProcessEnv): Log {
  const name = (env.OTEL_LOG_LEVEL ?? 'INFO').trim().toUpperCase();
  const threshold =
    (DiagLogLevel as unknown as Record<string, number | undefined>)[name] ?? DiagLogLevel.INFO;
  return (level, text) => {
    if (hasDiagLogger()) return logToDiag(level, text);
    if (SEVERITY[level] <= threshold)
      process.stderr.write(`heapray: ${level === 'info' ? '' : `${level}: `}${text}\n`);
  };
}

function hasDiagLogger(): boolean {
  const api = (globalThis as { [API]?: { diag?: unknown } })[API];
  return api?.diag !== undefined;
}
