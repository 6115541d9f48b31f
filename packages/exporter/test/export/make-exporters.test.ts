// Exporters from words and environment variables.
import { expect, test } from 'vitest';
import { profileExporterFrom, profileExportersFromEnv } from '../../src/export/index.js';

const file = { folder: '/var/lib/heapray' };

test('makes each exporter once when named in a list', () => {
  const log: string[] = [];
  const made = profileExportersFromEnv(['otlp', ' file ', 'otlp', '', 'none', 'datadog', 'pyroscope'], {
    env: {},
    file,
    log: (level, text) => log.push(`${level} ${text}`),
  });
  expect(made.map(({ kind }) => kind)).toEqual(['otlp', 'file', 'pyroscope']);
  expect(log).toEqual([
    'warn Profile exporter "datadog" is not known: expected otlp, pyroscope, file; ignoring it',
  ]);
});

test('logs and goes on when an exporter cannot be made', () => {
  const log: string[] = [];
  const made = profileExportersFromEnv(['file', 'pyroscope'], {
    env: {},
    file: { folder: '' },
    log: (level, text) => log.push(`${level} ${text}`),
  });
  expect(made.map(({ kind }) => kind)).toEqual(['pyroscope']);
  expect(log).toEqual(['error Profile exporter file not started: folder: "" is not valid: expected a path']);
});

test('makes the same exporter again from its description when posted to another thread', () => {
  for (const description of [
    { kind: 'otlp', options: { url: 'http://host/x', headers: { a: 'b' } } },
    { kind: 'pyroscope', options: { serverAddress: 'http://host', tags: { a: 'b' } } },
    { kind: 'file', options: file },
  ] as const) {
    const exporter = profileExporterFrom(structuredClone(description), { env: {} });
    expect(exporter).toMatchObject({ description });
    expect(exporter.drops).toEqual({ rejected: 0, queue_full: 0, too_old: 0, failed: 0 });
  }
});
