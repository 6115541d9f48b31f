import type { MeterProvider } from '@opentelemetry/api';
import { contain } from '../containment/contain.js';
import { ArrayIsArray } from '../containment/primordials.js';

const SERVICE_NAME = 'service.name';
/** How the SDK's own name for a service without one begins. */
const UNKNOWN = 'unknown_service';

/** The part of the SDK's MeterProvider that holds its resource; private. */
interface SdkProvider {
  readonly _sharedState?: {
    readonly resource?: {
      /** SDK 2.x and 3.x: the first of a name counts. */
      getRawAttributes?(): readonly (readonly [string, unknown])[];
    };
  };
}

/**
 * Returns the `service.name` in the resource of a MeterProvider of OpenTelemetry's SDK 2.x or 3.x; undefined when there is
 * none, when it is still being detected, and for another SDK.
 */
export function serviceNameOf(provider: MeterProvider): string | undefined {
  return contain(
    () => {
      // `attributes` would complain of attributes that are still being detected.
      const attributes = (provider as SdkProvider)._sharedState?.resource?.getRawAttributes?.();
      if (!ArrayIsArray(attributes)) return undefined;
      const [, name] = attributes.find(([key]) => key === SERVICE_NAME) ?? [];
      return typeof name === 'string' && !name.startsWith(UNKNOWN) ? name : undefined;
    },
    () => {},
  );
}
