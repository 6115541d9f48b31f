// Ends profiling inside an exact call. Prints as JSON the flags of V8 that heapray set before that, and afterwards.
import v8 from 'node:v8';

let flags = [];
const { setFlagsFromString } = v8;
v8.setFlagsFromString = (flag) => {
  flags.push(flag);
  setFlagsFromString(flag);
};
const { HeaprayInstrumentation, profileComponent } = await import('../../dist/index.js');
const instrumentation = new HeaprayInstrumentation();
let before = [];
const work = async () => {
  before = flags;
  flags = [];
  await instrumentation.shutdown();
};
await profileComponent('job', work, { exact: true })();
console.log(JSON.stringify({ before, after: flags }));
