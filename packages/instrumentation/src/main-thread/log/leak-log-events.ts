import type { LeakEvent } from '../../protocol/messages.js';
import type { PointAttributes } from '../../protocol/metric-points.js';
import { EVENT_LEAK_SUSPECT, SCHEMA_URL } from '../../protocol/semconv.js';
import { INSTRUMENTATION_NAME, VERSION } from '../../version.js';

// OpenTelemetry's LoggerProvider, by structure: it is in `@opentelemetry/api` from 1.10 and in
// `@opentelemetry/api-logs` before.

/** Severity number of a warning. */
const WARN = 13;

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

/**
 * Emits a leak suspect as OpenTelemetry log event `heapray.leak_suspect`, with the attributes of its call
 * site in metrics.
 *
 * @throws what the provider throws
 */
export function emitLeakEvent(
  provider: EventLoggerProvider | undefined,
  { suspect, attributes }: LeakEvent,
): void {
  provider?.getLogger(INSTRUMENTATION_NAME, VERSION, { schemaUrl: SCHEMA_URL }).emit({
    eventName: EVENT_LEAK_SUSPECT,
    severityNumber: WARN,
    severityText: 'WARN',
    body: `leak suspected: ${suspect.message}`,
    attributes,
  });
}
