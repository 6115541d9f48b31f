// Exact captures of a program with known numbers of allocations, on each line of Node, read by memray too.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { type Allocations, allocationsIn } from '../support/allocations-in.js';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import { appFolder } from './support/app-folder.js';
import { captureOf, expectFinished } from './support/capture-files.js';
import { MemrayReport, type TableRow } from './support/memray-report.js';
import { runApp, startApp } from './support/profiled-app.js';

const COUNT = 2000;
/**
 * V8 allocates in a function when it optimizes it: one or two objects of each of some 20 sizes, which may be a size of the shape. These are
 * allocations like others.
 */
const MAX_OF_V8 = 5;
/**
 * Sizes of each shape's objects, and how many of them a call makes. V8 adds 16 bytes to some for its feedback. A function of the
 * runtime has a frame of its own on some versions.
 */
const SHAPES: readonly { names: readonly string[]; sizes: readonly number[]; perCall: number }[] = [
  { names: ['plainObject'], sizes: [128, 144], perCall: 1 },
  { names: ['arrayLiteral'], sizes: [184], perCall: 1 },
  { names: ['closure'], sizes: [104], perCall: 1 },
  { names: ['slicedText', 'slice'], sizes: [32], perCall: 1 },
  { names: ['inlinedLeaf'], sizes: [120, 136], perCall: 1 },
  { names: ['foldedObjects'], sizes: [104, 120], perCall: 3 },
  { names: ['instance', 'Instance'], sizes: [112], perCall: 1 },
  { names: ['asyncObject'], sizes: [168, 184], perCall: 1 },
];

/** Functions whose allocations memray's reports are compared by. */
const COMPARED = ['arrayLiteral', 'closure', 'foldedObjects', 'asyncObject'];

for (const line of ['22', '24', '26'] as const) {
  peerTest(
    `Node ${line}: counts are exact to the object`,
    [`node-${line}`, 'memray-1.20.0', 'project-bare'],
    async () => {
      const folder = appFolder('bare');
      const env = { HEAPRAY_TRACE_COMPONENTS: 'shapes', HEAPRAY_HOME: 'dumps', COUNT: `${COUNT}` };
      const { status, stderr } = await runApp({ line, app: ['exact-shapes.js'], folder, env });
      expect(status, stderr).toBe(0);
      // The first call warms up.
      expect(stderr.match(/exact mode: \d+ allocations recorded.*/g)?.[1]).toContain('and none missed');
      const file = captureOf(path.join(folder, 'dumps'), 'shapes');
      expectFinished(file);
      const { functions, count, bytes } = allocationsIn(readFileSync(file));
      const allocated = (name: string, size: number) => functions.get(name)?.get(size) ?? 0;
      for (const { names, sizes, perCall } of SHAPES) {
        const each = names.flatMap((name) => sizes.map((size) => allocated(name, size)));
        const found = each.reduce((sum, one) => sum + one, 0);
        const ofV8 = found - perCall * COUNT;
        expect(ofV8, `${names} of ${sizes} bytes`).toBeGreaterThanOrEqual(0);
        expect(ofV8, `${names} of ${sizes} bytes`).toBeLessThanOrEqual(MAX_OF_V8);
      }
      expect(functions.has('(unobserved)')).toBe(false);
      const stats = await new MemrayReport('1.20.0', file).stats();
      expect(stats.total_num_allocations).toBe(count);
      expect(stats.total_bytes_allocated).toBe(bytes);
      expect(stats.metadata.command_line).toMatch(
        /exact: every allocation of the main thread, +0 of them without/,
      );
      if (line === '24') await expectReports(file, functions);
    },
  );
}

peerTest('memray reads an exact capture of a killed process', ['memray-1.20.0', 'project-bare'], async () => {
  const env = {
    HEAPRAY_COMPONENT: 'shop',
    HEAPRAY_TRACE_COMPONENTS: 'shop',
    HEAPRAY_DETAILED_TRACING: 'true',
    COUNT: `${COUNT}`,
    STAY: '1',
  };
  const app = startApp({ app: ['exact-shapes.js'], env });
  await app.waitForLog(/^worked$/m);
  const file = captureOf(app.home, 'shop');
  await pollUntil(() => allocationsIn(readFileSync(file)).count > COUNT, {
    what: 'allocations in the capture',
  });
  await app.process.kill();
  const { count, bytes } = allocationsIn(readFileSync(file));
  const stats = await new MemrayReport('1.20.0', file).stats();
  expect(stats).toMatchObject({ total_num_allocations: count, total_bytes_allocated: bytes });
});

/** Expects that the reports of memray count the same allocations by function, to the object. */
async function expectReports(file: string, functions: Allocations['functions']): Promise<void> {
  const report = new MemrayReport('1.20.0', file);
  const table = async (...options: string[]) =>
    ((await report.html(['table', ...options])) as TableRow[]).map(
      (row) => [row.stack_trace.split(' at ', 1)[0] ?? '', row.n_allocations, row.size] as const,
    );
  const sums = (rows: readonly (readonly [name: string, count: number, bytes: number])[]) =>
    COMPARED.map((compared) => {
      const own = rows.filter(([name]) => name === compared);
      return [
        own.reduce((sum, [, count]) => sum + count, 0),
        own.reduce((sum, [, , bytes]) => sum + bytes, 0),
      ];
    });
  const truth = sums(
    [...functions].flatMap(([name, sizes]) =>
      [...sizes].map(([size, count]) => [name, count, size * count] as const),
    ),
  );
  const kept = await table('--leaks');
  const freed = await table('--temporary-allocation-threshold', '1000000000');
  expect(sums([...kept, ...freed]), 'table').toEqual(truth);
  const csv = await report.write(['transform', 'csv', '--leaks']);
  const rows = [...csv.matchAll(/^\w+,(\d+),(\d+),\d+,[^,]*,"?([^;]*);/gm)];
  const leaks = rows.map(([, count, size, name = '']) => [name, Number(count), Number(size)] as const);
  expect(sums(leaks), 'transform').toEqual(sums(kept));
  const { nodes, strings, intervals } = (await report.html(['flamegraph', '--temporal', '--leaks'])) as {
    nodes: { function: number[] };
    strings: string[];
    intervals: [from: number, until: number | null, node: number, count: number, bytes: number][];
  };
  const named = intervals.map(
    ([, , node, count, bytes]) => [strings[nodes.function[node]!] ?? '', count, bytes] as const,
  );
  expect(sums(named), 'flamegraph --temporal').toEqual(truth);
  // A death is known at the next poll, when more has been allocated.
  const temporary = await table('--temporary-allocations');
  expect(sums(temporary).every(([count = 0], at) => count <= (truth[at]?.[0] ?? 0) / 100)).toBe(true);
}
