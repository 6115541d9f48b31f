// Settings of the OTLP exporter from OpenTelemetry's environment variables.
import { expect, test } from 'vitest';
import { type OtlpProfileExporterOptions, otlpSettings } from '../../src/export/otlp/otlp-options.js';

function settingsOf(env: Record<string, string>, options: OtlpProfileExporterOptions = {}) {
  const log: string[] = [];
  const settings = otlpSettings(options, env, (level, text) => log.push(`${level} ${text}`));
  return { ...settings, log, href: settings.target.url.href };
}

test.each([
  [{}, 'http://localhost:4318/v1development/profiles'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '  ' }, 'http://localhost:4318/v1development/profiles'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, 'http://c:4318/v1development/profiles'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/base/' }, 'http://c:4318/base/v1development/profiles'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c/x?key=1' }, 'https://c/x/v1development/profiles?key=1'],
  [{ OTEL_EXPORTER_OTLP_PROFILES_ENDPOINT: 'http://c:4318/own' }, 'http://c:4318/own'],
  [{ OTEL_EXPORTER_OTLP_PROFILES_ENDPOINT: 'http://c:4318' }, 'http://c:4318/'],
  [
    { OTEL_EXPORTER_OTLP_PROFILES_ENDPOINT: '', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' },
    'http://c/v1development/profiles',
  ],
  [
    { OTEL_EXPORTER_OTLP_PROFILES_ENDPOINT: 'http://a/p', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://b' },
    'http://a/p',
  ],
])('sends to the right place when the environment is %o', (env, expected) => {
  const { href, log } = settingsOf(env as Record<string, string>);
  expect(href).toBe(expected);
  expect(log).toEqual([]);
});

test('uses the defaults and warns of each, without secrets, when variables are not valid', () => {
  const { target, protocol, href, log } = settingsOf({
    OTEL_EXPORTER_OTLP_TIMEOUT: '10s',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'zstd',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http',
    OTEL_EXPORTER_OTLP_HEADERS: 'good=1,s3cret,,bad name=s3cret,x=s3cret%0a',
  });
  expect(href).toBe('http://localhost:4318/v1development/profiles');
  expect(target).toMatchObject({ timeoutMillis: 10_000, compression: 'gzip', headers: {} });
  expect(protocol).toBe('http/protobuf');
  expect(log.sort()).toEqual([
    'warn OTEL_EXPORTER_OTLP_COMPRESSION: "zstd" is not valid: expected gzip or none; using the default',
    'warn OTEL_EXPORTER_OTLP_HEADERS: its value is not valid: expected name=value, percent-encoded, in part 2, 4, 5; no profiles are sent',
    'warn OTEL_EXPORTER_OTLP_PROTOCOL: "http" is not valid: expected http/protobuf or http/json or grpc; using the default',
    'warn OTEL_EXPORTER_OTLP_TIMEOUT: "10s" is not valid: expected a whole number of milliseconds from 1 to 86400000; using the default',
  ]);
});

test('prefers variables of the signal, and options to both', () => {
  const general = {
    OTEL_EXPORTER_OTLP_TIMEOUT: '1',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=%C3%A4%20x,',
    OTEL_EXPORTER_OTLP_CERTIFICATE: '/ca',
    OTEL_EXPORTER_OTLP_CLIENT_KEY: '/key',
    OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: '/cert',
  };
  expect(settingsOf(general).target).toMatchObject({
    timeoutMillis: 1,
    compression: 'gzip',
    headers: { a: '1', b: 'ä x' },
    tls: { certificateFile: '/ca', clientKeyFile: '/key', clientCertificateFile: '/cert' },
  });
  const signal = {
    ...general,
    OTEL_EXPORTER_OTLP_PROFILES_TIMEOUT: '2',
    OTEL_EXPORTER_OTLP_PROFILES_COMPRESSION: 'none',
    OTEL_EXPORTER_OTLP_PROFILES_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_PROFILES_HEADERS: 'a=2',
    OTEL_EXPORTER_OTLP_PROFILES_CERTIFICATE: '/ca2',
  };
  const { target, protocol } = settingsOf(signal);
  expect(target).toMatchObject({ timeoutMillis: 2, compression: 'none', headers: { a: '2', b: 'ä x' } });
  expect(target.tls).toMatchObject({ certificateFile: '/ca2', clientKeyFile: '/key' });
  expect(protocol).toBe('http/json');
  const options = {
    url: 'http://me:pw@o/x',
    timeoutMillis: 3,
    compression: 'gzip',
    headers: { a: '3' },
  } as const;
  expect(settingsOf(signal, options)).toMatchObject({
    href: 'http://o/x',
    target: { timeoutMillis: 3, compression: 'gzip', headers: { a: '3', Authorization: 'Basic bWU6cHc=' } },
  });
});

test.each([
  [{}, 'http://localhost:4317/'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c:4317' }, 'https://c:4317/'],
])('adds no path when the protocol is grpc and the environment is %o', (env, expected) => {
  const { protocol, href } = settingsOf({ ...env, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' });
  expect({ protocol, href }).toEqual({ protocol: 'grpc', href: expected });
});

test.each([
  [{ url: 'host:80' }, 'url: not valid: expected an http or https URL'],
  [{ timeoutMillis: 0 }, 'timeoutMillis: 0 is not valid'],
  [{ maxQueueBytes: 1.5 }, 'maxQueueBytes: 1.5 is not valid'],
  [{ headers: { 'a b': 's3cret' } }, 'header "a b": not valid: expected a name and value that HTTP allows'],
])('throws when the option is %o', (options, message) => {
  expect(() => settingsOf({}, options)).toThrow(message);
});
