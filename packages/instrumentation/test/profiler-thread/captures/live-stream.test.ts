import { analyzeMemray } from '@heapray/exporter/memray';
import { expect, test } from 'vitest';
import { LiveStream } from '../../../src/profiler-thread/captures/live-stream.js';
import type { Ledger } from '../../../src/profiler-thread/ledger/index.js';
import { INTERVAL, newLedger } from '../../support/ledger-sums.js';
import { onlySource } from '../../support/memory-sources.js';
import { Readings, range, samplesOf } from '../../support/readings.js';
import { byStack, START, totalBytes } from './captures.js';

const BOUND = 2000;

/** Makes a stream to a viewer that reads only on request. */
function watch(ledger: Ledger, maxPendingBytes = BOUND) {
  const chunks: Uint8Array[] = [];
  const sink = {
    pendingBytes: 0,
    write(bytes: Uint8Array) {
      chunks.push(bytes);
      sink.pendingBytes += bytes.length;
    },
  };
  let dropped = 0;
  let millis = START;
  const sources = onlySource(ledger);
  const stream = new LiveStream(
    sources,
    {
      format: 13,
      commandLine: 'node app.js',
      pid: 1,
      nodeModules: [],
      projectRoots: [],
      residentBytes: () => 1000,
      // Avoid times that end in a zero, which would be cut from a file.
      now: () => ++millis,
      maxPendingBytes,
      onDropped: (events) => {
        dropped += events;
      },
    },
    sink,
  );
  return {
    stream,
    main: sources.main,
    sink,
    dropped: () => dropped,
    /** Lets the viewer read everything that was sent. */
    read: () => {
      sink.pendingBytes = 0;
      stream.flush();
    },
    analyzer: () => analyzeMemray(chunks),
  };
}

test('begins with everything alive, continues with events, and ends with a trailer', () => {
  const ledger = newLedger();
  const readings = new Readings();
  const boot = samplesOf('boot', 1000, [1, 2]);
  ledger.update(readings.of(boot), 0);
  const { stream, analyzer, dropped } = watch(ledger);
  expect(byStack(analyzer(), analyzer().leaks())).toEqual({ boot: [2000, 2] });
  const parse = samplesOf('main > parse', 64, [3, 4]);
  ledger.update(readings.of([...boot.slice(0, 1), ...parse]), 1);
  stream.flush();
  expect(byStack(analyzer(), analyzer().leaks())).toEqual({ boot: [1000, 1], 'main > parse': [128, 2] });
  expect(analyzer().complete).toBe(false);
  stream.finish();
  ledger.update(readings.of([]), 2);
  expect(analyzer().complete).toBe(true);
  expect(byStack(analyzer(), analyzer().leaks())).toEqual({ boot: [1000, 1], 'main > parse': [128, 2] });
  expect(dropped()).toBe(0);
});

test('stays bounded and valid for a viewer that does not read, and becomes right again later', () => {
  const ledger = newLedger();
  const readings = new Readings();
  const kept = samplesOf('main > keep', 64, range(1, 20));
  ledger.update(readings.of(kept), 0);
  const viewer = watch(ledger);
  // Show a thousand samples that die at the next poll, while 12 of the 20 kept ones die too.
  for (let at = 0; at < 100; at++) {
    const passing = samplesOf(`main > pass${at}`, 64, range(30 + at * 10, 39 + at * 10));
    ledger.update(readings.of([...kept.slice(0, 20 - (at >> 3)), ...passing]), at + 1);
    viewer.stream.flush();
    expect(viewer.sink.pendingBytes).toBeLessThan(BOUND + 200);
    // The bytes sent so far are a valid capture that frees only what it contains.
    const soFar = viewer.analyzer();
    expect(soFar.damage).toBeUndefined();
    expect(soFar.liveBytes).toBe(totalBytes(soFar.leaks()));
  }
  expect(viewer.dropped()).toBeGreaterThan(1000);
  viewer.read();
  const now = viewer.analyzer();
  const alive: Record<string, number> = {};
  for (const [stack, [bytes]] of Object.entries(byStack(now, now.leaks()))) alive[stack] = bytes;
  expect(alive).toEqual({ 'main > keep': 8 * 64, 'main > pass99': 10 * 64 });
  // Each allocation that the viewer missed, and its free, is a dropped event.
  const seen = now.allocated().reduce((sum, { count }) => sum + count, 0);
  expect(viewer.dropped()).toBe(2 * (20 + 1000 - seen));
});

test('drops estimates without room as pairs', () => {
  const ledger = newLedger();
  const readings = new Readings();
  ledger.update(readings.of(samplesOf('main', 64, [1])), 0);
  const viewer = watch(ledger, 1);
  // Samples 2 to 9 are never seen.
  ledger.update(readings.of(samplesOf('main', 64, [1, 10])), 1);
  ledger.attribute(1, true);
  viewer.stream.flush();
  expect(viewer.dropped()).toBe(16);
});

test('limits a batch of estimates to the bound, and counts the rest', () => {
  const ledger = newLedger();
  const readings = new Readings();
  ledger.update(readings.of(samplesOf('main', 64, [1])), 0);
  const viewer = watch(ledger);
  ledger.update(readings.of(samplesOf('main', 64, [1, 10_002])), 1);
  ledger.attribute(1, true);
  viewer.stream.flush();
  expect(viewer.sink.pendingBytes).toBeLessThan(BOUND + 200);
  const estimates = byStack(viewer.analyzer(), viewer.analyzer().allocated());
  const [bytes, count] = estimates['(unobserved) > (short-lived, estimated)']!;
  expect(count).toBeGreaterThan(50);
  expect(bytes).toBe(count * INTERVAL);
  expect(viewer.dropped()).toBe(2 * (10_000 - count));
});

test('limits the end of the stream to the bound too', () => {
  const ledger = newLedger();
  ledger.update(new Readings().of(range(1, 500).flatMap((at) => samplesOf(`main > f${at}`, 64, [at]))), 0);
  const viewer = watch(ledger);
  for (let at = 0; at < 100; at++) viewer.read();
  // Half a sample of each stack is pending.
  for (let node = 1; node < ledger.tree.size; node++) viewer.stream.estimated(viewer.main, node, 0.5, 32);
  expect(viewer.dropped()).toBe(0);
  viewer.stream.finish();
  expect(viewer.sink.pendingBytes).toBeLessThan(BOUND + 200);
  expect(viewer.analyzer().complete).toBe(true);
  const seen = Object.entries(byStack(viewer.analyzer(), viewer.analyzer().allocated()));
  const written = seen.filter(([stack]) => stack.endsWith('(short-lived, estimated)'));
  expect(written.length).toBeGreaterThan(10);
  expect(viewer.dropped()).toBe(2 * (ledger.tree.size - 1 - written.length));
});

test('sends a large heap piece by piece', () => {
  const ledger = newLedger();
  ledger.update(new Readings().of(samplesOf('main', 64, range(1, 5000))), 0);
  const viewer = watch(ledger);
  expect(viewer.sink.pendingBytes).toBeLessThan(BOUND + 200);
  for (let at = 0; at < 100; at++) viewer.read();
  expect(viewer.dropped()).toBe(0);
  expect(viewer.analyzer().liveBytes).toBe(5000 * 64);
});
