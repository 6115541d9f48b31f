// Resident memory of `heapray watch`: little for its contents, and released afterwards.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { MemrayWriter } from '@heapray/exporter/memray';
import { expect, test } from 'vitest';
import { httpGet } from '../../../../test/support/http-get.js';
import { pollUntil } from '../../../../test/support/poll.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { startWatch } from './support/start-watch.js';

const MIB = 2 ** 20;
const SIZES = { scheduler: 12, dag_processor: 8, api: 4, triggerer: 2 };
const STACKS = 12_000;
const LIVE = 50_000;

/** Returns a capture of some MiB, as of a running program with many call sites. */
function capture(mib: number): Uint8Array {
  const writer = new MemrayWriter({
    commandLine: 'airflow scheduler',
    pid: 1,
    startTimeMillis: Date.now() - 60_000,
    libdest: '/usr/lib/python3.12',
  });
  const frame = (at: number) => {
    return writer.frame(`function_${at % 2_500}`, `/usr/lib/python3.12/module_${at % 250}.py`, at % 2_500);
  };
  const stacks = [writer.stack(undefined, frame(0))];
  while (stacks.length < STACKS) {
    const at = stacks.length;
    stacks.push(writer.stack(stacks[Math.floor(at / 3)], frame(at)));
  }
  const parts: Uint8Array[] = [];
  for (let bytes = 0, at = 0; bytes < mib * MIB; at += 1) {
    const address = 4096 + 64 * (at % LIVE);
    if (at >= LIVE) writer.free(1, address);
    writer.allocation(1, address, 48, stacks[(at * 7919) % STACKS]);
    if (at % 10_000 !== 0) continue;
    parts.push(writer.take());
    bytes += parts.at(-1)!.length;
  }
  return Buffer.concat(parts);
}

function residentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)![1]) / 1024;
}

test('starts with the settings of a small process, without printing anything about it', async () => {
  const { process: watching } = await startWatch([tempFolder()]);
  const command = readFileSync(`/proc/${watching.pid}/cmdline`, 'utf8').split('\0');
  expect(command.slice(1, 3)).toEqual(['--max-semi-space-size=1', '--expose-gc']);
  expect(command).toContain('watch');
  const environment = readFileSync(`/proc/${watching.pid}/environ`, 'utf8').split('\0');
  expect(environment).toContain('MALLOC_TRIM_THRESHOLD_=65536');
  // If heapray's own profiler is loaded here, it would warn about unknown variables.
  expect(environment.filter((entry) => entry.startsWith('HEAPRAY_'))).toEqual([]);
  expect(watching.stderr).not.toMatch(/warning/i);
});

test('is at most 150 MiB for four captures and their profiles, and that without captures when they are gone', async () => {
  const captures = Object.entries(SIZES).map(([name, mib]) => [name, capture(mib)] as const);
  const folder = tempFolder();
  const { process: watching, url } = await startWatch([folder]);
  const metrics = async () => (await httpGet(`${url}/metrics`)).body;
  await metrics();
  const empty = residentMib(watching.pid);
  for (const [name, bytes] of captures) writeFileSync(path.join(folder, `${name}_memory.bin`), bytes);
  for (const [name] of captures) {
    const line = `heapray_memory_peak{heapray_component="${name}"`;
    await pollUntil(async () => (await metrics()).includes(line), { what: line });
  }
  let largest = residentMib(watching.pid);
  const profiles = captures.flatMap(([name]) =>
    ['heap', 'allocs', 'peak'].map((page) => `/debug/pprof/${page}?component=${name}`),
  );
  for (const page of profiles) {
    expect((await httpGet(url + page)).status).toBe(200);
    largest = Math.max(largest, residentMib(watching.pid));
  }
  expect(largest).toBeLessThan(150);
  for (const [name] of captures) rmSync(path.join(folder, `${name}_memory.bin`));
  await pollUntil(async () => !(await metrics()).includes('scheduler'), { what: 'no series of them' });
  await pollUntil(() => residentMib(watching.pid) < 1.2 * empty, { what: `less than 1.2 * ${empty} MiB` });
});
