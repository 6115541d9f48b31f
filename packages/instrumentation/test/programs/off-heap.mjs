// Switches the attribution of Buffers on and off while it runs, and prints what that changes, as JSON.
import { HeaprayInstrumentation } from '../../dist/index.js';

const logged = [];
const { alloc } = Buffer;
const { Uint8Array: bytes } = globalThis;
const log = (level, text) => {
  if (level === 'warn' || level === 'error') logged.push(text);
};
const instrumentation = new HeaprayInstrumentation({ log, debugAddress: 'off', offHeap: false });
const isHooked = () => [Buffer.alloc !== alloc, globalThis.Uint8Array !== bytes];
const states = [isHooked()];
for (const mode of [true, 'all', 'nonsense', 'buffers', 'off', 'buffers']) {
  instrumentation.setOffHeap(mode);
  states.push(isHooked());
}
await instrumentation.shutdown();
states.push(isHooked());
instrumentation.setOffHeap('buffers');
states.push(isHooked());
console.log(JSON.stringify({ states, logged }));
