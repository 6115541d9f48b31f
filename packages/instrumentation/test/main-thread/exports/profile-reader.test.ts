import { PeriodicExportingProfileReader, PyroscopeProfileExporter } from '@heapray/exporter/export';
import { expect, test } from 'vitest';
import { notReader, settingsOf } from '../../../src/main-thread/exports/profile-reader.js';

const exporter = {
  export: async () => ({ code: 0 }) as const,
  forceFlush: async () => {},
  shutdown: async () => {},
};

test('a reader with an exporter of the package runs on the profiler thread, with its options', () => {
  const reader = new PeriodicExportingProfileReader({
    exporter: new PyroscopeProfileExporter({ serverAddress: 'http://pyroscope:4040', tags: { a: 'b' } }),
    exportIntervalMillis: 5_000,
  });
  expect(settingsOf(reader, 7)).toEqual({
    id: 7,
    kind: 'pyroscope',
    options: { serverAddress: 'http://pyroscope:4040', tags: { a: 'b' } },
    exportIntervalMillis: 5_000,
    exportTimeoutMillis: 5_000,
  });
});

test.each([
  ['of the application', exporter],
  [
    'whose options cannot be sent',
    { ...exporter, description: { kind: 'otlp', options: { url: () => '' } } },
  ],
  [
    'that throws',
    {
      ...exporter,
      get description(): never {
        throw new Error('on purpose');
      },
    },
  ],
])('a reader with an exporter %s runs on the main thread', (_, one) => {
  expect(settingsOf(new PeriodicExportingProfileReader({ exporter: one }), 1)).toBeUndefined();
});

test('finds what is not a reader', () => {
  const reader = new PeriodicExportingProfileReader({ exporter });
  expect(notReader([])).toBeUndefined();
  expect(notReader([reader])).toBeUndefined();
  expect(notReader(reader)).toEqual({ value: reader });
  expect(notReader([reader, exporter])).toEqual({ value: exporter });
  expect(notReader([null])).toEqual({ value: null });
});
