import { logs, metrics } from '@opentelemetry/api';
import { afterEach, expect, test } from 'vitest';
import {
  registeredDiagLogger,
  registeredLoggerProvider,
  registeredMeterProvider,
} from '../../../src/main-thread/containment/otel-globals.js';

const API = Symbol.for('opentelemetry.js.api.1');
/** Where `@opentelemetry/api-logs` registers, which belongs to API 1.9. */
const API_LOGS = Symbol.for('io.opentelemetry.js.api.logs');

afterEach(() => {
  Reflect.deleteProperty(globalThis, API);
  Reflect.deleteProperty(globalThis, API_LOGS);
});

test('finds nothing when nothing is registered', () => {
  expect(registeredMeterProvider()).toBeUndefined();
  expect(registeredDiagLogger()).toBeUndefined();
  expect(registeredLoggerProvider()).toBeUndefined();
});

test('finds the provider that is registered', () => {
  const provider = { getMeter: metrics.getMeter.bind(metrics) };
  metrics.setGlobalMeterProvider(provider);
  expect(registeredMeterProvider()).toBe(provider);
});

test('finds a provider registered by an older copy of the API, which a newer copy hides', () => {
  const provider = { getMeter: metrics.getMeter.bind(metrics) };
  const logger = { error() {}, warn() {}, info() {}, debug() {}, verbose() {} };
  Reflect.set(globalThis, API, { version: '1.2.0', metrics: provider, diag: logger });
  expect(metrics.getMeterProvider()).not.toBe(provider);
  expect(registeredMeterProvider()).toBe(provider);
  expect(registeredDiagLogger()).toBe(logger);
});

test('finds a LoggerProvider of API 1.10', () => {
  const provider = { getLogger: logs.getLogger.bind(logs) };
  logs.setGlobalLoggerProvider(provider);
  expect(registeredLoggerProvider()).toBe(provider);
});

test('finds a LoggerProvider of the API before, which is a package of its own', () => {
  const provider = { getLogger: logs.getLogger.bind(logs) };
  Reflect.set(globalThis, API_LOGS, (version: number) => (version === 1 ? provider : undefined));
  expect(registeredLoggerProvider()).toBe(provider);
  Reflect.set(globalThis, API_LOGS, 'not a function');
  expect(registeredLoggerProvider()).toBeUndefined();
});

test('survives a registry that throws', () => {
  const registry = new Proxy({}, { get: () => expect.unreachable() });
  Reflect.set(globalThis, API, registry);
  expect(registeredMeterProvider()).toBeUndefined();
});
