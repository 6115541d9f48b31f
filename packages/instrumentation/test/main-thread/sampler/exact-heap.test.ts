// In a process of its own, as it sets flags of V8.
import { expect, test } from 'vitest';
import { runCommand } from '../../../../../test/support/run-command.js';

const MODULE = new URL('../../../dist/main-thread/sampler/exact-heap.js', import.meta.url).href;
const MESSAGES = new URL('../../../dist/protocol/messages.js', import.meta.url).href;

/** Prepares the heap, lets V8 collect in a program that allocates hardly anything, and collects by the hook of a poll. */
const PROGRAM = `
import v8 from 'node:v8';
import vm from 'node:vm';
import { prepareExactHeap } from '${MODULE}';
v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');
const megabytes = () => {
  const { space_used_size, space_available_size } = v8.getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
  return Math.round((space_used_size + space_available_size) / 2 ** 20);
};
const bytes = prepareExactHeap();
const sizes = [Math.round(bytes / 2 ** 20), megabytes()];
for (let time = 0; time < 30 && megabytes() > 1; time++) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  gc({ type: time % 2 ? 'minor' : 'major' });
}
sizes.push(megabytes());
globalThis[Symbol.for('heapray.exact.1')].collect(0, false);
console.log(JSON.stringify([...sizes, megabytes()]));
`;

/** Makes polls that hold the main thread for too long, and in time. Prints the marks of the collections. */
const HELD_PROGRAM = `
import inspector from 'node:inspector';
import { connectExactHeap, prepareExactHeap } from '${MODULE}';
import { CONTROL_BYTES, ControlWord } from '${MESSAGES}';
prepareExactHeap();
const control = new Int32Array(new SharedArrayBuffer(CONTROL_BYTES));
connectExactHeap(control, () => {});
const session = new inspector.Session();
session.connect();
session.post('HeapProfiler.startSampling', { samplingInterval: 1 });
const names = () => {
  let profile;
  session.post('HeapProfiler.getSamplingProfile', (_error, reply) => (profile = reply.profile));
  const namesOf = ({ callFrame, children }) => [callFrame.functionName, ...children.flatMap(namesOf)];
  return namesOf(profile.head).filter((name) => name === 'heapray: collected');
};
const { hold, collect } = globalThis[Symbol.for('heapray.exact.1')];
const polled = (isHeld) => {
  control[ControlWord.held] = isHeld;
  hold(1);
  collect(0, false);
  return names();
};
console.log(JSON.stringify([polled(1), polled(0)]));
`;

test('a collection leaves no mark when the main thread was not held until then', async () => {
  const args = ['--input-type=module', '--eval', HELD_PROGRAM];
  const { status, stdout, stderr } = await runCommand(process.execPath, args);
  expect(status, stderr).toBe(0);
  expect(JSON.parse(stdout)).toEqual([[], ['heapray: collected']]);
});

test('the young generation is grown again behind a poll after V8 has shrunk it', async () => {
  const args = ['--max-semi-space-size=16', '--input-type=module', '--eval', PROGRAM];
  const { status, stdout, stderr } = await runCommand(process.execPath, args);
  expect(status, stderr).toBe(0);
  expect(JSON.parse(stdout)).toEqual([16, 16, 1, 16]);
});
