export { debugRoutes } from './debug-routes.js';
export { BUSY, METRICS, metricsRoutes, PROMETHEUS_TEXT } from './metrics-routes.js';
export { shareServer } from './share-server.js';
