import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { attributesIn } from '../../config/index.js';
import { process, SafeMap } from '../../protocol/primordials.js';
import type { ResourceAttributes } from '../../protocol/profiles/export-messages.js';
import { INSTRUMENTATION_NAME, VERSION } from '../../version.js';
import { contain } from '../containment/contain.js';

const nothing = () => {};
/** Made once: it identifies this process among all of its service. */
let instanceId: string | undefined;

/**
 * Returns the resource of a process without an OpenTelemetry SDK: `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` as the
 * SDK reads them, and what the SDK detects of a process.
 *
 * @param component name of the service without these variables
 */
export function ownResource(env: Readonly<Record<string, string>>, component: string): ResourceAttributes {
  instanceId ??= contain(() => randomUUID(), nothing);
  const [, script] = process.argv;
  const all: readonly (readonly [string, string | number | undefined])[] = [
    ['service.name', component],
    ['service.instance.id', instanceId],
    ['host.name', contain(() => hostname(), nothing)],
    ['process.pid', process.pid],
    ['process.command', script],
    ['process.executable.path', process.execPath],
    ['process.runtime.name', 'nodejs'],
    ['process.runtime.version', process.versions.node],
    ['telemetry.sdk.language', 'nodejs'],
    // OpenTelemetry reserves the name `opentelemetry` for its own SDK.
    ['telemetry.sdk.name', INSTRUMENTATION_NAME],
    ['telemetry.sdk.version', VERSION],
    ...attributesIn(env.OTEL_RESOURCE_ATTRIBUTES ?? ''),
    ['service.name', env.OTEL_SERVICE_NAME?.trim() || undefined],
  ];
  const resource: Record<string, string | number> = {};
  for (const [key, value] of new SafeMap(all.filter(([, value]) => value !== undefined && value !== ''))) {
    if (value !== undefined) resource[key] = value;
  }
  return resource;
}

/**
 * Returns the variables that exporters read, because the profiler thread inherits none. Leaves out the token of the debug
 * server.
 */
export function exportEnvironment(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const wanted: Record<string, string> = {};
  for (const key in env) {
    if (/^(?:OTEL|PYROSCOPE|HEAPRAY)_/.test(key) && key !== 'HEAPRAY_DEBUG_TOKEN') wanted[key] = env[key]!;
  }
  return wanted;
}
