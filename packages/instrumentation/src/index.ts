export type { SuspectView as LeakSuspect } from './agent/messages.js';
export { defineComponents, profileComponent } from './components.js';
export { ConfigError, type GroupBy, type HeaprayOptions } from './config/index.js';
export { HeaprayInstrumentation, type HeaprayInstrumentationConfig } from './heapray-instrumentation.js';
export {
  type HeaprayCollectionResult,
  type HeaprayMetricProducer,
  type HeaprayMetricProducerOptions,
  heaprayMetricProducer,
} from './metric-producer.js';
