import { DiagLogLevel } from '@opentelemetry/api';
import type { LogLevel } from '../../protocol/log.js';
import { ObjectEntries, SafeMap } from '../../protocol/primordials.js';
import { writeStderrLine } from './stderr-line.js';

const SEVERITY: Readonly<Record<LogLevel, number>> = {
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
};

/**
 * Returns the level up to which messages go to stderr.
 *
 * @param setting value of `OTEL_LOG_LEVEL`; an unknown level counts as absent
 * @param fallback level when it is absent
 */
export function stderrThreshold(setting: string | undefined, fallback: DiagLogLevel): DiagLogLevel {
  const levels = new SafeMap<string, unknown>(ObjectEntries(DiagLogLevel));
  const level = levels.get((setting ?? '').trim().toUpperCase());
  return typeof level === 'number' ? level : fallback;
}

/** Writes a message to stderr if the threshold allows it. Never throws. */
export function writeMessage(level: LogLevel, text: string, threshold: DiagLogLevel): void {
  if (SEVERITY[level] <= threshold)
    writeStderrLine(`heapray: ${level === 'info' ? '' : `${level}: `}${text}`);
}
