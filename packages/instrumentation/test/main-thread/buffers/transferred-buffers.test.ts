// Array buffers that move between threads, in the kinds of resident memory.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../../test/support/peer-test.js';
import { NODE_VERSIONS, nodeBinary } from '../../../../../test/support/peers.js';
import { runCommand } from '../../../../../test/support/run-command.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { TransferredBuffers } from '../../../src/main-thread/buffers/transferred-buffers.js';

const MIB = 2 ** 20;

/** Moves buffers and prints, for each state, the kinds in MiB. */
const PROGRAM = `
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { residentSplit } from ${JSON.stringify(new URL('../../../dist/main-thread/metrics/resident-memory.js', import.meta.url).href)};
import { transferredBuffers } from ${JSON.stringify(new URL('../../../dist/main-thread/buffers/transferred-buffers.js', import.meta.url).href)};

const MIB = 2 ** 20;
const kept = [];
const fill = (mib) => new Uint8Array(mib * MIB).fill(1).buffer;
if (!isMainThread) {
  parentPort.on('message', ({ make, buffer, giveBack }) => {
    if (buffer) kept.push(buffer);
    const sent = make ? fill(make) : giveBack ? kept.pop() : undefined;
    parentPort.postMessage(sent, sent ? [sent] : []);
  });
} else {
  const states = {};
  const note = async (name) => {
    // Node counts freed buffers only some time after the collection.
    let before = '';
    for (let same = 0; same < 5; ) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
      const { array_buffers, external } = residentSplit().parts;
      states[name] = { array_buffers: array_buffers / MIB, external: external / MIB };
      const now = Math.round(array_buffers / MIB) + ' ' + Math.round(external / MIB);
      same = now === before ? same + 1 : 0;
      before = now;
    }
  };
  const text = Buffer.alloc(20 * MIB, 97).toString('latin1');
  transferredBuffers.watch(1);
  await note('a string of 20');
  const worker = new Worker(new URL(import.meta.url));
  const ask = (message, moved = []) =>
    new Promise((resolve) => { worker.once('message', resolve); worker.postMessage(message, moved); });
  let fromWorker = await ask({ make: 50 });
  await note('50 from a worker');
  let own = fill(30);
  await note('and 30 of its own');
  await ask({ buffer: own }, [own]);
  await note('which moved to a worker');
  own = await ask({ giveBack: true });
  await note('and back');
  fromWorker = undefined;
  await note('without the 50');
  console.log(JSON.stringify({ states, length: text.length + own.byteLength }));
  await worker.terminate();
}
`;

for (const line of NODE_VERSIONS) {
  describeWithPeer(`on Node ${line}`, `node-${line}`, () => {
    test("a worker's buffer held by the main thread counts as array buffer, and strings do not", async () => {
      const file = path.join(tempFolder(), 'moving.mjs');
      writeFileSync(file, PROGRAM);
      const { status, stdout, stderr } = await runCommand(nodeBinary(line), ['--expose-gc', file]);
      expect(status, stderr).toBe(0);
      const { states } = JSON.parse(stdout) as { states: Record<string, Record<string, number>> };
      const rounded = Object.entries(states).map(([name, { array_buffers: buffers, external }]) => {
        return [name, Math.round(buffers! / 10) * 10, Math.round(external! / 10) * 10];
      });
      expect(rounded).toEqual([
        ['a string of 20', 0, 20],
        ['50 from a worker', 50, 20],
        ['and 30 of its own', 80, 20],
        // V8 no longer counts what moved away, but Node does; Node's count is the lower bound.
        ['which moved to a worker', 50, 20],
        ['and back', 80, 20],
        ['without the 50', 30, 20],
      ]);
    });
  });
}

describe('without worker threads of the application', () => {
  test('nothing was transferred', () => {
    const buffers = new TransferredBuffers();
    buffers.watch(1);
    expect(buffers.bytes({ external: 500 * MIB, arrayBuffers: 0 })).toBe(0);
    buffers.pause();
  });

  test('but a thread made before heapray counts from now on', () => {
    const buffers = new TransferredBuffers();
    buffers.watch(2);
    const { external, arrayBuffers } = process.memoryUsage();
    expect(buffers.bytes({ external: external + 50 * MIB, arrayBuffers })).toBeGreaterThan(40 * MIB);
    expect(buffers.bytes({ external: 0, arrayBuffers: 10 })).toBe(0);
    buffers.pause();
  });

  test("heapray's own threads, one after another, are no threads of the application", () => {
    const buffers = new TransferredBuffers();
    for (const ownThreadId of [1, 2, 3]) {
      buffers.pause();
      buffers.watch(ownThreadId);
    }
    buffers.pause();
    expect(buffers.bytes({ external: 2 ** 40, arrayBuffers: 0 })).toBe(0);
  });
});
