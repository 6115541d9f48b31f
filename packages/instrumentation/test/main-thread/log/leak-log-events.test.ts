// Leak suspects as OpenTelemetry log events, on a real SDK.
import { logs } from '@opentelemetry/api';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { afterEach, expect, test, vi } from 'vitest';
import { HeaprayInstrumentation } from '../../../src/main-thread/heapray-instrumentation.js';
import { SafeListeners } from '../../../src/main-thread/log/safe-listeners.js';
import type { MemoryProfiler } from '../../../src/main-thread/profiler/memory-profiler.js';
import { acquireSharedProfiler } from '../../../src/main-thread/profiler/shared-profiler.js';
import { leakEventAttributes } from '../../../src/profiler-thread/metrics/site-growth.js';
import type { LeakEvent, SuspectView } from '../../../src/protocol/messages.js';
import { SCHEMA_URL } from '../../../src/protocol/semconv.js';
import { leaking } from '../../support/heap-views.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  logs.disable();
});

/** Makes a LoggerProvider and a function that returns what it has exported. */
function newLogs() {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
  return { provider, exported: () => exporter.getFinishedLogRecords() };
}

/** Starts a profiler of this process without a thread; returns a function that reports a suspect to it. */
function fakeProfiler() {
  const problem = vi.fn<(what: string) => void>();
  const listeners = new SafeListeners<LeakEvent>(problem);
  const profiler = {
    config: { options: {}, sources: {} },
    isRunning: true,
    onLeakEvent: (listener: (event: LeakEvent) => void) => listeners.add(listener),
    onLeakSuspect: () => () => {},
    points: async () => undefined,
    followService() {},
    start() {},
    async stop() {},
  };
  const claim = acquireSharedProfiler(() => profiler as unknown as MemoryProfiler, {
    hasProvider: () => false,
    carryMetrics() {},
  });
  cleanups.push(() => claim.release());
  const suspect = {
    ...leaking('remember', 1234.4),
    packageVersion: '1.2.0',
    oldBytes: 5000.5,
    message: 'remember keeps 5 kB',
  } as unknown as SuspectView;
  return {
    problem,
    suspected: () => listeners.tell({ suspect, attributes: leakEventAttributes(suspect) }),
  };
}

function newInstance(): HeaprayInstrumentation {
  const instance = new HeaprayInstrumentation({ log: () => {} });
  cleanups.push(() => instance.shutdown());
  return instance;
}

test('go to the LoggerProvider that is set, with the attributes of metrics', () => {
  const { suspected } = fakeProfiler();
  const { provider, exported } = newLogs();
  newInstance().setLoggerProvider(provider);
  suspected();
  const [event, ...more] = exported();
  expect(more).toEqual([]);
  expect(event).toMatchObject({
    eventName: 'heapray.leak_suspect',
    severityNumber: 13,
    severityText: 'WARN',
    body: 'leak suspected: remember keeps 5 kB',
    instrumentationScope: { name: '@heapray/instrumentation', schemaUrl: SCHEMA_URL },
  });
  expect(event?.attributes).toEqual({
    'code.function.name': 'remember',
    'code.file.path': '/app/remember.js',
    'code.line.number': 33,
    'heapray.package.name': 'shop',
    'heapray.package.version': '1.2.0',
    'heapray.component': 'api',
    'heapray.leak.growth': 1234,
    'heapray.leak.old_bytes': 5001,
  });
});

test('go to the LoggerProvider that is registered, also later and with a proxy for it', () => {
  const { suspected } = fakeProfiler();
  newInstance().setLoggerProvider(logs.getLoggerProvider());
  suspected();
  const { provider, exported } = newLogs();
  logs.setGlobalLoggerProvider(provider);
  suspected();
  expect(exported()).toHaveLength(1);
});

test('are emitted once with two instances, and not by one that is shut down', async () => {
  const { suspected } = fakeProfiler();
  const { provider, exported } = newLogs();
  const instances = [newInstance(), newInstance()];
  for (const instance of instances) instance.setLoggerProvider(provider);
  suspected();
  expect(exported()).toHaveLength(1);
  for (const instance of instances) await instance.shutdown();
  suspected();
  expect(exported()).toHaveLength(1);
});

test('need no LoggerProvider, and what one throws is contained', () => {
  const { suspected, problem } = fakeProfiler();
  const instance = newInstance();
  suspected();
  expect(problem).not.toHaveBeenCalled();
  instance.setLoggerProvider({
    getLogger() {
      throw new Error('no logger');
    },
  });
  suspected();
  expect(problem).toHaveBeenCalledWith(expect.stringContaining('no logger'));
});
