// The entry point of the profiler thread.
import { workerData } from 'node:worker_threads';
import { Agent } from './agent.js';
import { ABANDONED, type AgentOptions, ControlWord, type FromAgent, WORKING } from './messages.js';
import { stayIdle } from './stay-idle.js';

const options = workerData as AgentOptions;
const control = new Int32Array(options.control);
// First set `ready`, then read `exit`: a main thread that exits now either waits for this thread or is seen
// to exit.
Atomics.store(control, ControlWord.ready, 1);
Atomics.notify(control, ControlWord.ready);
// If the process is already exiting, do nothing, unless it wants a capture.
const tooLate = Atomics.load(control, ControlWord.exit) !== 0 && options.processCapture === undefined;
if (tooLate) {
  Atomics.store(control, ControlWord.done, 2);
  Atomics.notify(control, ControlWord.done);
  if (Atomics.load(control, ControlWord.exit) === ABANDONED) stayIdle();
} else {
  new Agent(options).start();
  Atomics.store(control, ControlWord.ready, WORKING);
  options.port.postMessage({ type: 'begun' } satisfies FromAgent);
}
