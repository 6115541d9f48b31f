// `heapray attach` and an unmodified server under load, on all Nodes: what is shown, and that the inspector is closed
// afterwards, however the command ends.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { decodePprof } from '@heapray/exporter/pprof';
import { topOf } from '@heapray/exporter/profile';
import { expect, test } from 'vitest';
import { peerTest } from '../../../../test/support/peer-test.js';
import { memray, type NodeLine, nodeBinary } from '../../../../test/support/peers.js';
import { pollUntil } from '../../../../test/support/poll.js';
import { runCommand } from '../../../../test/support/run-command.js';
import { startNode } from '../../../../test/support/start-node.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { portsOf } from '../../src/attach/process/listening-ports.js';
import { readProcess } from '../../src/attach/process/process-facts.js';
import { heapray, MAIN } from '../support/heapray.js';
import { type ExpressServer, startExpress } from './support/express-server.js';

const LINES: readonly NodeLine[] = ['22', '24', '26'];
/** Number of commands that are killed at a random moment, on each Node. */
const KILLS = Number(process.env.HEAPRAY_TEST_KILLS ?? 2);
/** Time of a command from its start to its end, in which it is killed, in ms. */
const LIFE_MILLIS = 2_000;
const SAMPLING = ['--sampling-interval', '4096'];

/** Waits until nothing is left of a killed command: the process that opens the inspector, and the inspector. */
async function expectClosed(server: ExpressServer): Promise<void> {
  const isClosed = () => !hasOpener(server.pid) && portsOf(server.pid).length === 1;
  await pollUntil(isClosed, { what: 'the port of the inspector to be closed' });
}

/** Waits until the main thread of the server has run for that many seconds, as it counts them. */
async function ticksOf(server: ExpressServer, count: number): Promise<number> {
  const ticks = async () => Number(await server.get('/ticks'));
  const first = await ticks();
  return pollUntil(
    async () => {
      const passed = (await ticks()) - first;
      return passed >= count && passed;
    },
    { what: 'the server to answer' },
  );
}

function hasOpener(pid: number): boolean {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.some((each) => {
    const [, script = '', of] = readProcess(Number(each))?.args ?? [];
    return script.endsWith('opener.js') && of === `${pid}`;
  });
}

async function waitForSampling(server: ExpressServer, args: readonly string[] = []) {
  const command = startNode({ args: [MAIN, 'attach', `${server.pid}`, ...SAMPLING, ...args] });
  await command.waitForOutput(/sampling process/);
  return command;
}

for (const line of LINES) {
  peerTest(
    `samples a server on Node ${line} without errors, and closes its inspector in all endings`,
    line === '24' ? [] : [`node-${line}`],
    async () => {
      const server = await startExpress(line === '24' ? process.execPath : nodeBinary(line));
      const file = path.join(tempFolder(), 'heap.pb.gz');

      const { status, stdout, stderr } = await heapray([
        'attach',
        `${server.pid}`,
        '--seconds',
        '2',
        '-o',
        file,
        ...SAMPLING,
      ]);
      expect(status, stderr).toBe(0);
      // The command waits for the end of the port.
      expect(portsOf(server.pid)).toHaveLength(1);
      expect(stdout).toMatch(/in use at the end: .* sampled every 4\.0 KiB/);
      expect(stdout).toMatch(/rememberRequest +.*server\.mjs:6:/);
      expect(stdout).toMatch(/Kept what they allocated.*\n {2}rememberRequest .*from the first half/);
      const profile = decodePprof(readFileSync(file));
      const [first] = topOf(profile, { column: 'inuse_space', groupBy: 'function' });
      expect(first).toMatchObject({ name: 'rememberRequest' });
      const columns = line === '26' ? ['alloc_space', 'inuse_space'] : ['inuse_space'];
      expect(profile.columns.map(({ type }) => type)).toEqual(columns);

      const interrupted = await waitForSampling(server);
      expect(await interrupted.stop('SIGINT')).toEqual({ status: 0, signal: null });
      expect(portsOf(server.pid)).toHaveLength(1);
      expect(interrupted.stdout).toContain('in use at the end');

      const terminated = await waitForSampling(server);
      expect(await terminated.stop('SIGTERM')).toEqual({ status: null, signal: 'SIGTERM' });
      expect(portsOf(server.pid)).toHaveLength(1);
      expect(terminated.stdout).toBe('');

      for (let kill = 0; kill < KILLS; kill++) {
        const killed = startNode({ args: [MAIN, 'attach', `${server.pid}`, '--seconds', '1'] });
        await delay(Math.random() * LIFE_MILLIS);
        await killed.kill();
        await expectClosed(server);
      }

      expect(server.answers).toBeGreaterThan(10);
      expect(server.errors).toBe(0);
    },
  );
}

peerTest('shows what is allocated with --alloc, and writes captures and pages', 'memray-1.20.0', async () => {
  const server = await startExpress(process.execPath);
  const folder = tempFolder();
  const attach = (...args: string[]) =>
    heapray(['attach', `${server.pid}`, '--seconds', '0.5', ...SAMPLING, ...args]);
  const all = await attach('--alloc', '-o', path.join(folder, 'all.html'));
  expect(all.status, all.stderr).toBe(0);
  expect(all.stdout).toMatch(/Allocated in .*, in use or freed: .*\nThe last reading/);
  expect(all.stdout).toMatch(/rememberRequest/);
  expect(readFileSync(path.join(folder, 'all.html'), 'utf8')).toContain('rememberRequest');
  const capture = await attach('-o', path.join(folder, 'heap.bin'));
  expect(capture.status, capture.stderr).toBe(0);
  const stats = await runCommand(memray('1.20.0'), ['stats', path.join(folder, 'heap.bin')]);
  expect(stats.stdout, stats.stderr).toMatch(/rememberRequest/);
  const refused = await attach('--alloc', '-o', path.join(folder, 'all.bin'));
  expect(refused).toMatchObject({ status: 2, stdout: '' });
});

test('serves the flame graph with --ui until it is interrupted', async () => {
  const server = await startExpress(process.execPath);
  const command = await waitForSampling(server, ['--seconds', '0.5', '--ui']);
  const [, url = ''] = await command.waitForOutput(/flame graph on (http:\S+), until Ctrl-C/);
  expect(portsOf(server.pid)).toHaveLength(1);
  const page = await fetch(url);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(await page.text()).toContain('rememberRequest');
  expect(await command.stop('SIGINT')).toEqual({ status: 0, signal: null });
});

test('lets a program exit, and shows what was read until then', async () => {
  const server = await startExpress(process.execPath);
  const command = await waitForSampling(server);
  await server.get('/exit');
  expect(await server.process.ended).toEqual({ status: 7, signal: null });
  expect(await command.ended).toEqual({ status: 0, signal: null });
  expect(command.stderr).toMatch(/process \d+ has exited\n$/);
  expect(command.stdout).toContain('in use at the end');
});

test('ends with one line when the program is killed', async () => {
  const server = await startExpress(process.execPath);
  const command = await waitForSampling(server);
  await server.process.kill();
  expect(await command.ended).toEqual({ status: 1, signal: null });
  expect(command.stderr).toMatch(
    /heapray: process \d+: the program has ended, or has closed its inspector\n$/,
  );
});

test('only reads a sampler of others, and leaves an inspector open that was open', async () => {
  const server = await startExpress(process.execPath, ['--inspect=127.0.0.1:0']);
  await server.get('/start-sampler');
  const before = portsOf(server.pid);
  const inspector = /listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(server.process.stderr)?.[1];
  expect(before.map(({ port }) => `${port}`)).toContain(inspector);
  const { status, stdout, stderr } = await heapray(['attach', `${server.pid}`, '--seconds', '1']);
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/Another profiler has V8's sampler, which was only read/);
  expect(stdout).toMatch(/More in use than at the start.*\n {2}rememberRequest /);
  expect(await server.get('/read-sampler')).toBe('done');
  expect(portsOf(server.pid)).toEqual(before);
});

test('joins another command that is attached, also if its port is not known', async () => {
  const server = await startExpress(process.execPath);
  const first = await waitForSampling(server);
  const { status, stdout, stderr } = await heapray(['attach', `${server.pid}`, '--seconds', '0.5']);
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/Another profiler has V8's sampler/);
  // The inspector stays open for the first one.
  expect(portsOf(server.pid)).toHaveLength(2);
  expect(await first.stop('SIGINT')).toEqual({ status: 0, signal: null });
  expect(portsOf(server.pid)).toHaveLength(1);
});

test('a command that is stopped does not stop the program', async () => {
  const server = await startExpress(process.execPath);
  const command = await waitForSampling(server);
  process.kill(command.pid, 'SIGSTOP');
  // For longer than the guard in the program waits for a sign of life.
  const ticks = await ticksOf(server, 8);
  expect(ticks).toBeGreaterThanOrEqual(8);
  process.kill(command.pid, 'SIGCONT');
  await command.stop('SIGTERM');
  expect(portsOf(server.pid)).toHaveLength(1);
});

test('heapray live --pid shows a process, and closes its inspector', async () => {
  const server = await startExpress(process.execPath);
  const viewer = startNode({ args: [MAIN, 'live', '--pid', `${server.pid}`, '--interval', '0.2'] });
  await viewer.waitForOutput(/alive \d\S* [KM]iB .*first: rememberRequest /);
  await viewer.stop('SIGINT');
  expect(portsOf(server.pid)).toHaveLength(1);
  expect(server.errors).toBe(0);
});
