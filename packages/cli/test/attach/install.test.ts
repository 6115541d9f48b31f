// `heapray attach PID --install`: a running program that was started without heapray gets it.
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodePprof } from '@heapray/exporter/pprof';
import { expect, test } from 'vitest';
import { type RunningProcess, startNode } from '../../../../test/support/start-node.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { portsOf } from '../../src/attach/process/listening-ports.js';
import { heapray } from '../support/heapray.js';

const MODULES = fileURLToPath(new URL('../../../../node_modules', import.meta.url));
const PROGRAM = "setInterval(() => {}, 1000); console.log('ready');";
const ANY_PORT = { HEAPRAY_DEBUG_ADDR: '127.0.0.1:0', OTEL_METRICS_EXPORTER: 'none' };

/** Starts a program in a folder of its own, with packages or without. */
async function startProgram(hasPackages: boolean): Promise<RunningProcess & { readonly folder: string }> {
  const folder = tempFolder();
  if (hasPackages) symlinkSync(MODULES, path.join(folder, 'node_modules'));
  writeFileSync(path.join(folder, 'main.mjs'), PROGRAM);
  const program = startNode({ args: ['--inspect-port=0', 'main.mjs'], cwd: folder, env: ANY_PORT });
  await program.waitForOutput(/ready/);
  return Object.assign(program, { folder });
}

test('loads heapray into a running program where it is installed, and once only', async () => {
  const { pid } = await startProgram(true);
  const { status, stderr } = await heapray(['attach', `${pid}`, '--install']);
  expect(status, stderr).toBe(0);
  expect(stderr).toMatch(
    /loaded .*register\.(?:cjs|js); profiles on http:\/\/127\.0\.0\.1:\d+\/debug\/pprof\/\n$/,
  );
  const [, url = ''] = /profiles on (http:\S+)/.exec(stderr) ?? [];
  const response = await fetch(`${url}heap`);
  const { columns } = decodePprof(new Uint8Array(await response.arrayBuffer()));
  expect(columns.map(({ type }) => type)).toContain('inuse_space');
  const again = await heapray(['attach', `${pid}`, '--install']);
  expect(again.stderr).toMatch(/heapray was there already; profiles on /);
  // The debug server remains, and the inspector is closed.
  expect(portsOf(pid).map(({ port }) => `${port}`)).toEqual([new URL(url).port]);
});

test('says in one line that heapray is not installed', async () => {
  const { pid, folder } = await startProgram(false);
  const { status, stdout, stderr } = await heapray(['attach', `${pid}`, '--install']);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toBe(
    `heapray: process ${pid}: @heapray/instrumentation/register is not installed where it could be found, from ${folder}\n`,
  );
  expect(portsOf(pid)).toEqual([]);
});
