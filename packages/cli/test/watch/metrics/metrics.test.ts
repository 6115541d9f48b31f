// Metrics: sums that add up, counters that never decrease, and text that Prometheus' own tool accepts.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { GrowingCapture, MemrayWriter } from '@heapray/exporter/memray';
import { AggregationTemporality } from '@opentelemetry/sdk-metrics';
import { describe, expect, test } from 'vitest';
import { peerTest } from '../../../../../test/support/peer-test.js';
import { promtool } from '../../../../../test/support/peers.js';
import { runCommand } from '../../../../../test/support/run-command.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { siteAttributes } from '../../../../instrumentation/src/profiler-thread/metrics/site-groups.js';
import {
  OWN_METRICS as NODE_OWN_METRICS,
  SITE_METRICS as NODE_SITE_METRICS,
} from '../../../../instrumentation/src/protocol/metric-table.js';
import { SiteSeries, type SiteValues } from '../../../src/watch/follow/site-series.js';
import type { WatchedCapture } from '../../../src/watch/follow/watched-capture.js';
import { CaptureMetrics } from '../../../src/watch/metrics/capture-metrics.js';
import { CAPTURE_METRICS, SITE_METRICS } from '../../../src/watch/metrics/metric-table.js';
import { AIRFLOW, follow, goldenFile, rawCapture, withoutZeros } from '../support/captures.js';
import { type Expected, readExpected } from '../support/expected.js';
import { metricsText } from '../support/metrics-text.js';

const AIRFLOW_RAW = withoutZeros(rawCapture(AIRFLOW));

const COLUMNS: readonly (keyof SiteValues)[] = [
  'allocatedBytes',
  'allocations',
  'retainedBytes',
  'retainedCount',
  'peakBytes',
];

/** A capture of functions that allocate and keep memory. */
class Places {
  readonly #writer = new MemrayWriter({ commandLine: 'x', pid: 1, startTimeMillis: 1, libdest: '/usr/lib' });
  readonly #capture = new GrowingCapture();
  #allocations = 0;
  #freed = 0;

  allocate(functionName: string, bytes: number): void {
    const frame = this.#writer.frame(functionName, '/srv/places.py', 1);
    this.#writer.allocation(1, 16 * ++this.#allocations, bytes, this.#writer.stack(undefined, frame));
  }

  freeAll(): void {
    while (this.#freed < this.#allocations) this.#writer.free(1, 16 * ++this.#freed);
  }

  read(): GrowingCapture {
    this.#capture.push(this.#writer.take());
    return this.#capture;
  }
}

describe('call sites', () => {
  test('rows, other and dropped add up to the total, and counters continue while their series exists', () => {
    const capture = new GrowingCapture();
    const series = new SiteSeries(7);
    let before = new Map<string, SiteValues>();
    const seen = new Set<string>();
    for (let at = 0; at < AIRFLOW_RAW.length; at += 15_000) {
      capture.push(AIRFLOW_RAW.subarray(at, at + 15_000));
      const { rows, other, dropped, mostDropped, total } = series.view(capture);
      expect(rows.length).toBeLessThanOrEqual(7);
      expect(series.total(capture)).toEqual(total);
      expect(total.retainedBytes).toBe(capture.liveBytes);
      expect(total.peakBytes).toBe(capture.peakBytes);
      for (const column of COLUMNS) {
        const sum = rows.reduce((all, { values }) => all + values[column], other[column] + dropped[column]);
        expect(sum).toBe(total[column]);
      }
      const now = new Map([
        ...rows.map((row) => [JSON.stringify(row.site), row.values] as const),
        ['other', other] as const,
        ['dropped', mostDropped] as const,
      ]);
      for (const [key, values] of now) {
        const last = before.get(key);
        expect(values.allocatedBytes).toBeGreaterThanOrEqual(last?.allocatedBytes ?? 0);
        expect(values.allocations).toBeGreaterThanOrEqual(last?.allocations ?? 0);
        seen.add(key);
      }
      // A series that returns continues.
      before = new Map([...before, ...now]);
    }
    // Some sites must appear and disappear, which is the subject of the test.
    expect(seen.size).toBeGreaterThan(20);
  });

  test('a site that starts to leak late gets a series, whatever came before', () => {
    const program = new Places();
    const series = new SiteSeries(10);
    for (let phase = 0; phase < 20; phase++) {
      program.freeAll();
      for (let at = 0; at < 43; at++) program.allocate(`f${phase * 43 + at}`, 20_000 * 2 ** phase);
      expect(series.view(program.read()).rows).toHaveLength(10);
    }
    program.freeAll();
    for (let at = 0; at < 30; at++) {
      program.allocate('leak', 1_000_000);
      const { rows } = series.view(program.read());
      const leak = rows.find(({ site }) => site.functionName === 'leak');
      expect(leak?.values.retainedBytes).toBe((at + 1) * 1_000_000);
      expect(leak?.sinceMillis).toBeGreaterThan(0);
    }
  });

  test('count each byte once as deltas, also when they leave the largest and return', async () => {
    const program = new Places();
    const run = { id: 1, capture: program.read(), series: new SiteSeries(1) };
    const follower = { run, state: 'reading', inPlace: false, sizes: {}, runs: {} };
    const watched = { component: 'c', follower } as unknown as WatchedCapture;
    const metrics = new CaptureMetrics({ captures: [watched], hints: [] }, AggregationTemporality.DELTA);
    let allocated = 0;
    for (const [name, bytes] of [
      ['a', 100],
      ['b', 1_000],
      ['a', 5_000],
    ] as const) {
      program.freeAll();
      program.allocate(name, bytes);
      program.read();
      const { resourceMetrics } = await metrics.collect();
      const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
      const { dataPoints } = all.find(({ descriptor }) => descriptor.name === SITE_METRICS.allocated.name)!;
      expect(dataPoints.map(({ attributes }) => attributes['code.function.name'])).toEqual([name, 'other']);
      for (const { value } of dataPoints) allocated += value as number;
    }
    expect(allocated).toBe(6_100);
  });

  test.each([
    ['13', [243, 562], 'functions'],
    ['12', [243, 562], 'functions'],
    ['11', [265, 563], 'lines that allocate, since functions are not told apart'],
  ])('of equal name and file are separate, in format %s: by %3$s', (format, lines) => {
    const capture = new GrowingCapture();
    capture.push(withoutZeros(rawCapture(goldenFile(`threads.v${format}.bin`))));
    const { rows } = new SiteSeries(500).view(capture);
    const inits = rows.filter(
      ({ site }) => site.functionName === '__init__' && site.file.endsWith('threading.py'),
    );
    expect(inits.map(({ site }) => site.line)).toEqual(expect.arrayContaining(lines));
    const keys = rows.map(({ site }) => [site.functionName, site.file, site.line, site.packageName].join());
    expect(new Set(keys).size).toBe(rows.length);
  });

  test('have the line as an attribute', async () => {
    const follower = follow(goldenFile('threads.v13.bin'), { maxCallSites: 500 });
    await follower.poll({ final: true });
    const text = await metricsText([{ component: 'c', follower }]);
    expect(text).toMatch(
      /code_function_name="__init__",code_file_path="[^"]*threading.py",code_line_number="562"/,
    );
    expect(text).toMatch(/code_function_name="other",code_file_path="",heapray_package_name=""/);
  });

  test('have memray’s totals', () => {
    const capture = new GrowingCapture();
    capture.push(AIRFLOW_RAW);
    const { total } = new SiteSeries(50).view(capture);
    const expected: Expected = readExpected(AIRFLOW);
    expect(total.allocations).toBe(expected.total_num_allocations);
    expect(total.allocatedBytes).toBe(expected.total_bytes_allocated);
  });

  test.each([
    ['v13', 'threads.v13.bin'],
    ['v12, whose header has no package folders', 'threads.v12.bin'],
    ['v11', 'threads.v11.bin'],
  ])('have packages, in %s', (_, name) => {
    const capture = new GrowingCapture();
    capture.push(withoutZeros(rawCapture(goldenFile(name))));
    const { rows } = new SiteSeries(500).view(capture);
    const packages = new Set(rows.map(({ site }) => site.packageName));
    expect(packages).toContain('<root>');
    expect(packages).not.toContain('threading');
    expect(packages).not.toContain('memray');
  });
});

peerTest('promtool reports no problems', 'promtool', async () => {
  const captures = [AIRFLOW, goldenFile('killed.v13.bin'), goldenFile('aggregate.v13.bin')];
  const watched = captures.map((file, at) => ({ component: `c${at}`, follower: follow(file) }));
  for (const { follower } of watched) await follower.poll({ final: true });
  const text = await metricsText(watched, [{ component: 'c1', hint: 'old_capture', text: '' }]);
  expect(text).toContain('heapray_memory_retained{heapray_component="c2"');
  expect(text).not.toContain('heapray_memory_allocated_total{heapray_component="c2"');
  const file = path.join(tempFolder(), 'metrics');
  writeFileSync(file, text);
  expect(await runCommand(promtool(), ['check', 'metrics'], { input: text })).toMatchObject({
    status: 0,
    stdout: '',
    stderr: '',
  });
});

test('labels are escaped', async () => {
  const follower = follow(goldenFile('killed.v13.bin'));
  await follower.poll({ final: true });
  const text = await metricsText([{ component: 'say "hi"\n\\ to\r\ud800', follower }]);
  expect(text).toContain('heapray_capture_runs_total{heapray_component="say \\"hi\\"\\n\\\\ to \ufffd"} 1\n');
});

test('a page without captures has the resource only', async () => {
  expect(await metricsText([])).toMatch(
    /^# HELP target_info .*\n# TYPE .*\ntarget_info\{service_name="heapray-watch"/,
  );
});

/** The attributes of a call site of a Node process of which everything is known. */
const NODE_SITE = siteAttributes({
  functionName: 'f',
  file: '/f.js',
  line: 1,
  column: 1,
  sharesLine: true,
  packageName: 'p',
  packageVersion: '1.0.0',
  component: 'c',
});

describe('metrics that Node processes have too', () => {
  const shared = Object.values({ ...NODE_SITE_METRICS, ...NODE_OWN_METRICS }).flatMap((ofNode) => {
    const ofCapture = Object.values({ ...SITE_METRICS, ...CAPTURE_METRICS }).find(
      ({ name }) => name === ofNode.name,
    );
    return ofCapture === undefined ? [] : [[ofNode.name, ofCapture, ofNode] as const];
  });

  test('include what is in use by call site', () => {
    expect(shared.map(([name]) => name)).toContain('heapray.memory.retained');
  });

  test.each(shared)('%s has the same kind, unit and attributes', async (name, ofCapture, ofNode) => {
    expect([ofCapture.kind, ofCapture.unit]).toEqual([ofNode.kind, ofNode.unit]);
    const follower = follow(goldenFile('threads.v13.bin'));
    await follower.poll({ final: true });
    const producer = new CaptureMetrics({ captures: [{ component: 'c', follower }], hints: [] });
    const { resourceMetrics } = await producer.collect();
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    const { dataPoints } = metrics.find(({ descriptor }) => descriptor.name === name)!;
    const own = ofNode.attributes ?? {};
    const known = [...Object.keys(NODE_SITE), ...Object.keys(own)];
    for (const { attributes } of dataPoints) {
      expect(known).toEqual(expect.arrayContaining(Object.keys(attributes)));
      for (const [key, values] of Object.entries(own)) expect(values).toContain(attributes[key]);
    }
  });
});

test('no name is also the namespace of another', () => {
  const tables = [NODE_SITE_METRICS, NODE_OWN_METRICS, SITE_METRICS, CAPTURE_METRICS];
  const names = tables.flatMap((table) => Object.values(table).map(({ name }) => name));
  for (const name of names) expect(names.filter((other) => other.startsWith(`${name}.`))).toEqual([]);
});
