// A service that leaks through one function of a dependency, beside a harmless store, over a background of
// sessions that come and go. Prints what heapray reports about it, and ends by itself.
//
// leaking.js PACKAGE FUNCTION STORE
//
// STORE        the other store of the service: a key of STORES below
// REQUESTS     number of requests after which it ends; it then prints how many it had a second
//
// A minute of an ordinary service is a second here, so it collects the old generation, with --expose-gc, as often as
// a service does in a minute.
import { HeaprayInstrumentation } from '@heapray/instrumentation';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { newStore } from './stores.js';

const REQUEST_MILLIS = 200;
const COLLECTION_MILLIS = 450;
const [, , packageName, functionName, store] = process.argv;

const silent = () => {};
const say = (...texts) => console.log(...texts);
const logger = { error: say, warn: say, info: say, debug: silent, verbose: silent };
diag.setLogger(logger, DiagLogLevel.INFO);
const started = performance.now();
const seconds = () => (performance.now() - started) / 1000;
const heapray = new HeaprayInstrumentation({
  onLeakSuspect: (suspect) => say(`suspect ${JSON.stringify({ ...suspect, seconds: seconds() })}`),
});
const readers = [new PrometheusExporter({ host: '127.0.0.1', port: Number(process.env.METRICS_PORT) })];
heapray.setMeterProvider(new MeterProvider({ readers }));

const { [functionName]: leak } = await import(packageName);
const [sessions, harmless] = [newStore('sessions'), newStore(store)];
const wanted = Number(process.env.REQUESTS);
let requests = 0;

/** Called too rarely to be optimised: an optimised function replaces its callees in a profile. */
function serve() {
  leak(requests++);
  sessions(seconds());
  harmless(seconds());
  if (requests === wanted) end();
}

function end() {
  for (const timer of timers) clearInterval(timer);
  say(`done at ${requests / (seconds() - servingSince)} requests per second`);
  setInterval(() => {}, 60_000);
}

const servingSince = seconds();
const timers = [setInterval(serve, REQUEST_MILLIS), setInterval(globalThis.gc, COLLECTION_MILLIS)];
say('ready');
