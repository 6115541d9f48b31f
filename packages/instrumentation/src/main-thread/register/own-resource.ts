import { createRequire } from 'node:module';
import { SafeError, SafeMap, SafeSet } from '../../protocol/primordials.js';
import { contain } from '../containment/contain.js';
import { promisesWork } from './promises-work.js';

/** The SDK's `Resource`, by structure. */
export interface Resource {
  readonly asyncAttributesPending?: boolean;
  waitForAsyncAttributes?(): Promise<void>;
  merge(other: Resource): Resource;
}

interface Detector {
  detect(): unknown;
}

/** The parts of `@opentelemetry/resources` 2.x and 3.x used here. */
interface ResourcesModule {
  readonly defaultResource: () => Resource;
  readonly detectResources: (config: { detectors: readonly Detector[] }) => Resource;
  readonly envDetector: Detector;
  readonly hostDetector: Detector;
  readonly osDetector: Detector;
  readonly processDetector: Detector;
  readonly serviceInstanceIdDetector: Detector;
}

/**
 * Detects the resource of heapray's own MeterProvider, as `NodeSDK` does for its own. First the SDK's
 * defaults, then the detectors named in `OTEL_NODE_RESOURCE_DETECTORS` (default: all of the SDK). Then
 * `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME`, which always apply. Names of detectors from other
 * packages are ignored. If the application has changed promises or errors so that they throw, only the
 * environment is used, because detectors leave promises behind.
 *
 * @param sdkMetrics path of the metrics SDK, whose copy of `@opentelemetry/resources` is used
 * @returns undefined if the resource cannot be detected; then the SDK's default applies
 */
export function detectResource(
  sdkMetrics: string,
  env: Readonly<Record<string, string>>,
  onThrown: (thrown: unknown) => void,
): Resource | undefined {
  return contain(() => {
    const resources = createRequire(sdkMetrics)('@opentelemetry/resources') as ResourcesModule;
    const others = languageWorks() ? detectorsIn(resources, env.OTEL_NODE_RESOURCE_DETECTORS) : [];
    const detectors = [...others, resources.envDetector];
    return resources.defaultResource().merge(resources.detectResources({ detectors }));
  }, onThrown);
}

function detectorsIn(resources: ResourcesModule, setting: string | undefined): Detector[] {
  const known = new SafeMap([
    ['serviceinstance', resources.serviceInstanceIdDetector],
    ['process', resources.processDetector],
    ['host', resources.hostDetector],
    ['os', resources.osDetector],
  ]);
  const named = (setting ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const wanted = new SafeSet(named.length > 0 ? named : ['all']);
  if (wanted.has('none')) return [];
  return [...known].flatMap(([name, detector]) => (wanted.has('all') || wanted.has(name) ? [detector] : []));
}

function languageWorks(): boolean {
  const stack = contain(
    () => new SafeError('a test').stack,
    () => {},
  );
  return typeof stack === 'string' && promisesWork();
}
