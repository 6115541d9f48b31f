import { expect, test } from 'vitest';
import { exportEnvironment, ownResource } from '../../../src/main-thread/exports/own-resource.js';

test('the variables of OpenTelemetry win over the name of the component', () => {
  const attributes = 'service.name=of-attributes,deployment.environment.name=pro%20d';
  expect(ownResource({}, 'api')).toMatchObject({
    'service.name': 'api',
    'process.pid': process.pid,
    'process.runtime.name': 'nodejs',
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.name': '@heapray/instrumentation',
  });
  expect(ownResource({ OTEL_RESOURCE_ATTRIBUTES: attributes }, 'api')).toMatchObject({
    'service.name': 'of-attributes',
    'deployment.environment.name': 'pro d',
  });
  const both = { OTEL_RESOURCE_ATTRIBUTES: attributes, OTEL_SERVICE_NAME: ' shop ' };
  expect(ownResource(both, 'api')['service.name']).toBe('shop');
  expect(
    ownResource({ OTEL_RESOURCE_ATTRIBUTES: 'a=b=c', OTEL_SERVICE_NAME: '' }, 'api')['service.name'],
  ).toBe('api');
});

test('a process keeps its instance id, and shows no arguments', () => {
  const [first, second] = [ownResource({}, 'a'), ownResource({}, 'b')];
  expect(first['service.instance.id']).toMatch(/^[0-9a-f-]{36}$/);
  expect(second['service.instance.id']).toBe(first['service.instance.id']);
  expect(Object.keys(first)).not.toContain('process.command_args');
});

test('exporters get the variables for them, and not the token of the debug server', () => {
  const env = {
    OTEL_EXPORTER_OTLP_HEADERS: 'a=b',
    PYROSCOPE_SERVER_ADDRESS: 'http://p',
    HEAPRAY_PROFILES_INTERVAL: '5',
    HEAPRAY_DEBUG_TOKEN: 'correct-horse-battery',
    AWS_SECRET_ACCESS_KEY: 'secret',
    PATH: '/bin',
  };
  expect(Object.keys(exportEnvironment(env))).toEqual([
    'OTEL_EXPORTER_OTLP_HEADERS',
    'PYROSCOPE_SERVER_ADDRESS',
    'HEAPRAY_PROFILES_INTERVAL',
  ]);
});
