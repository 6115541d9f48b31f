export { ConfigError, type GroupBy, type HeaprayOptions } from './config/index.js';
export type { CollectProfileOptions } from './main-thread/exports/collect-profile.js';
export type { ProfileReader } from './main-thread/exports/profile-reader.js';
export {
  type HeaprayHandler,
  type HeaprayHandlerOptions,
  heaprayHandler,
} from './main-thread/heapray-handler.js';
export {
  HeaprayInstrumentation,
  type HeaprayInstrumentationConfig,
} from './main-thread/heapray-instrumentation.js';
export {
  type HeaprayCollectionResult,
  type HeaprayMetricProducer,
  type HeaprayMetricProducerOptions,
  heaprayMetricProducer,
} from './main-thread/metric-producer.js';
export {
  defineComponents,
  type ProfileComponentOptions,
  profileComponent,
} from './main-thread/profiler/components.js';
export type { NearLimit, SuspectView as LeakSuspect } from './protocol/messages.js';
