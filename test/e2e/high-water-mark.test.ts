// The high-water mark keeps the call sites in use at the peak, long after the memory is free again.
import { expect } from 'vitest';
import { httpGet } from '../support/http-get.js';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import { pprofRaw } from './support/pprof-report.js';
import { startApp } from './support/profiled-app.js';
import { samplingMargin } from './support/sampling-margin.js';

const INTERVAL = 16_384;
const HELD = 256 * 8 * 8192;
const MARGIN = samplingMargin(INTERVAL, HELD);

peerTest('the high-water mark stays when its memory is freed', ['project-bare', 'go-pprof'], async () => {
  const app = startApp({
    app: ['peaking.js'],
    nodeArgs: ['--expose-gc'],
    env: { HEAPRAY_SAMPLING_INTERVAL: `${INTERVAL}` },
  });
  await app.waitForLog(/^high$/m);
  const pprof = `${await app.debugUrl()}/debug/pprof`;
  // A profile polls first, if the main thread answers soon; the high-water mark includes that poll.
  await pollUntil(async () => (await bytesOf(`${pprof}/heap`, 3)) > HELD - MARGIN, {
    what: 'the memory to be seen',
  });
  process.kill(app.process.pid, 'SIGUSR2');
  await app.waitForLog(/^low$/m);
  await pollUntil(async () => (await bytesOf(`${pprof}/heap`, 3)) < MARGIN, {
    what: 'the memory to be free',
  });
  const peak = await pprofRaw(`${pprof}/peak`);
  expect(peak.columns).toEqual(['peak_objects/count', 'peak_space/bytes[dflt]']);
  const [largest] = peak.samples.toSorted((a, b) => (b.values[1] ?? 0) - (a.values[1] ?? 0));
  expect(largest?.stack[0]).toBe('loadAll');
  expect(largest?.labels).toMatchObject({ package: 'order-service', component: 'peaking', thread: 'main' });
  expect(Math.abs((await bytesOf(`${pprof}/peak`, 1)) - HELD)).toBeLessThan(MARGIN);
});

peerTest('the high-water mark has no difference and no text view', 'project-bare', async () => {
  const app = startApp({ app: ['peaking.js'] });
  const pprof = `${await app.debugUrl()}/debug/pprof`;
  const statusOf = async (page: string) => (await httpGet(`${pprof}/${page}`)).status;
  expect(await statusOf('peak?debug=1')).toBe(400);
  expect(await statusOf('peak?debug=0')).toBe(200);
  expect(await statusOf('heap?debug=2')).toBe(400);
  expect(await statusOf('heap?debug=1&seconds=1')).toBe(400);
  const { status, headers, body } = await httpGet(`${pprof}/allocs?debug=1`);
  expect(status).toBe(200);
  expect(headers['content-type']).toMatch(/^text\/plain/);
  expect(body).toMatch(/^heapray: sampled every 65536 bytes[\s\S]* call site\n/);
});

/** Returns the bytes of the leak's function in a column. */
async function bytesOf(url: string, column: number): Promise<number> {
  const { samples } = await pprofRaw(url);
  const own = samples.filter(({ stack }) => stack[0] === 'loadAll');
  return own.reduce((sum, { values }) => sum + (values[column] ?? 0), 0);
}
