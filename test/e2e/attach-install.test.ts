// `heapray attach PID --install`: a running program that was started without heapray gets it.
import { decodePprof } from '@heapray/exporter/pprof';
import { expect } from 'vitest';
import { heapray } from '../../packages/cli/test/support/heapray.js';
import { peerTest } from '../support/peer-test.js';
import { listeningPorts } from './support/listening-ports.js';
import { startApp } from './support/profiled-app.js';

peerTest(
  'loads heapray into a running program where it is installed',
  ['node-24', 'project-bare'],
  async () => {
    const app = startApp({ app: ['leaky-service.js'], register: false, nodeArgs: ['--inspect-port=0'] });
    const { pid } = app.process;
    await app.waitForLog(/ready/);
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
    expect(listeningPorts(pid)).toContain(Number(new URL(url).port));
  },
);

peerTest('says in one line that heapray is not installed', 'node-24', async () => {
  // Started in a folder without packages.
  const app = startApp({
    app: ['-e', "setInterval(() => {}, 1000); console.log('ready')"],
    register: false,
    nodeArgs: ['--inspect-port=0'],
    folder: '/',
  });
  await app.waitForLog(/ready/);
  const { status, stderr } = await heapray(['attach', `${app.process.pid}`, '--install']);
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^heapray: process \d+: @heapray\/instrumentation\/register is not installed where it could be found, from \/\n$/,
  );
  expect(listeningPorts(app.process.pid)).toEqual([]);
});
