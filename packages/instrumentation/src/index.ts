export { ConfigError, type GroupBy, type HeaprayOptions } from './config/index.js';
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
export { defineComponents, profileComponent } from './main-thread/profiler/components.js';
export type { NearLimit, SuspectView as LeakSuspect } from './protocol/messages.js';
