// The profiler thread with a recorder in front: see record-readings.mjs. Writes a line for every poll: its time (ms), the
// time since the first poll of its pair if it is the second, the newest ordinal, the new samples as
// [ordinal, site], and the ordinals of the samples that are gone.
import { openSync, writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { Ledger } from '../lib/built-ledger.mjs';

const { entry, file, sites } = workerData.record;
const output = openSync(file, 'w');
// The ledger's method is the place that knows which polls are pairs.
const { update } = Ledger.prototype;
let live = new Set();
let newest = 0;

Ledger.prototype.update = function recordedUpdate(reading, at, pairMillis, ...rest) {
  record(at, pairMillis, reading);
  return update.call(this, reading, at, pairMillis, ...rest);
};
await import(entry);

function record(at, pairMillis, { head, samples }) {
  const siteOf = sitesByNode(head);
  const fresh = samples.filter(({ ordinal }) => ordinal > newest);
  const now = new Set(samples.map(({ ordinal }) => ordinal));
  const gone = [...live].filter((ordinal) => !now.has(ordinal));
  for (const { ordinal } of fresh) newest = Math.max(newest, ordinal);
  live = now;
  const shown = fresh.map(({ ordinal, nodeId }) => [ordinal, siteOf.get(nodeId)]);
  writeSync(output, `${JSON.stringify({ at, pairMillis, newest, fresh: shown, gone })}\n`);
}

/** Returns the index of the site on each node's stack; -1 for the rest. */
function sitesByNode(head) {
  const siteOf = new Map([[head.id, -1]]);
  const open = [head];
  for (let node = open.pop(); node; node = open.pop()) {
    for (const child of node.children) {
      const own = sites.indexOf(child.callFrame.functionName);
      siteOf.set(child.id, own >= 0 ? own : siteOf.get(node.id));
      open.push(child);
    }
  }
  return siteOf;
}
