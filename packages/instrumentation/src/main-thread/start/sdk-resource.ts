import type { MeterProvider } from '@opentelemetry/api';
import { ArrayIsArray } from '../../protocol/primordials.js';
import { contain } from '../containment/contain.js';

const SERVICE_NAME = 'service.name';
/** Prefix of the SDK's default name for a service without one. */
const UNKNOWN = 'unknown_service';

/** The private part of the SDK's MeterProvider that holds its resource. */
interface SdkProvider {
  readonly _sharedState?: {
    readonly resource?: {
      /** SDK 2.x and 3.x; the first entry of a name is valid. */
      getRawAttributes?(): readonly (readonly [string, unknown])[];
    };
  };
}

/**
 * Returns the `service.name` in the resource of a MeterProvider of OpenTelemetry's SDK 2.x or 3.x. Undefined
 * if there is none, while it is still being detected, and for another SDK.
 */
export function serviceNameOf(provider: MeterProvider): string | undefined {
  return contain(
    () => {
      // `attributes` would log a message about attributes that are still being detected.
      const attributes = (provider as SdkProvider)._sharedState?.resource?.getRawAttributes?.();
      if (!ArrayIsArray(attributes)) return undefined;
      const [, name] = attributes.find(([key]) => key === SERVICE_NAME) ?? [];
      return typeof name === 'string' && !name.startsWith(UNKNOWN) ? name : undefined;
    },
    () => {},
  );
}
