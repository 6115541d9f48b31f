import type { DiagLogger, MeterProvider } from '@opentelemetry/api';
import { contain } from '../containment/contain.js';
import { globalObject, ObjectHasOwn, ReflectGet, SymbolFor } from '../containment/primordials.js';

interface Globals {
  readonly metrics?: MeterProvider;
  readonly diag?: DiagLogger;
}

/** Key under which `@opentelemetry/api` 1.x keeps what was registered. */
const API = SymbolFor('opentelemetry.js.api.1');

/**
 * Returns the MeterProvider that the application has registered globally; undefined when it has none.
 *
 * Reads the registry itself: `metrics.getMeterProvider()` hides a provider that an older copy of the API has registered,
 * and gives a no-op one when there is none.
 */
export function registeredMeterProvider(): MeterProvider | undefined {
  return registered((globals) => globals.metrics);
}

/** Returns the logger that the application has set for OpenTelemetry's diagnostics; undefined when it has none. */
export function registeredDiagLogger(): DiagLogger | undefined {
  return registered((globals) => globals.diag);
}

function registered<T>(pick: (globals: Globals) => T | undefined): T | undefined {
  return contain(
    () => {
      // What the global object inherits from is not asked: it may be a Proxy that throws.
      if (!ObjectHasOwn(globalObject, API)) return undefined;
      const globals = ReflectGet(globalObject, API) as Globals | undefined;
      return globals && pick(globals);
    },
    () => {},
  );
}
