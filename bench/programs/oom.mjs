// Leaks in one synchronous loop until it dies: arrays in the heap, or Buffers outside of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { programOptions } from './answer.mjs';
import { startProfiling } from './profiling.mjs';

/** Time for the profiler thread to load its code, in ms: a service leaks later than its first second. */
const START_MILLIS = 1_000;
const LEAKED_BYTES = 8192;

const { mode, kind, megabytesPerSecond, home } = programOptions();
// The profiler thread does not keep a process alive.
const alive = setInterval(() => {}, 1_000);
// The debug server is there when the profiler thread works, which takes longer on a busy machine.
const ready = Promise.withResolvers();
const log = (...message) => message.join().includes('memory profiles on') && ready.resolve();
const isProfiled = await startProfiling(mode, { home, component: 'bench', debugAddress: '127.0.0.1:0', log });
if (isProfiled) await ready.promise;
await sleep(START_MILLIS);
clearInterval(alive);
const kept = [];
const bytesPerMilli = (megabytesPerSecond * 2 ** 20) / 1000;
leakForever();

function leakForever() {
  const start = performance.now();
  for (let leaked = 0; ; ) {
    while (leaked >= (performance.now() - start) * bytesPerMilli);
    kept.push(kind === 'buffers' ? Buffer.alloc(LEAKED_BYTES * 8, 1) : numbers());
    leaked += kind === 'buffers' ? LEAKED_BYTES * 8 : LEAKED_BYTES;
  }
}

function numbers() {
  const array = new Array(LEAKED_BYTES / 8);
  for (let i = 0; i < array.length; i++) array[i] = i + 0.5;
  return array;
}
