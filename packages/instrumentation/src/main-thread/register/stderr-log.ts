import { DiagLogLevel } from '@opentelemetry/api';
import type { Log } from '../../protocol/log.js';
import { registeredDiagLogger } from '../containment/otel-globals.js';
import { logToDiag } from '../log/diag-log.js';
import { safeLog } from '../log/safe-log.js';
import { stderrThreshold, writeMessage } from '../log/stderr-threshold.js';

/**
 * Creates a logger. It uses OpenTelemetry's diagnostics if the application has set a logger there. Otherwise
 * it uses stderr, up to `OTEL_LOG_LEVEL` (default INFO), because no code
 * could set a logger before a preload.
 */
export function stderrLog(env: NodeJS.ProcessEnv): Log {
  const threshold = stderrThreshold(env.OTEL_LOG_LEVEL, DiagLogLevel.INFO);
  return safeLog((level, text) => {
    if (registeredDiagLogger()) logToDiag(level, text);
    else writeMessage(level, text, threshold);
  });
}
