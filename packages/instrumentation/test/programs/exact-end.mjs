// Ends exact mode in three ways: by the hook of the profiler thread, because other code takes the sampler, and with profiling itself.
// Prints as JSON what heapray did then.
import { Session } from 'node:inspector';
import { setImmediate, setTimeout } from 'node:timers/promises';
import v8 from 'node:v8';

let flags = [];
const { setFlagsFromString } = v8;
v8.setFlagsFromString = (flag) => {
  flags.push(flag);
  setFlagsFromString(flag);
};
const { HeaprayInstrumentation, profileComponent } = await import('../../dist/index.js');
const lines = [];
const instrumentation = new HeaprayInstrumentation({ log: (level, text) => lines.push(`${level}: ${text}`) });
const exactly = (work) => profileComponent('job', work, { exact: true })();

const hook = { inIt: [], behind: [] };
await exactly(async () => {
  const before = lines.length;
  globalThis[Symbol.for('heapray.exact.1')].end();
  hook.inIt = lines.slice(before);
  await setImmediate();
  hook.behind = lines.slice(before);
});

let before = [];
flags = [];
await exactly(() => {
  before = flags;
  flags = [];
  return instrumentation.shutdown();
});
const after = [...flags];

const again = new HeaprayInstrumentation({ log: (level, text) => lines.push(`${level}: ${text}`) });
const session = new Session();
session.connect();
const post = (method, params) =>
  new Promise((resolve, reject) =>
    session.post(method, params, (error, reply) => (error ? reject(error) : resolve(reply))),
  );
const kept = [];
function ownAllocation() {
  for (let i = 0; i < 1000; i++) kept.push(new Array(100).fill(i));
}
/** True while the program's own sampler runs. */
const isOwn = async () =>
  JSON.stringify(await post('HeapProfiler.getSamplingProfile').catch(() => '')).includes('ownAllocation');
const isOwnBehind = [];
await exactly(async () => {
  for (let i = 0; i < 20; i++) ownAllocation();
  // heapray polls, and so has seen more samples than the program's own sampler will have.
  await again.collectProfile();
  session.post('HeapProfiler.stopSampling');
  session.post('HeapProfiler.startSampling', { samplingInterval: 1024 });
  ownAllocation();
});
// The call may end after this code is told of it.
await setImmediate();
isOwnBehind.push(await isOwn());
while (!lines.some((line) => line.includes('trying again'))) await setTimeout(5);
// heapray knows of the loss, and has not tried again.
exactly(() => {});
isOwnBehind.push(await isOwn());
await again.shutdown();
isOwnBehind.push(await isOwn());
session.disconnect();
console.log(JSON.stringify({ hook, before, after, isOwnBehind, lines }));
