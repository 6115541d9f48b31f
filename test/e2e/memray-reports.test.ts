// Captures of real processes, read by the memray of each format.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { decodePprof } from '@heapray/exporter/pprof';
import { type Profile, type TopRow, topOf } from '@heapray/exporter/profile';
import { beforeAll, describe, expect, test } from 'vitest';
import { heapray } from '../../packages/cli/test/support/heapray.js';
import { httpGet } from '../support/http-get.js';
import { describeWithPeer, peerTest } from '../support/peer-test.js';
import { APP_PACKAGE, appFolder } from './support/app-folder.js';
import { captureOf, expectFinished, fileNames } from './support/capture-files.js';
import { MEMRAY_OF, MemrayReport, type Stats } from './support/memray-report.js';
import { pprofRaw } from './support/pprof-report.js';
import { runApp, startApp } from './support/profiled-app.js';
import { samplingMargin } from './support/sampling-margin.js';

const FORMATS = [13, 12, 11] as const;
const LEAK_MIB = 32;
/** Two gigabytes in all, so that the allocations after the last scrape are far below 1 %. */
const CHURN_MIB = 16;
/** Reports of each format. Which others memray makes of heapray's records does not depend on the format. */
const REPORTS = ['table', 'flamegraph', 'flamegraph --leaks'];
const MORE_REPORTS = ['flamegraph --temporal', 'flamegraph --split-threads'];
const PAGES = ['flamegraph --leaks'];
const MORE_PAGES = ['flamegraph', 'table --leaks', 'flamegraph --temporal --leaks'];

for (const format of FORMATS) {
  const version = MEMRAY_OF[format] ?? '1.20.0';

  describeWithPeer(
    `format ${format} of a whole process, for memray ${version}`,
    [`memray-${version}`, 'project-bare'],
    () => {
      let capture = '';
      let report: MemrayReport;
      let stats: Stats;
      let records: readonly string[];
      let metricTotal = 0;
      let live: Profile;
      let pid = 0;

      beforeAll(async () => {
        const env = {
          HEAPRAY_COMPONENT: 'shop',
          HEAPRAY_TRACE_COMPONENTS: 'shop',
          HEAPRAY_MEMRAY_FORMAT: `${format}`,
          LEAK_MIB: `${LEAK_MIB}`,
          CHURN_MIB: `${CHURN_MIB}`,
        };
        const service = startApp({ app: ['leaky-service.js'], nodeArgs: ['--expose-gc'], env });
        await service.waitForLog(/^leaked$/m);
        // The first answers of both endpoints load code.
        await service.metrics();
        // A profile includes everything so far, also samples that are not attributed yet.
        live = decodePprof((await httpGet(`${await service.debugUrl()}/debug/pprof/heap`)).bytes);
        metricTotal = (await service.metrics()).sum('heapray_memory_allocated_total');
        pid = service.process.pid;
        await service.stop('SIGTERM');
        capture = captureOf(service.home, 'shop');
        report = new MemrayReport(version, capture);
        stats = await report.stats();
        records = await report.records();
      });

      test('stats: the total equals the metric, within 1 %', async () => {
        expectFinished(capture);
        expect(Math.abs(stats.total_bytes_allocated - metricTotal)).toBeLessThan(metricTotal / 100);
        expect(stats.metadata).toMatchObject({ pid });
        expect(stats.metadata.command_line).toContain('leaky-service.js');
        expect(stats.metadata.peak_memory).toBeGreaterThan(LEAK_MIB * 2 ** 20 * 0.8);
        expect(await report.print(['stats'])).toContain('Total allocations');
      });

      test('leaks: the leaking function is first, within five standard errors of sampling', async () => {
        const [first] = await report.leaks();
        const [firstRow] = await report.csvLeaks();
        expect(first?.stack_trace).toMatch(/^rememberOrder at .*order-cache/);
        expect(firstRow?.stack.slice(0, 2)).toEqual(['rememberOrder', 'serve']);
        const truth = LEAK_MIB * 2 ** 20;
        expect(Math.abs((first?.size ?? 0) - truth)).toBeLessThan(samplingMargin(8192, truth));
      });

      test.each(format === 13 ? [...REPORTS, ...MORE_REPORTS] : REPORTS)('%s', async (command) => {
        expect(JSON.stringify(await report.html(command.split(' ')))).toContain('rememberOrder');
      });

      test.each(format === 13 ? [...PAGES, ...MORE_PAGES] : PAGES)(
        'the page of %s has no wrong statement',
        async (command) => {
          const { stats: lines, warnings } = await report.page(command.split(' '));
          expect(warnings).toEqual([]);
          const page = lines.join('\n');
          expect(page).toMatch(/leaky-service\.js \(heapray: sampled every 8 KiB or more; .* estimates\)$/m);
          expect(page).toMatch(/^Python allocator: malloc$/m);
          const [, seconds = ''] = /^Duration: 0:00:(\d+\.\d+)$/m.exec(page) ?? [];
          const [, events = ''] = /^Total number of allocations: (\d+)$/m.exec(page) ?? [];
          const [, frames = ''] = /^Total number of frames seen: (\d+)$/m.exec(page) ?? [];
          expect(Number(seconds)).toBeGreaterThan(0);
          // memray shows the number of records here, frees included, as for its own captures.
          expect(Number(events)).toBeGreaterThan(stats.total_num_allocations);
          const declared = records.filter((record) => /^(?:CODE_OBJECT|FRAME_ID)/.test(record));
          expect(Number(frames)).toBe(new Set(declared).size);
          expect(declared.length).toBeGreaterThan(5);
        },
      );

      test('modules: estimated allocations are charged to the module of the caller', async () => {
        if (format !== 13) return expect(stats).not.toHaveProperty('top_modules_by_allocation_size');
        const modules = stats.top_modules_by_allocation_size.map(({ module }) => module);
        expect(modules).toContain('order-cache');
        expect(modules).not.toContain('(heapray)');
      });

      test('summary', async () => {
        expect(await report.print(['summary'])).toContain('Location');
      });

      test('transform csv', async () => {
        expect(await report.write(['transform', 'csv'])).toContain('rememberOrder');
      });

      test('parse: all records are whole, estimated ones have a name of their own', () => {
        expect(records.at(-1)).toBe('TRAILER');
        expect(records.join('\n')).toContain('(short-lived, estimated)');
      });

      test('heapray top: packages have the same shares as in the live profile', async () => {
        const args = ['top', capture, '--group', 'package', '--by', 'alloc_space', '-n', '1000', '--json'];
        const { status, stdout } = await heapray(args);
        expect(status).toBe(0);
        const inCapture = (JSON.parse(stdout) as { rows: readonly TopRow[] }).rows;
        const inLive = topOf(live, { column: 'alloc_space', groupBy: 'package' });
        const shareIn = (rows: readonly TopRow[], name: string) =>
          rows.find((row) => row.name === name)?.share ?? 0;
        expect(shareIn(inLive, APP_PACKAGE) + shareIn(inLive, 'order-cache')).toBeGreaterThan(0.5);
        for (const { name, share } of [...inLive, ...inCapture]) {
          expect(Math.abs(shareIn(inCapture, name) - shareIn(inLive, name)), `${name} ${share}`).toBeLessThan(
            0.03,
          );
        }
      });

      test('tree', async () => {
        expect(await report.tree('rememberOrder')).toContain('rememberOrder');
      });
    },
  );
}

describe('components', () => {
  const OUTPUT = 'scheduled books\nprocessed toys\nbroken on purpose\nimported\n';

  peerTest('have one capture each, from call to end', ['memray-1.20.0', 'project-bare'], async () => {
    const names = ['scheduler', 'dag_processor', 'triggerer'];
    const { home, result } = await runComponents(names.join(', '), ['--import', './declared-components.js']);
    expect(result).toMatchObject({ status: 0, stdout: OUTPUT });
    expect(result.stderr).not.toMatch(/heapray: (warn|error)/);
    expect(fileNames(home)).toEqual(names.map((name) => `${name}_memory.bin`).sort());
    for (const name of names) {
      const capture = captureOf(home, name);
      expectFinished(capture);
      const [first] = await new MemrayReport('1.20.0', capture).leaks();
      expect(first?.stack_trace, name).toMatch(/^rememberOrder/);
      const truth = 3 * 2 ** 20;
      expect(Math.abs((first?.size ?? 0) - truth), name).toBeLessThan(samplingMargin(8192, truth));
    }
  });

  peerTest(
    'that are declared after profiling has started get a finer interval then',
    'project-bare',
    async () => {
      const { home, result } = await runComponents('importer');
      expect(result).toMatchObject({ status: 0, stdout: OUTPUT });
      expect(result.stderr).not.toMatch(/heapray: (warn|error)/);
      const capture = captureOf(home, 'importer');
      expectFinished(capture);
      // memray shows the command line, with the interval of the capture and not that of the start.
      expect(readFileSync(capture, 'latin1')).toContain('(heapray: sampled every 8 KiB or more;');
    },
  );

  peerTest('cost nothing when none is traced', 'project-bare', async () => {
    const { home, result } = await runComponents('');
    expect(result).toMatchObject({ status: 0, stdout: OUTPUT });
    expect(fileNames(home)).toEqual([]);
  });
});

peerTest('only a traced process is sampled finely', ['go-pprof', 'project-bare'], async () => {
  const periodOf = async (env: Record<string, string>) => {
    const service = startApp({ app: ['leaky-service.js'], env });
    return (await pprofRaw(`${await service.debugUrl()}/debug/pprof/heap`)).period;
  };
  expect(await periodOf({})).toBe(65_536);
  expect(await periodOf({ HEAPRAY_COMPONENT: 'shop', HEAPRAY_TRACE_COMPONENTS: 'shop' })).toBe(8192);
  expect(await periodOf({ HEAPRAY_COMPONENT: 'shop', HEAPRAY_TRACE_COMPONENTS: 'scheduler' })).toBe(65_536);
});

peerTest(
  'a component that is declared late restarts the sampler, and the restart is counted',
  'project-bare',
  async () => {
    const env = { HEAPRAY_COMPONENT: 'shop', HEAPRAY_TRACE_COMPONENTS: 'worker', LEAK_MIB: '8' };
    const app = startApp({ app: ['component-service.js'], nodeArgs: ['--expose-gc'], env });
    await app.waitForLog(
      /sampling every 8192 bytes instead of 65536 .*: a component of this process is traced/,
    );
    process.kill(app.process.pid!, 'SIGHUP');
    await app.waitForLog(/^leaked more$/m);
    const page = await app.metrics();
    expect(page.sum('heapray_profiler_sampling_interval')).toBe(8192);
    expect(page.sum('heapray_profiler_lost_sampler_total', { heapray_reason: 'traced' })).toBe(1);
    expect(page.sum('heapray_profiler_lost_sampler_total')).toBe(1);
    await app.stop();
    const capture = captureOf(app.home, 'worker');
    expectFinished(capture);
  },
);

async function runComponents(traced: string, preloads: readonly string[] = []) {
  const folder = appFolder('bare');
  const result = await runApp({
    app: ['components.js'],
    nodeArgs: ['--expose-gc', ...preloads],
    folder,
    env: { HEAPRAY_TRACE_COMPONENTS: traced },
  });
  return { result, home: path.join(folder, 'heapray') };
}
