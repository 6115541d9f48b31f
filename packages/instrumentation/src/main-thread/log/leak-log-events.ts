import type { LeakEvent } from '../../protocol/messages.js';
import { EVENT_LEAK_SUSPECT, SCHEMA_URL } from '../../protocol/semconv.js';
import { INSTRUMENTATION_NAME, VERSION } from '../../version.js';
import type { EventLoggerProvider } from '../containment/event-logger.js';

/** Severity number of a warning. */
const WARN = 13;

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
