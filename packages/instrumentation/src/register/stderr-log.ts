import { DiagLogLevel } from '@opentelemetry/api';
import { ObjectEntries, SafeMap } from '../containment/primordials.js';
import { safeLog } from '../containment/safe-log.js';
import { writeStderrLine } from '../containment/stderr-line.js';
import { type Log, type LogLevel, logToDiag } from '../diag.js';
import { registeredDiagLogger } from '../host/otel-globals.js';

const SEVERITY: Readonly<Record<LogLevel, number>> = {
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
};
/**
 * Logs through OpenTelemetry's diagnostics if the application set a logger there, otherwise to stderr, as
 * far as `OTEL_LOG_LEVEL` (default INFO) allows: with a preload there is no code that could set one.
 */
export function stderrLog(env: NodeJS.ProcessEnv): Log {
  const name = (env.OTEL_LOG_LEVEL ?? 'INFO').trim().toUpperCase();
  const levels = new SafeMap<string, unknown>(ObjectEntries(DiagLogLevel));
  const level = levels.get(name);
  const threshold = typeof level === 'number' ? level : DiagLogLevel.INFO;
  return safeLog((severity, text) => {
    if (registeredDiagLogger()) return logToDiag(severity, text);
    if (SEVERITY[severity] <= threshold)
      writeStderrLine(`heapray: ${severity === 'info' ? '' : `${severity}: `}${text}`);
  });
}
