// Variables that decide who gets the profiles. If one is not valid, no other receiver may get them.
import { expect, test } from 'vitest';
import { type ExporterDescription, profileExporterFrom } from '../../src/export/index.js';
import { growingProfile, START } from './support/growing-service.js';

type Kind = 'otlp' | 'pyroscope';
const CHOICES: readonly [Kind, string, string][] = [
  ['otlp', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'user:s3cret@host'],
  ['otlp', 'OTEL_EXPORTER_OTLP_PROFILES_ENDPOINT', 's3cret'],
  ['otlp', 'OTEL_EXPORTER_OTLP_HEADERS', 'X-Scope-OrgID=s3cret%'],
  ['otlp', 'OTEL_EXPORTER_OTLP_HEADERS', 'a=1,X-Scope-OrgID:s3cret'],
  ['otlp', 'OTEL_EXPORTER_OTLP_PROFILES_HEADERS', 'X-Scope-OrgID=s3cret%0a'],
  ['otlp', 'OTEL_EXPORTER_OTLP_PROFILES_HEADERS', '=s3cret'],
  ['pyroscope', 'PYROSCOPE_SERVER_ADDRESS', 's3cret:4040'],
  ['pyroscope', 'PYROSCOPE_AUTH_TOKEN', 's3cret-ä'],
  ['pyroscope', 'PYROSCOPE_TENANT_ID', 's3cret\u0000'],
];

test.each(CHOICES)('%s sends nothing when %s is %j', async (kind, name, value) => {
  const log: string[] = [];
  let sent = 0;
  const exporter = profileExporterFrom({ kind, options: {} } as ExporterDescription, {
    // These would be used instead of the wrong one.
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://other', PYROSCOPE_BASIC_AUTH_USER: 'other', [name]: value },
    log: (level, text) => void log.push(`${level} ${text}`),
    transport: async () => {
      sent += 1;
      return { status: 200, headers: {}, body: new Uint8Array() };
    },
  });
  const { code, error } = await exporter.export([growingProfile(1, START)], {});
  await exporter.forceFlush();
  await exporter.shutdown();
  expect({ code, sent }).toEqual({ code: 1, sent: 0 });
  expect(exporter.drops.failed).toBeGreaterThan(0);
  expect(error?.message).toContain(`${name}: its value is not valid: expected`);
  expect(log).toEqual([`warn ${error?.message}; no profiles are sent`]);
  expect(log.join()).not.toContain('s3cret');
});
