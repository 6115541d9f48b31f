import type { PointAttributes } from '../../protocol/metric-points.js';

// OpenTelemetry's LoggerProvider, by structure: it is in `@opentelemetry/api` from 1.10 and in
// `@opentelemetry/api-logs` before.

export interface LogEvent {
  readonly eventName: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: string;
  readonly attributes: PointAttributes;
}

/** The part of a LoggerProvider used here. */
export interface EventLoggerProvider {
  getLogger(
    name: string,
    version?: string,
    options?: { readonly schemaUrl?: string },
  ): { emit(event: LogEvent): void };
}
