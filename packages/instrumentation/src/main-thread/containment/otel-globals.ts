import type { DiagLogger, MeterProvider } from '@opentelemetry/api';
import { globalObject, ObjectHasOwn, ReflectGet, SymbolFor } from '../../protocol/primordials.js';
import { contain } from './contain.js';
import type { EventLoggerProvider } from './event-logger.js';

/**
 * Key under which `@opentelemetry/api-logs`, for API 1.9 and before, stores a function that returns the
 * LoggerProvider.
 */
const API_LOGS = SymbolFor('io.opentelemetry.js.api.logs');
/** Version of that package's interface. */
const API_LOGS_VERSION = 1;

interface Globals {
  readonly metrics?: MeterProvider;
  readonly diag?: DiagLogger;
  /** From API 1.10. */
  readonly logs?: EventLoggerProvider;
}

/** Key under which `@opentelemetry/api` 1.x stores its registrations. */
const API = SymbolFor('opentelemetry.js.api.1');

/**
 * Returns the MeterProvider that the application has registered globally; undefined if there is none.
 *
 * Reads the registry directly: `metrics.getMeterProvider()` hides a provider registered by an older copy of
 * the API, and returns a no-op provider if there is none.
 */
export function registeredMeterProvider(): MeterProvider | undefined {
  return registered((globals) => globals.metrics);
}

/**
 * Returns the logger that the application has set for OpenTelemetry's diagnostics; undefined if there is
 * none.
 */
export function registeredDiagLogger(): DiagLogger | undefined {
  return registered((globals) => globals.diag);
}

/** Returns the LoggerProvider that the application has registered globally; undefined if there is none. */
export function registeredLoggerProvider(): EventLoggerProvider | undefined {
  return registered((globals) => globals.logs) ?? registeredWithApiLogs();
}

function registeredWithApiLogs(): EventLoggerProvider | undefined {
  return contain(
    () => {
      if (!ObjectHasOwn(globalObject, API_LOGS)) return undefined;
      const provider = ReflectGet(globalObject, API_LOGS) as (
        version: number,
      ) => EventLoggerProvider | undefined;
      return provider(API_LOGS_VERSION);
    },
    () => {},
  );
}

function registered<T>(pick: (globals: Globals) => T | undefined): T | undefined {
  return contain(
    () => {
      // Check own properties only: the global object may inherit from a Proxy that throws.
      if (!ObjectHasOwn(globalObject, API)) return undefined;
      const globals = ReflectGet(globalObject, API) as Globals | undefined;
      return globals && pick(globals);
    },
    () => {},
  );
}
