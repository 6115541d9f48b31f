import { DiagLogLevel } from '@opentelemetry/api';
import { safeLog } from '../containment/safe-log.js';
import type { Log } from '../diag.js';
import { logToDiag } from '../host/diag-log.js';
import { registeredDiagLogger } from '../host/otel-globals.js';
import { stderrThreshold, writeMessage } from '../host/stderr-threshold.js';

/**
 * Creates a logger. It uses OpenTelemetry's diagnostics if the application has set a logger there. Otherwise
 * it uses stderr, up to `OTEL_LOG_LEVEL` (default INFO), because with a preload there is no code that could
 * set a logger.
 */
export function stderrLog(env: NodeJS.ProcessEnv): Log {
  const threshold = stderrThreshold(env.OTEL_LOG_LEVEL, DiagLogLevel.INFO);
  return safeLog((level, text) => {
    if (registeredDiagLogger()) logToDiag(level, text);
    else writeMessage(level, text, threshold);
  });
}
