// All commands must agree on the package of a frame, for every kind of file.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { GrowingCapture, MemrayWriter, type MemrayWriterOptions } from '@heapray/exporter/memray';
import type { TopRow } from '@heapray/exporter/profile';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../test/support/temp-folder.js';
import { ownPackage } from '../src/own-package.js';
import { SiteSeries } from '../src/watch/follow/site-series.js';
import { captureProfile } from '../src/watch/profiles/capture-profile.js';
import { heapray } from './support/loaded-heapray.js';
import { fileWith } from './support/sample-files.js';
import { AIRFLOW } from './watch/support/captures.js';

type Stacks = readonly { readonly bytes: number; readonly files: readonly string[] }[];
type Sums = Readonly<Record<string, number>>;

/** Returns a capture in which each stack, innermost file first, allocates its bytes and keeps them. */
function captureWith(stacks: Stacks, options: Partial<MemrayWriterOptions>): Uint8Array {
  const writer = new MemrayWriter({ commandLine: 'x', pid: 1, startTimeMillis: 1, ...options });
  for (const [at, { bytes, files }] of stacks.entries()) {
    const stack = files.reduceRight<ReturnType<typeof writer.stack> | undefined>(
      (outer, file, depth) => writer.stack(outer, writer.frame(`f${depth}`, file, 1)),
      undefined,
    );
    writer.allocation(1, 16 * (at + 1), bytes, stack);
  }
  writer.finish(0, 2);
  return writer.take();
}

/** Sets the allocator of a usual Python in the header, which follows command line, process ID, thread and frames. */
function ofPython(capture: Uint8Array, format: 11 | 12 | 13): Uint8Array {
  const pymalloc = 1;
  capture[(format === 11 ? 45 : 49) + 'x\0'.length + 4 + 8 + 8] = pymalloc;
  return capture;
}

/** Returns bytes by package from `top`. */
async function byTop(file: string, column = 'inuse_space'): Promise<Sums> {
  const args = ['top', file, '--group', 'package', '--by', column, '-n', '1000', '--json'];
  const { status, stdout, stderr } = await heapray(args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const { rows } = JSON.parse(stdout) as { rows: readonly TopRow[] };
  return Object.fromEntries(rows.map(({ name, flat }) => [name, flat]));
}

/** Returns bytes by package after conversion. */
async function byConvert(file: string): Promise<Sums> {
  const converted = path.join(tempFolder(), 'converted.pb.gz');
  expect((await heapray(['convert', file, '-o', converted])).status).toBe(0);
  return byTop(converted);
}

/** Returns bytes by package from the metrics and profiles of `watch`. */
function byWatch(bytes: Uint8Array): readonly Sums[] {
  const capture = new GrowingCapture({}, { ownPackage });
  capture.push(bytes);
  const inMetrics: Record<string, number> = {};
  for (const { site, values } of new SiteSeries(1000).view(capture).rows) {
    inMetrics[site.packageName] = (inMetrics[site.packageName] ?? 0) + values.retainedBytes;
  }
  const profile = captureProfile(capture, 'api', 'inuse_space');
  const column = profile.columns.findIndex(({ type }) => type === 'inuse_space');
  const inProfile: Record<string, number> = {};
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const name = String(profile.labelsOf(sample).package);
    inProfile[name] = (inProfile[name] ?? 0) + profile.value(sample, column);
  }
  return [inMetrics, inProfile];
}

/** Returns the same stacks in V8's format: a URL for each file, none for native code. */
function heapProfileWith(stacks: Stacks): string {
  const nodeOf = (name: string, url: string, selfSize: number, children: readonly unknown[]) => ({
    callFrame: { functionName: name, scriptId: '1', url, lineNumber: 0, columnNumber: 0 },
    selfSize,
    children,
  });
  const urlOf = (file: string) => {
    if (/^\(.*\)$/.test(file)) return '';
    return file.startsWith('/') ? `file://${encodeURI(file)}` : file;
  };
  const chains = stacks.map(({ bytes, files }) =>
    files.reduce<unknown>(
      (callee, file, depth) =>
        nodeOf(`f${depth}`, urlOf(file), depth === 0 ? bytes : 0, callee ? [callee] : []),
      undefined,
    ),
  );
  return JSON.stringify({ head: nodeOf('(root)', '', 0, chains) });
}

describe('for a Node program', () => {
  const folder = path.join(tempFolder(), 'my shop');
  mkdirSync(path.join(folder, 'packages/ui'), { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{"name":"@acme/shop"}');
  writeFileSync(path.join(folder, 'packages/ui/package.json'), '{"name":"ui"}');
  const stacks: Stacks = [
    { bytes: 1, files: [`${folder}/server.js`] },
    { bytes: 2, files: [`${folder}/packages/ui/src/a.js`, `${folder}/server.js`] },
    { bytes: 4, files: ['node:internal/timers', `${folder}/server.js`] },
    { bytes: 8, files: ['(heapray)', `${folder}/node_modules/express/lib/a.js`, `${folder}/server.js`] },
    { bytes: 16, files: ['(native)', 'node:fs', `${folder}/node_modules/@s/x/a.js`] },
    { bytes: 32, files: [`${folder}/node_modules/.pnpm/y@1.0.0/node_modules/y/i.js`] },
    { bytes: 64, files: ['(native)', 'node:events'] },
    { bytes: 128, files: ['(native)'] },
    { bytes: 256, files: ['/gone/app.js'] },
    { bytes: 512, files: [`${folder}/pages/[slug]/p.js`] },
  ];
  const expected = {
    '@acme/shop': 1 + 4 + 512,
    ui: 2,
    express: 8,
    '@s/x': 16,
    y: 32,
    'node:': 64,
    '(none)': 128 + 256,
  };

  test.each([13, 12, 11] as const)('in a capture of format %i', async (format) => {
    const bytes = captureWith(stacks, { format, libdest: 'node:internal', commandLine: 'node server.js' });
    const file = fileWith(bytes, 'api_memory.bin');
    expect(await byTop(file)).toEqual(expected);
    expect(await byConvert(file)).toEqual(expected);
    for (const sums of byWatch(bytes)) expect(sums).toEqual(expected);
  });

  test('in a heap profile of V8', async () => {
    const file = fileWith(heapProfileWith(stacks), 'x.heapprofile');
    expect(await byTop(file)).toEqual(expected);
    expect(await byConvert(file)).toEqual(expected);
  });

  test("its own files are named by the program's folder when no manifest can be read", async () => {
    const bytes = captureWith([{ bytes: 1, files: ['/gone/shop/server.js'] }], {
      libdest: 'node:internal',
      sysPath: ['/gone/shop'],
    });
    expect(await byTop(fileWith(bytes, 'api_memory.bin'))).toEqual({ shop: 1 });
    for (const sums of byWatch(bytes)) expect(sums).toEqual({ shop: 1 });
  });
});

describe('for a Python program', () => {
  const stacks: Stacks = [
    { bytes: 1, files: ['/usr/lib64/python3.13t/threading.py', '/srv/app/jobs.py'] },
    { bytes: 2, files: ['/usr/lib64/python3.13t/site-packages/numpy/core/numeric.py'] },
    { bytes: 4, files: ['<frozen importlib._bootstrap>', '/usr/lib/python3/dist-packages/yaml/__init__.py'] },
    { bytes: 8, files: ['<frozen importlib._bootstrap>', '/usr/lib64/python3.13t/runpy.py'] },
    { bytes: 16, files: ['/opt/venv/lib/python3.13/site-packages/foo-1.0-py3.13.egg/foo/bar.py'] },
    { bytes: 32, files: ['/usr/lib/python313.zip/json/decoder.py', '/home/me/proj/src/editable/a.py'] },
  ];
  const expected = { jobs: 1, numpy: 2, yaml: 4, '<root>': 8, foo: 16, editable: 32 };
  const usual = { libdest: '/usr/lib64/python3.13t', sysPath: ['/srv/app'] };

  test.each([
    ['13, with its folders', { format: 13, ...usual }],
    ['13, with the folders of another Python', { format: 13, libdest: '/opt/python', sysPath: ['/srv/app'] }],
    ['12', { format: 12 }],
    ['11', { format: 11 }],
  ] as const)('in a capture of format %s', async (_, options) => {
    const bytes = ofPython(captureWith(stacks, options), options.format);
    const file = fileWith(bytes, 'api_memory.bin');
    expect(await byTop(file)).toEqual(expected);
    expect(await byConvert(file)).toEqual(expected);
    for (const sums of byWatch(bytes)) expect(sums).toEqual(expected);
  });

  test('in a capture of a real Airflow, with the sums of memray', async () => {
    const stats = readFileSync(AIRFLOW.replace('.bin', '.stats.json'), 'utf8');
    const { top_modules_by_allocation_size: modules } = JSON.parse(stats) as {
      top_modules_by_allocation_size: readonly { module: string; total_bytes: number }[];
    };
    expect(modules.length).toBeGreaterThan(3);
    expect(await byTop(AIRFLOW, 'alloc_space')).toMatchObject(
      Object.fromEntries(modules.map(({ module, total_bytes }) => [module, total_bytes])),
    );
  });
});
