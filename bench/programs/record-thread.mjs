// The profiler thread with a recorder in front: see record-readings.mjs. Of every reading it writes a line: when
// it came (ms), the newest ordinal, the new samples as [ordinal, site], and the ordinals that are gone.
import { openSync, writeSync } from 'node:fs';
import inspector from 'node:inspector';
import { workerData } from 'node:worker_threads';

const { entry, file, sites } = workerData.record;
const output = openSync(file, 'w');
const { post } = inspector.Session.prototype;
let live = new Set();
let newest = 0;

inspector.Session.prototype.post = function recordedPost(method, ...rest) {
  const callback = rest.at(-1);
  if (method !== 'HeapProfiler.getSamplingProfile' || typeof callback !== 'function') {
    return post.call(this, method, ...rest);
  }
  const recorded = (error, reply) => {
    if (!error) record(performance.now(), reply.profile);
    callback(error, reply);
  };
  return post.call(this, method, ...rest.slice(0, -1), recorded);
};
await import(entry);

function record(at, { head, samples }) {
  const siteOf = sitesByNode(head);
  const fresh = samples.filter(({ ordinal }) => ordinal > newest);
  const now = new Set(samples.map(({ ordinal }) => ordinal));
  const gone = [...live].filter((ordinal) => !now.has(ordinal));
  for (const { ordinal } of fresh) newest = Math.max(newest, ordinal);
  live = now;
  const shown = fresh.map(({ ordinal, nodeId }) => [ordinal, siteOf.get(nodeId)]);
  writeSync(output, `${JSON.stringify({ at, newest, fresh: shown, gone })}\n`);
}

/** The index of the site on each node's stack; -1 for the rest. */
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
