// The leaky service with an instance of its own, though heapray is preloaded; it has no logger.
const { HeaprayInstrumentation } = require('@heapray/instrumentation');

new HeaprayInstrumentation({ component: 'orders', debugServer: '127.0.0.1:7777' });
void import('./leaky-service.js');
