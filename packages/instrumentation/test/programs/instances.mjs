// Uses instances of the instrumentation as applications and SDKs do. Run by instances.test.ts; its last line
// is JSON.
import http from 'node:http';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { DiagLogLevel, diag, metrics } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { HeaprayInstrumentation } from '../../dist/index.js';

const log = [];
const logger = Object.fromEntries(
  ['error', 'warn', 'info', 'debug', 'verbose'].map((level) => [
    level,
    (_, text) => log.push(`${level}: ${text}`),
  ]),
);
diag.setLogger(logger, DiagLogLevel.INFO);

class Reader extends MetricReader {
  onForceFlush() {}
  onShutdown() {}
}
const OPTIONS = { samplingInterval: 4096, debugAddress: '127.0.0.1:0', component: 'orders' };
const kept = [];

function leakOrders(mib) {
  for (let at = 0; at < mib * 1024; at++) kept.push(new Array(127).fill(at));
}

async function until(check) {
  for (let value = await check(); ; value = await check()) {
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Returns the debug server's page in plain text. */
async function textPage(instance) {
  return new Promise((resolve, reject) => {
    http
      .get(`http://${instance.debugAddress}/debug/pprof/heap?debug=1`, (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('end', () => resolve(Buffer.concat(parts).toString()));
      })
      .on('error', reject);
  });
}

function newReader() {
  const reader = new Reader();
  return { reader, provider: new MeterProvider({ readers: [reader] }) };
}

/** Sums a metric by the value of an attribute. */
async function sums(reader, name, attribute) {
  const { resourceMetrics } = await reader.collect();
  const found = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
  const by = {};
  for (const { descriptor, dataPoints } of found)
    if (descriptor.name === name)
      for (const { attributes, value } of dataPoints)
        by[attributes[attribute]] = (by[attributes[attribute]] ?? 0) + value;
  return by;
}

const retainedBy = async (reader) =>
  (await sums(reader, 'heapray.memory.retained', 'code.function.name')).leakOrders ?? 0;
const samplesOf = async (reader) =>
  Object.values(await sums(reader, 'heapray.profiler.samples', 'none')).reduce((a, b) => a + b, 0);

const SCENARIOS = {
  /** Disables and enables repeatedly within one turn of the event loop, and then allocates. */
  async again() {
    const { reader, provider } = newReader();
    const one = new HeaprayInstrumentation(OPTIONS);
    one.setMeterProvider(provider);
    await until(() => samplesOf(reader));
    const profiling = [];
    for (let round = 0; round < 5; round++) {
      one.disable();
      profiling.push(one.isProfiling);
      one.enable();
      profiling.push(one.isProfiling);
      leakOrders(2);
      if (round % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const retained = await until(async () => {
      const bytes = await retainedBy(reader);
      return bytes > 8 * 2 ** 20 && bytes;
    });
    await until(() => one.debugAddress);
    const page = await textPage(one);
    await one.shutdown();
    return { profiling, retained, page: page.includes('leakOrders'), after: one.isProfiling };
  },

  /** Enables again with other options. */
  async 'other-options'() {
    const { reader, provider } = newReader();
    const one = new HeaprayInstrumentation(OPTIONS);
    one.setMeterProvider(provider);
    one.setConfig({ samplingInterval: 8192, component: 'billing', debugAddress: 'off' });
    const config = one.getConfig();
    one.disable();
    one.enable();
    // Allocations before the sampler runs at its new interval are not seen.
    await until(async () => {
      leakOrders(1);
      return (await retainedBy(reader)) > 2 * 2 ** 20;
    });
    const interval = await sums(reader, 'heapray.profiler.sampling_interval', 'none');
    const components = await sums(reader, 'heapray.memory.retained', 'heapray.component');
    await one.shutdown();
    return {
      config,
      interval: interval.undefined,
      components: Object.keys(components),
      address: one.debugAddress,
    };
  },

  /** Uses a second instance with other options; stops it first, then the first one. */
  async second() {
    const [first, second] = [newReader(), newReader()];
    const one = new HeaprayInstrumentation(OPTIONS);
    one.setMeterProvider(first.provider);
    const other = new HeaprayInstrumentation({
      ...OPTIONS,
      samplingInterval: 16384,
      debugAddress: '[::1]:7777',
    });
    const same = new HeaprayInstrumentation({ samplingInterval: 4096 });
    leakOrders(4);
    const carried = [];
    const note = async () => {
      await until(
        async () =>
          (await retainedBy(first.reader)) > 2 * 2 ** 20 || (await retainedBy(second.reader)) > 2 * 2 ** 20,
      );
      const before = [await samplesOf(first.reader), await samplesOf(second.reader)];
      leakOrders(1);
      const grows = async () => [
        (await samplesOf(first.reader)) > before[0],
        (await samplesOf(second.reader)) > before[1],
      ];
      carried.push(
        await until(async () => {
          const grown = await grows();
          return grown.includes(true) && grown;
        }),
      );
    };
    await note();
    other.setMeterProvider(second.provider);
    await note();
    other.disable();
    await note();
    same.disable();
    one.disable();
    const ended = [one, other, same].map((instance) => instance.isProfiling);
    return { carried, ended };
  },

  /** Registers a provider late, without setting it. */
  async 'late-provider'() {
    const { reader, provider } = newReader();
    const one = new HeaprayInstrumentation(OPTIONS);
    leakOrders(4);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    metrics.setGlobalMeterProvider(provider);
    const retained = await until(() => retainedBy(reader));
    one.disable();
    return { retained };
  },

  /** Prevents the profiler thread from starting. */
  async 'no-thread'() {
    const threads = createRequire(import.meta.url)('node:worker_threads');
    threads.Worker = class {
      constructor() {
        throw new Error('no threads here');
      }
    };
    syncBuiltinESMExports();
    const { reader, provider } = newReader();
    const one = new HeaprayInstrumentation(OPTIONS);
    one.setMeterProvider(provider);
    const mode = await sums(reader, 'heapray.profiler.status', 'heapray.profiler.mode');
    const reason = await sums(reader, 'heapray.profiler.status', 'heapray.reason');
    return { profiling: one.isProfiling, mode, reason };
  },
};

const result = await SCENARIOS[process.argv[2]]();
console.log(JSON.stringify({ ...result, log }));
