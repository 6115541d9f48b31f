// When profiles are collected and exported, in simulated time.
import { expect, test } from 'vitest';
import {
  type ExportResult,
  PeriodicExportingProfileReader,
  type ProfileExporter,
} from '../../src/export/index.js';
import type { Profile } from '../../src/profile/index.js';
import { FakeClock } from './support/fake-clock.js';
import { growingProfile, START } from './support/growing-service.js';

const resource = { 'service.name': 'shop' };

class Recorder implements ProfileExporter {
  readonly exported: (readonly Profile[])[] = [];
  readonly resources: unknown[] = [];
  readonly calls: string[] = [];
  answer: () => Promise<ExportResult> = () => Promise.resolve({ code: 0 });

  export(profiles: readonly Profile[], given: unknown): Promise<ExportResult> {
    this.exported.push(profiles);
    this.resources.push(given);
    return this.answer();
  }

  async forceFlush(): Promise<void> {
    this.calls.push('forceFlush');
  }

  async shutdown(): Promise<void> {
    this.calls.push('shutdown');
  }
}

function start(options: { interval?: number; timeout?: number } = {}) {
  const clock = new FakeClock();
  const exporter = new Recorder();
  const log: string[] = [];
  const reader = new PeriodicExportingProfileReader({
    exporter,
    exportIntervalMillis: options.interval,
    exportTimeoutMillis: options.timeout,
  });
  let rounds = 0;
  const collect = async () => {
    rounds += 1;
    return growingProfile(rounds, START);
  };
  const source = { collect, resource };
  reader.setSource(source, { clock, log: (level, text) => log.push(`${level} ${text}`) });
  return { clock, exporter, reader, log };
}

test('exports the profile and resource once a minute by default when it has a source', async () => {
  const { clock, exporter } = start();
  await clock.advance(59_999);
  expect(exporter.exported).toHaveLength(0);
  await clock.advance(1);
  expect(exporter.exported).toHaveLength(1);
  expect(exporter.resources).toEqual([resource]);
  await clock.advance(180_000);
  expect(exporter.exported.map(([profile]) => profile!.sampleCount)).toEqual([2, 3, 4, 5]);
});

test('skips intervals, and never overlaps, when an export does not end', async () => {
  const { clock, exporter, reader, log } = start();
  const hanging = Promise.withResolvers<ExportResult>();
  exporter.answer = () => hanging.promise;
  await clock.advance(300_000);
  expect(exporter.exported).toHaveLength(1);
  expect(reader.skipped).toBe(4);
  expect(log).toEqual(['warn Profile export has not ended within 30000 ms; the next one waits for it']);
  exporter.answer = () => Promise.resolve({ code: 0 });
  hanging.resolve({ code: 0 });
  await clock.advance(60_000);
  expect(exporter.exported).toHaveLength(2);
});

test('logs once in ten minutes, and when it is over, when exports fail', async () => {
  const { clock, exporter, log } = start();
  exporter.answer = () => Promise.resolve({ code: 1, error: new Error('nobody\nlistens') });
  await clock.advance(9 * 60_000);
  expect(log).toEqual(['warn Profiles not exported: nobody listens']);
  exporter.answer = () => Promise.reject(new Error('thrown'));
  await clock.advance(3 * 60_000);
  expect(log.slice(1)).toEqual(['warn Profiles not exported: thrown (and 9 times since the last message)']);
  exporter.answer = () => Promise.resolve({ code: 0 });
  await clock.advance(120_000);
  expect(log.slice(2)).toEqual(['info Profiles are exported again']);
});

test('goes on when the source fails or the log throws', async () => {
  const clock = new FakeClock();
  const exporter = new Recorder();
  const reader = new PeriodicExportingProfileReader({ exporter, exportIntervalMillis: 1000 });
  let calls = 0;
  const collect = async () => {
    calls += 1;
    if (calls < 3) throw new Error('the profiler thread is gone');
    return growingProfile(1, START);
  };
  const log = () => {
    throw new Error('no console');
  };
  reader.setSource({ collect, resource }, { clock, log });
  await clock.advance(4000);
  expect(exporter.exported).toHaveLength(2);
});

test('exports at once, then flushes the exporter, when flushed', async () => {
  const { clock, exporter, reader } = start();
  await clock.until(reader.forceFlush());
  expect(exporter.exported).toHaveLength(1);
  expect(exporter.calls).toEqual(['forceFlush']);
});

test('exports a last time and sets no timer any more when shut down', async () => {
  const { clock, exporter, reader } = start();
  await Promise.all([clock.until(reader.shutdown()), reader.shutdown()]);
  expect(exporter.exported).toHaveLength(1);
  expect(exporter.calls).toEqual(['shutdown']);
  expect(clock.timers).toBe(0);
  await clock.advance(600_000);
  await reader.forceFlush();
  expect(exporter.exported).toHaveLength(1);
});

test('ends within its timeout when the exporter hangs at shutdown', async () => {
  const { clock, exporter, reader, log } = start({ timeout: 5000 });
  exporter.answer = () => new Promise(() => {});
  const before = clock.steady();
  await clock.until(reader.shutdown());
  expect(clock.steady() - before).toBe(5000);
  expect(log).toEqual(['warn Profile export has not ended within 5000 ms']);
});

test.each([
  [
    { exportIntervalMillis: 0 },
    'exportIntervalMillis: 0 is not valid: expected a whole number from 1 to 2147483647',
  ],
  [{ exportIntervalMillis: 2 ** 31 }, 'exportIntervalMillis: 2147483648 is not valid'],
  [
    { exportIntervalMillis: 1000, exportTimeoutMillis: 1001 },
    'exportTimeoutMillis: 1001 is not valid: expected a whole number from 1 to 1000',
  ],
])('throws when made with %o', (options, message) => {
  const make = () => new PeriodicExportingProfileReader({ exporter: new Recorder(), ...options });
  expect(make).toThrow(message);
  expect(make).toThrow(RangeError);
});
