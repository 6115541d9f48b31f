import { createNoopMeter, type MeterProvider } from '@opentelemetry/api';
import { SafeWeakMap } from '../../protocol/primordials.js';
import { SCHEMA_URL } from '../../protocol/semconv.js';
import { INSTRUMENTATION_NAME, VERSION } from '../../version.js';
import { contain } from '../containment/contain.js';
import { hasNoReader } from './sdk-readers.js';

/** Cached answers of `passesOn`: a provider that was shut down logs a message each time that it is asked. */
const passOn = new SafeWeakMap<MeterProvider, boolean>();

/**
 * Returns true if a provider passes metrics on. The API's no-op provider and an SDK provider without a reader
 * do not.
 */
export function passesOn(provider: MeterProvider): boolean {
  const known = passOn.get(provider);
  if (known !== undefined) return known;
  const meter = contain(
    () => provider.getMeter(INSTRUMENTATION_NAME, VERSION, { schemaUrl: SCHEMA_URL }),
    () => {},
  );
  const passes =
    meter !== undefined &&
    !hasNoReader(provider) &&
    meter !== createNoopMeter() &&
    meter.constructor?.name !== 'NoopMeter';
  passOn.set(provider, passes);
  return passes;
}
