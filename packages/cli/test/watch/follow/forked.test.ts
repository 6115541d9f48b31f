// Captures of forked processes, named as by memray's `--follow-fork`, belong to the component of their parent.
import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { decodePprof } from '@heapray/exporter/pprof';
import { topOf, totals } from '@heapray/exporter/profile';
import { describe, expect, test } from 'vitest';
import { httpGet } from '../../../../../test/support/http-get.js';
import { pollUntil } from '../../../../../test/support/poll.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { findCaptures } from '../../../src/watch/follow/capture-finder.js';
import { expectedOf } from '../../support/captures.js';
import { heapray } from '../../support/heapray.js';
import { goldenFile } from '../support/captures.js';
import { startWatch } from '../support/start-watch.js';

/** Golden captures by process ID. The name of the parent's capture contains no ID. */
const CAPTURES = new Map([
  ['1942', 'fork.v13.bin'],
  ['1944', 'fork.v13-child1.bin'],
  ['1946', 'fork.v13-child2.bin'],
]);
const PEAKS = new Map([...CAPTURES].map(([pid, name]) => [pid, expectedOf(name).metadata.peak_memory]));

/** Creates a folder with the captures of a process and its two forked processes. */
function forkedFolder(name = 'scheduler_memory.bin'): string {
  const folder = tempFolder();
  for (const [pid, golden] of CAPTURES) {
    const file = pid === '1942' ? name : `${name}.${pid}`;
    copyFileSync(goldenFile(golden), path.join(folder, file));
  }
  return folder;
}

async function found(...paths: string[]): Promise<[string, string | undefined][]> {
  const { captures } = await findCaptures(paths);
  return captures.map(({ component, process }) => [component, process]);
}

const FAMILY = (component: string) => [
  [component, undefined],
  [component, '1944'],
  [component, '1946'],
];

describe('are found', () => {
  test('in a folder', async () => {
    expect(await found(forkedFolder())).toEqual(FAMILY('scheduler'));
  });

  test('beside a given file, whatever its name', async () => {
    const folder = forkedFolder('out.bin');
    const file = path.join(folder, 'out.bin');
    writeFileSync(path.join(folder, 'out.bin.old'), '');
    writeFileSync(path.join(folder, 'other.bin.1944'), '');
    expect(await found(file)).toEqual(FAMILY('out'));
    expect(await found(file, `${file}.1944`, `${file}.1946`)).toEqual(FAMILY('out'));
    expect(await found(`${file}.1946`)).toEqual([['out', '1946']]);
  });

  test('in two folders, each with its own parent', async () => {
    const [a, b] = [forkedFolder(), forkedFolder()];
    expect(await found(a, b)).toEqual([...FAMILY('scheduler'), ...FAMILY(`scheduler@${b}`)]);
  });

  test('of a process other than the first of its component', async () => {
    const folder = tempFolder();
    for (const name of ['api_memory.bin', 'api_memory.77.bin', 'api_memory.77.bin.78']) {
      writeFileSync(path.join(folder, name), '');
    }
    expect((await found(folder)).sort()).toEqual([
      ['api', undefined],
      ['api@77', undefined],
      ['api@77', '78'],
    ]);
  });
});

test('are shown with --once in a table and JSON, the parent first', async () => {
  const folder = forkedFolder();
  const { status, stdout } = await heapray(['watch', folder, '--once']);
  expect(status).toBe(0);
  const [head, ...rows] = stdout.trimEnd().split('\n');
  expect(head).toMatch(/ COMPONENT +PROCESS +STATE +FILE$/);
  expect(rows.map((row) => / (scheduler) +(\d*) *finished /.exec(row)?.slice(1))).toEqual([
    ['scheduler', ''],
    ['scheduler', '1944'],
    ['scheduler', '1946'],
  ]);
  const json = await heapray(['watch', folder, '--once', '--json']);
  const { captures } = JSON.parse(json.stdout) as { captures: object[] };
  expect(captures).toMatchObject(
    [...PEAKS].map(([pid, peakBytes]) => {
      return { component: 'scheduler', process: pid === '1942' ? null : pid, pid: Number(pid), peakBytes };
    }),
  );
});

test('are served as series of each process, and as one profile of all', async () => {
  const { url } = await startWatch([forkedFolder()]);
  const metrics = await pollUntil(
    async () => {
      const { body } = await httpGet(`${url}/metrics`);
      return body.includes('heapray_process_id="1946",heapray_capture_state="finished"} 1')
        ? body
        : undefined;
    },
    { what: 'all captures to be read' },
  );
  const states = metrics.match(/heapray_capture_status\{[^}]*finished"\} 1/g) ?? [];
  expect(states.map((line) => /heapray_process_id="(\d+)"/.exec(line)?.[1])).toEqual([
    undefined,
    '1944',
    '1946',
  ]);
  expect(states.every((line) => line.includes('heapray_component="scheduler"'))).toBe(true);
  const series = metrics.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const names = series.map((line) => line.slice(0, line.lastIndexOf(' ')));
  expect(new Set(names).size).toBe(names.length);

  const { body } = await httpGet(`${url}/debug/pprof/`);
  expect(body.match(/<th>[^<]*<\/th>/g)).toEqual(['<th>scheduler</th>']);
  const response = await fetch(`${url}/debug/pprof/peak?component=scheduler`);
  const profile = decodePprof(new Uint8Array(await response.arrayBuffer()));
  expect(totals(profile).peak_space).toBe([...PEAKS.values()].reduce((sum, bytes) => sum + bytes));
  expect(profile.comments).toContain('heapray: peaks are the sum of the peaks of 3 processes');
  const rows = topOf(profile, { column: 'peak_space', groupBy: 'process' });
  expect(new Map(rows.map(({ name, flat }) => [name, flat]))).toEqual(PEAKS);
});

test('reports how to proceed with files that cannot be followed', async () => {
  const folder = tempFolder();
  const gzipped = path.join(folder, 'a.bin.gz');
  writeFileSync(gzipped, gzipSync('memray'.repeat(100)));
  const { status, stderr } = await heapray(['watch', gzipped, '--once']);
  expect(status).toBe(1);
  const reason = 'compressed with gzip: gunzip it first, or use heapray stats';
  expect(stderr.trimEnd().split('\n').at(-1)).toBe(
    `heapray: not all could be read (${gzipped}: memray: ${reason})`,
  );
  const pipe = path.join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const { stderr: ofPipe } = await heapray(['watch', pipe, '--once']);
  expect(ofPipe).toContain('is a pipe, and watch follows files; heapray stats reads pipes');
});
