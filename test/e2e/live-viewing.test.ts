// `memray live` and other viewers of a running Node process.

import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';
import { atEnd } from '../support/cleanup.js';
import { freePort } from '../support/free-port.js';
import { describeWithPeer } from '../support/peer-test.js';
import { memray } from '../support/peers.js';
import { pollUntil } from '../support/poll.js';
import { tempFolder } from '../support/temp-folder.js';
import { drawnInTerminal, MEMRAY_OF, MemrayReport } from './support/memray-report.js';
import { type RunningApp, startApp } from './support/profiled-app.js';

/** Starts a service with a port for viewers. */
async function watchedService(
  env: Record<string, string> = {},
): Promise<{ port: number; service: RunningApp }> {
  const port = await freePort();
  const service = startApp({
    app: ['leaky-service.js'],
    env: { HEAPRAY_MEMRAY_LIVE_PORT: `${port}`, ...env },
  });
  await service.waitForLog(new RegExp(`memray may watch: memray live ${port}\n`));
  return { port, service };
}

/** Returns whether this machine can listen on the address. */
async function canListenOn(host: string): Promise<boolean> {
  const server = net.createServer();
  atEnd(() => server.close());
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(0, host, () => resolve(true));
  });
}

/** Connects a viewer that keeps everything it reads. */
function connect(port: number, host = '127.0.0.1') {
  const chunks: Buffer[] = [];
  const socket = net.connect(port, host);
  atEnd(() => socket.destroy());
  let closed = false;
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  socket.on('data', (chunk) => chunks.push(chunk));
  return { socket, bytes: () => Buffer.concat(chunks), closed: () => closed };
}

for (const format of [13, 12, 11] as const) {
  const version = MEMRAY_OF[format] ?? '1.20.0';
  describeWithPeer(`format ${format}`, ['project-bare', `memray-${version}`], () => {
    test('memray live shows the functions of the process', async () => {
      const { port, service } = await watchedService({ HEAPRAY_MEMRAY_FORMAT: `${format}` });
      const screen = await drawnInTerminal('rememberOrder', [memray(version), 'live', `${port}`]);
      expect(screen).toContain('leaky-service.js');
      // The viewer has quit. A second one may connect, even if the service has not noticed that yet.
      expect(await drawnInTerminal('rememberOrder', [memray(version), 'live', `${port}`])).toContain(
        'rememberOrder',
      );
      expect((await service.stop()).signal).toBe('SIGTERM');
      expect(service.process.stderr).not.toMatch(/warn|error/i);
    });
  });
}

describeWithPeer('the stream', ['project-bare', 'memray-1.20.0'], () => {
  test('is a complete capture for memray when saved to a file', async () => {
    const { port, service } = await watchedService();
    const viewer = connect(port);
    await pollUntil(() => viewer.bytes().includes('rememberOrder'), { what: 'the leak in the stream' });
    const second = connect(port);
    await pollUntil(second.closed, { what: 'the second viewer to be cut off' });
    expect(second.bytes()).toHaveLength(0);
    const before = viewer.bytes().length;
    await pollUntil(() => viewer.bytes().length > before, { what: 'the first viewer to get more' });
    // Wait for more than any garbage, which looks like a leak until it is collected.
    await service.waitForMetrics('most of the leak', (page) => {
      return page.sum('heapray_memory_retained', { code_function_name: 'rememberOrder' }) > 48 * 2 ** 20;
    });
    await service.stop();
    await pollUntil(viewer.closed, { what: 'the end of the stream' });
    expect(viewer.bytes().at(-1)).toBe(0x01);
    const file = path.join(tempFolder(), 'live.bin');
    writeFileSync(file, viewer.bytes());
    const report = new MemrayReport('1.20.0', file);
    expect((await report.stats()).metadata).toMatchObject({ pid: service.process.pid });
    expect(await report.print(['stats'])).toContain('rememberOrder');
    expect((await report.leaks())[0]?.stack_trace).toMatch(/^rememberOrder/);
  });

  test('is served on ::1 too, if the machine has it', async () => {
    const { port, service } = await watchedService();
    if (await canListenOn('::1')) {
      const viewer = connect(port, '::1');
      await pollUntil(() => viewer.closed() || viewer.bytes().length > 0, { what: 'an answer' });
      expect(viewer.bytes().subarray(0, 6).toString()).toBe('memray');
    } else {
      const viewer = connect(port);
      await pollUntil(() => viewer.bytes().length > 0, { what: 'an answer' });
    }
    // Neither case gives a warning.
    expect(service.process.stderr).not.toMatch(/warn|error/i);
  });
});

describeWithPeer('the host', 'project-bare', () => {
  test('is not blocked by a viewer that does not read, and ends in time', async () => {
    const { port, service } = await watchedService({
      // Each poll shows other receipts: many events, so that the system's buffers for the viewer fill up.
      KEEP_RECEIPTS: '500',
      HEAPRAY_TRACED_SAMPLING_INTERVAL: '512',
      HEAPRAY_CPU_BUDGET: '0.5',
    });
    const viewer = connect(port);
    viewer.socket.pause();
    const page = await service.waitForMetrics(
      'dropped events',
      (metrics) => metrics.sum('heapray_profiler_drops_total', { heapray_reason: 'live_viewer' }) > 0,
    );
    const polls = page.sum('heapray_profiler_polls_total');
    await service.waitForMetrics(
      'more polls',
      (metrics) => metrics.sum('heapray_profiler_polls_total') > polls,
    );
    expect((await service.stop()).signal).toBe('SIGTERM');
  });

  test('runs on when the port is taken: one message and a count', async () => {
    const taken = net.createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as net.AddressInfo).port));
    });
    atEnd(() => taken.close());
    const service = startApp({ app: ['leaky-service.js'], env: { HEAPRAY_MEMRAY_LIVE_PORT: `${port}` } });
    await service.waitForLog(/memray live: cannot listen on port \d+: .*EADDRINUSE/);
    const page = await service.waitForMetrics(
      'the count',
      (metrics) => metrics.sum('heapray_profiler_drops_total') > 0,
    );
    expect(page.sum('heapray_profiler_drops_total', { heapray_reason: 'live_port' })).toBe(1);
    await service.stop();
    expect(service.process.stderr.match(/cannot listen/g)).toHaveLength(1);
  });
});
