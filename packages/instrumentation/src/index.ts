export type { SuspectView as LeakSuspect } from './agent/messages.js';
export { defineComponents, profileComponent } from './components.js';
export { ConfigError, type HeaprayOptions } from './config/index.js';
export { HeaprayInstrumentation, type HeaprayInstrumentationConfig } from './heapray-instrumentation.js';
