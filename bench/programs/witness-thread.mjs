// The profiler thread with a witness in front: see poll-witness.mjs.
import inspector from 'node:inspector';
import { workerData } from 'node:worker_threads';
import { COUNTERS, clockMillis, WORDS } from './poll-witness.mjs';

const { shared, entry } = workerData.witness;
const values = new Float64Array(shared);
const { post } = inspector.Session.prototype;

inspector.Session.prototype.post = function witnessedPost(method, ...rest) {
  const callback = rest.at(-1);
  if (method !== 'HeapProfiler.getSamplingProfile' || typeof callback !== 'function') {
    return post.call(this, method, ...rest);
  }
  const sent = clockMillis();
  values[0] += 1;
  const witnessed = (error, reply) => {
    note(sent, clockMillis(), reply?.profile?.samples.length ?? 0);
    callback(error, reply);
  };
  return post.call(this, method, ...rest.slice(0, -1), witnessed);
};
await import(entry);

function note(...poll) {
  const at = COUNTERS + values[1] * WORDS;
  if (at + WORDS <= values.length) values.set(poll, at);
  // Set the counter after the numbers of the poll: a reader may read as many polls as the counter says.
  values[1] += 1;
}
