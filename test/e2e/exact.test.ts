// Exact captures of a program with known numbers of allocations, on each line of Node, read by memray too.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { allocationsIn } from '../support/allocations-in.js';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import { appFolder } from './support/app-folder.js';
import { captureOf, expectFinished } from './support/capture-files.js';
import { MemrayReport } from './support/memray-report.js';
import { runApp, startApp } from './support/profiled-app.js';

const COUNT = 2000;
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
        expect(found, `${names} of ${sizes} bytes`).toBe(perCall * COUNT);
      }
      expect(functions.has('(unobserved)')).toBe(false);
      const stats = await new MemrayReport('1.20.0', file).stats();
      expect(stats.total_num_allocations).toBe(count);
      expect(stats.total_bytes_allocated).toBe(bytes);
      expect(stats.metadata.command_line).toContain('(heapray: exact: every allocation of the main thread');
    },
  );
}

peerTest(
  'an exact capture of a killed process is readable, and complete up to the last poll',
  ['memray-1.20.0', 'project-bare'],
  async () => {
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
  },
);
