// The live page of `heapray watch`, and its data.
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { PageData } from '@heapray/exporter/page';
import { decodePprof } from '@heapray/exporter/pprof';
import { totals } from '@heapray/exporter/profile';
import { expect, test } from 'vitest';
import { checkOverview } from '../../../../../test/support/check-overview.js';
import { httpGet } from '../../../../../test/support/http-get.js';
import { pollUntil } from '../../../../../test/support/poll.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { expectedOf } from '../../support/captures.js';
import { AIRFLOW, goldenFile } from '../support/captures.js';
import { startWatch } from '../support/start-watch.js';

/** Golden captures of a process and of the two that it forked, by name of the file. */
const FORKED = {
  'scheduler_memory.bin': 'fork.v13.bin',
  'scheduler_memory.bin.1944': 'fork.v13-child1.bin',
  'scheduler_memory.bin.1946': 'fork.v13-child2.bin',
};

/** Watches captures until all components have figures. Returns the URL of the page, and the overview. */
async function watched(files: Readonly<Record<string, string>>) {
  const folder = tempFolder();
  for (const [name, source] of Object.entries(files)) copyFileSync(source, path.join(folder, name));
  const { url, process: running } = await startWatch([folder]);
  const page = `${url}/debug/ui`;
  const overview = await pollUntil(
    async () => {
      const data = checkOverview((await httpGet(`${page}/overview.json`)).body);
      return data.subjects.length > 0 && data.subjects.every((each) => each.sites.length > 0) && data;
    },
    { what: 'an overview with figures' },
  );
  return { page, url, overview, running };
}

const json = async (url: string) => JSON.parse((await httpGet(url)).body) as PageData;

test('is named at the start, and shows each component', async () => {
  const { page, running, overview } = await watched({ 'dag_processor_memory.bin': AIRFLOW });
  expect(running.stderr).toContain(`a live page on ${page}\n`);
  expect((await httpGet(page)).body).toContain('data-mode="live"');
  const [subject] = overview.subjects;
  expect(subject).toMatchObject({ component: 'dag_processor', state: { level: 'ok', text: 'finished' } });
  expect(subject!.notes[0]!.text).toContain('refuses to start');
  const facts = Object.fromEntries(subject!.facts.map(({ name, text }) => [name, text]));
  expect(facts).toMatchObject({
    Process: '32731',
    Command: expect.stringContaining('airflow dag-processor'),
  });
  expect(subject!.sites[0]).toMatchObject({ packageName: 'pydantic', standardError: 0 });
  // The program has ended: its memory is not resident any more.
  expect(subject!.resident).toEqual([]);
  expect(subject!.lines[0]!.values.at(-1)).toBeGreaterThan(2 ** 23);
});

test('serves profiles as data of the page, equal to those in pprof', async () => {
  const { page, url } = await watched({ 'dag_processor_memory.bin': AIRFLOW });
  for (const [name, column] of [
    ['heap', 'inuse_space'],
    ['allocs', 'alloc_space'],
    ['peak', 'peak_space'],
  ]) {
    const data = await json(`${page}/profile.json?name=${name}&component=dag_processor`);
    const pprof = decodePprof((await httpGet(`${url}/debug/pprof/${name}`)).bytes);
    expect(data.columns[data.column]!.type).toBe(column);
    const [profile] = data.profiles;
    expect(Object.fromEntries(data.columns.map(({ type }, at) => [type, profile!.totals[at]]))).toEqual(
      totals(pprof),
    );
    expect(profile!.samplingInterval).toBe(0);
  }
  const zipped = await httpGet(`${page}/profile.json`, { headers: { 'accept-encoding': 'gzip' } });
  expect(zipped.headers['content-encoding']).toBe('gzip');
  expect(JSON.parse(gunzipSync(zipped.bytes).toString())).toEqual(await json(`${page}/profile.json`));
});

test('adds up forked processes, and lists them', async () => {
  const files = Object.entries(FORKED).map(([name, golden]) => [name, goldenFile(golden)]);
  const { overview } = await watched(Object.fromEntries(files));
  const [subject, ...others] = overview.subjects;
  expect(others).toEqual([]);
  expect(subject!.parts.map(({ name }) => name).sort()).toEqual(['process 1944', 'process 1946']);
  const peaks = Object.values(FORKED).map((golden) => expectedOf(golden).metadata.peak_memory);
  const peak = peaks.reduce((sum, bytes) => sum + bytes, 0);
  const [, value, unit] = /^([\d.]+) (\w+)$/.exec(subject!.facts.find(({ name }) => name === 'Peak')!.text)!;
  const units: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20 };
  expect(Math.abs(Number(value) * units[unit!]! - peak)).toBeLessThan(units[unit!]!);
});

test('compares two components, and keeps no past moments', async () => {
  const { page } = await watched({
    'dag_processor_memory.bin': AIRFLOW,
    'scheduler_memory.bin': goldenFile('fork.v13.bin'),
  });
  const data = await json(`${page}/diff.json?component=dag_processor&other=scheduler`);
  expect(data.profiles.map(({ name }) => name)).toEqual(['dag_processor', 'scheduler']);
  const single = await json(`${page}/profile.json?component=scheduler`);
  expect(data.profiles[1]!.totals).toEqual(single.profiles[0]!.totals);
  expect(await httpGet(`${page}/diff.json?component=scheduler&before=1`)).toMatchObject({
    status: 400,
    body: 'before: not supported by heapray watch, which keeps no past states; use other\n',
  });
  expect((await httpGet(`${page}/profile.json`)).status).toBe(400);
  expect((await httpGet(`${page}/profile.json?component=nothing`)).status).toBe(404);
});
