import { DiagLogLevel } from '@opentelemetry/api';
import { safeLog } from '../containment/safe-log.js';
import type { Log } from '../diag.js';
import { logToDiag } from '../host/diag-log.js';
import { registeredDiagLogger } from '../host/otel-globals.js';
import { stderrThreshold, writeMessage } from '../host/stderr-threshold.js';

/**
 * Logs through OpenTelemetry's diagnostics if the application set a logger there, otherwise to stderr, as
 * far as `OTEL_LOG_LEVEL` (default INFO) allows: with a preload there is no code that could set one.
 */
export function stderrLog(env: NodeJS.ProcessEnv): Log {
  const threshold = stderrThreshold(env.OTEL_LOG_LEVEL, DiagLogLevel.INFO);
  return safeLog((level, text) => {
    if (registeredDiagLogger()) logToDiag(level, text);
    else writeMessage(level, text, threshold);
  });
}
