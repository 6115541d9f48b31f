import { metrics } from '@opentelemetry/api';
import { afterEach, expect, test } from 'vitest';
import {
  registeredDiagLogger,
  registeredMeterProvider,
} from '../../../src/main-thread/start/otel-globals.js';

const API = Symbol.for('opentelemetry.js.api.1');

afterEach(() => {
  Reflect.deleteProperty(globalThis, API);
});

test('finds nothing when nothing is registered', () => {
  expect(registeredMeterProvider()).toBeUndefined();
  expect(registeredDiagLogger()).toBeUndefined();
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

test('survives a registry that throws', () => {
  const registry = new Proxy({}, { get: () => expect.unreachable() });
  Reflect.set(globalThis, API, registry);
  expect(registeredMeterProvider()).toBeUndefined();
});
