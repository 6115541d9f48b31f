// An order service: three components in one process. Each is a function that works until its signal is aborted
// and then returns, so its capture has a beginning and an end.
import { profileComponent } from '@heapray/instrumentation';
import { runApi } from './components/api.js';
import { runDagProcessor } from './components/dag-processor.js';
import { runScheduler } from './components/scheduler.js';
import { log } from './log.js';
import { Shop } from './shop/shop.js';
import { closeTelemetry, telemetryAddresses } from './telemetry.js';

const STATUS_MILLIS = 500;

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopping.abort());

const shop = new Shop();
const context = { shop, signal: stopping.signal, port: Number(process.env.PORT ?? 8080) };

const status = setInterval(() => {
  const { heapUsed } = process.memoryUsage();
  log('info', 'status', { requests: shop.requests, heapUsed, ...telemetryAddresses() });
}, STATUS_MILLIS);

const components = [
  profileComponent('api', runApi),
  profileComponent('scheduler', runScheduler),
  profileComponent('dag_processor', runDagProcessor),
];
const runs = components.map(async (run) => {
  try {
    await run(context);
  } finally {
    // When one ends, stop the others.
    stopping.abort();
  }
});
for (const { reason } of await Promise.allSettled(runs)) {
  if (!reason) continue;
  log('error', 'failed', { text: reason.message });
  process.exitCode = 1;
}
clearInterval(status);
await closeTelemetry();
log('info', 'stopped', { requests: shop.requests });
