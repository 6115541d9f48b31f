import type { MeterProvider } from '@opentelemetry/api';
import { ArrayIsArray } from '../../protocol/primordials.js';
import type { ResourceAttributes } from '../../protocol/profiles/export-messages.js';
import { contain, containAsync } from '../containment/contain.js';

const SERVICE_NAME = 'service.name';
/** Prefix of the SDK's default name for a service without one. */
const UNKNOWN = 'unknown_service';

/** The private part of the SDK's MeterProvider that holds its resource. */
interface SdkProvider {
  readonly _sharedState?: {
    readonly resource?: {
      /** SDK 2.x and 3.x; the first entry of a name is valid. */
      getRawAttributes?(): readonly (readonly [string, unknown])[];
      readonly asyncAttributesPending?: boolean;
      waitForAsyncAttributes?(): Promise<void>;
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

/**
 * Returns the attributes of the resource of a MeterProvider of OpenTelemetry's SDK 2.x or 3.x, as far as they are detected.
 * Undefined for another SDK.
 */
export function resourceOf(provider: MeterProvider): ResourceAttributes | undefined {
  return contain(
    () => {
      const attributes = (provider as SdkProvider)._sharedState?.resource?.getRawAttributes?.();
      if (!ArrayIsArray(attributes) || attributes.length === 0) return undefined;
      const resource: Record<string, ResourceAttributes[string]> = {};
      // The first entry of a name is valid.
      for (let at = attributes.length - 1; at >= 0; at--) {
        const [key, value] = attributes[at] as readonly [unknown, unknown];
        if (typeof key === 'string' && isAttribute(value)) resource[key] = value;
      }
      return resource;
    },
    () => {},
  );
}

/** Resolves when all attributes of a provider's resource are detected. Never rejects. */
export async function resourceSettled(provider: MeterProvider): Promise<void> {
  await containAsync(
    async () => {
      const { resource } = (provider as SdkProvider)._sharedState ?? {};
      if (resource?.asyncAttributesPending) await resource.waitForAsyncAttributes?.();
    },
    () => {},
  );
}

function isAttribute(value: unknown): value is ResourceAttributes[string] {
  if (ArrayIsArray(value)) return value.every((item) => typeof item === 'string');
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
