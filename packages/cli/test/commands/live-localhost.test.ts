// `heapray live` when localhost has an address that this machine cannot use, such as ::1 without IPv6.
import { expect, test } from 'vitest';
import { freePort } from '../../../../test/support/free-port.js';
import { startNode } from '../../../../test/support/start-node.js';
import { heapray, MAIN } from '../support/heapray.js';

/** Addresses that no program can connect to: a broadcast and a multicast address. */
const UNUSABLE = '255.255.255.255';
const UNUSABLE_TOO = '224.0.0.1';

/** Returns NODE_OPTIONS with which localhost has these addresses. */
function localhostAt(...addresses: readonly string[]): { NODE_OPTIONS: string } {
  const found = JSON.stringify(addresses.map((address) => ({ address, family: 4 })));
  const code = `
    import dns from 'node:dns';
    dns.lookup = (host, options, done) => queueMicrotask(() => done(null, ${found}));`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
}

test.each([
  ['127.0.0.1', UNUSABLE],
  [UNUSABLE, '127.0.0.1'],
])('waits with %s and %s', async (...addresses) => {
  const viewer = startNode({ args: [MAIN, 'live', `${await freePort()}`], env: localhostAt(...addresses) });
  await viewer.waitForOutput(/waiting for a program at port \d+\n/);
});

test('reports the problem with each address when none can be used', async () => {
  const { status, stderr } = await heapray(['live', '4567'], { env: localhostAt(UNUSABLE, UNUSABLE_TOO) });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringMatching(/^heapray: port 4567: connect E\w+ 255.*; connect E\w+ 224.*\n$/),
  });
});
