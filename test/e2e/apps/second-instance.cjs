// The leaky service with an instance of its own besides the preloaded heapray; it has no logger.
const { HeaprayInstrumentation } = require('@heapray/instrumentation');

new HeaprayInstrumentation({ component: 'orders', debugAddress: '127.0.0.1:7777' });
void import('./leaky-service.js');
