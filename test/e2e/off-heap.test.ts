// Buffers by call site, as `go tool pprof` shows them.
import { expect, test } from 'vitest';
import { describeWithPeer } from '../support/peer-test.js';
import type { NodeLine } from '../support/peers.js';
import { pollUntil } from '../support/poll.js';
import { pprofRaw, pprofTop, type RawProfile } from './support/pprof-report.js';
import { startApp } from './support/profiled-app.js';

const MIB = 2 ** 20;
const KEPT_BYTES = 200 * MIB;
const FILE_BYTES = 24 * MIB;
const RECEIVED_BYTES = 32 * MIB;
const INUSE = 3;
// Node's functions differ by version, and so does which of them call each other.
const LINES: readonly NodeLine[] = ['22.15', '24', '26'];

for (const line of LINES) {
  describeWithPeer(`Node ${line}`, ['go-pprof', 'project-bare', `node-${line}`], () => {
    test('names the functions that hold Buffers, and what no hook sees', async () => {
      const app = startApp({ app: ['off-heap.js'], line, env: { HEAPRAY_OFFHEAP: 'true' } });
      await app.waitForLog(/^kept \d+$/m);
      const url = `${await app.debugUrl()}/debug/pprof/heap`;
      let profile = await pprofRaw(url);
      await pollUntil(
        async () => {
          profile = await pprofRaw(url);
          const unattributed = bytesOf(profile, /^\(unattributed off-heap\)$/);
          return bytesOf(profile, /readFileHandle/) > 0 && unattributed > RECEIVED_BYTES * 0.95;
        },
        { what: 'a profile with the last Buffers, and what no hook sees' },
      );
      const [first, second] = await pprofTop(url, 'inuse_space');
      expect([first?.name, second?.name].sort()).toEqual(['keepImages', 'keepTexts']);
      for (const row of [first, second]) expect(relativeError(row?.flat, KEPT_BYTES)).toBeLessThan(0.05);
      expect(relativeError(bytesOf(profile, /^readAtOnce$/), FILE_BYTES)).toBeLessThan(0.05);
      // Node's own function is named for a read without the caller on the stack.
      expect(relativeError(bytesOf(profile, /^readFileAfter/), FILE_BYTES)).toBeLessThan(0.05);
      expect(relativeError(bytesOf(profile, /^readFileHandle$/), FILE_BYTES)).toBeLessThan(0.05);
      const all = (await app.metrics()).sum('heapray_memory_resident', {
        heapray_memory_kind: 'array_buffers',
      });
      expect(relativeError(bytesOf(profile, /./), all)).toBeLessThan(0.02);
      await app.stop();
    });
  });
}

/** Returns the bytes in use of Buffers with such a function on the stack. */
function bytesOf({ samples }: RawProfile, name: RegExp): number {
  return samples
    .filter(({ labels }) => labels.kind === 'array_buffer')
    .filter(({ stack }) => stack.some((each) => name.test(each)))
    .reduce((sum, { values }) => sum + (values[INUSE] ?? 0), 0);
}

function relativeError(bytes = 0, expected: number): number {
  return Math.abs(bytes / expected - 1);
}
